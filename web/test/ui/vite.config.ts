/** The screens with scripted sessions behind them, for the eye. Says where it builds with OUT; never into the package. */

import { fileURLToPath } from "node:url";
import { defineConfig } from "vite";

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

export default defineConfig({
  root: here("../.."),
  publicDir: false,
  build: {
    outDir: process.env.OUT ?? "/tmp/luwte-screens",
    emptyOutDir: true,
    minify: false,
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    rollupOptions: { input: [here("visitor.html"), here("desk.html"), here("shares.html")], external: ["/org.js"] },
  },
});
