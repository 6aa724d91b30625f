/** The pages, the visitor's and the desk's, into the package that serves them. */

import { fileURLToPath } from "node:url";
import { defineConfig } from "vite";
import { listed, plain, spoken, twin } from "./build.ts";

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

export default defineConfig({
  publicDir: false,
  plugins: [plain(), spoken(), twin(), listed()],
  build: {
    outDir: here("../src/luwte/client"),
    emptyOutDir: true,
    target: "es2022",
    sourcemap: false,
    // Everything is a file of its own: the pages allow no data: address and no inline script.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    rollupOptions: {
      input: { index: here("index.html"), desk: here("desk.html") },
      // The server makes it: the organisation that this installation is pinned to.
      external: ["/org.js"],
      // Names that tell a glance at the network panel nothing.
      output: {
        entryFileNames: "assets/[hash].js",
        chunkFileNames: "assets/[hash].js",
        assetFileNames: "assets/[hash][extname]",
      },
    },
  },
});
