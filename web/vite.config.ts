/** One page in the package that serves it; the mode names it. Built apart, no visitor downloads a byte of the desk's. */

import { fileURLToPath } from "node:url";
import { defineConfig, type Plugin } from "vite";
import { listed, packed, plain, single, spoken, twin } from "./build.ts";

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

/** The page that takes the papers is no part of what is served, so it is in no list: it is built last. */
const plugins: Record<string, Plugin[]> = {
  index: [plain(), spoken(), packed(), twin()],
  desk: [plain(), spoken(), packed(), listed()],
  recovery: [plain(), single()],
};

export default defineConfig(({ mode }) => ({
  publicDir: false,
  plugins: plugins[mode] ?? [],
  build: {
    outDir: here("../src/luwte/client"),
    emptyOutDir: mode === "index",
    target: "es2022",
    sourcemap: false,
    // Everything is a file of its own: the pages allow no data: address and no inline script.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    rollupOptions: {
      input: here(`${mode}.html`),
      // The server makes it: the organisation that this installation is pinned to.
      external: ["/org.js"],
      // Names that tell a glance at the network panel nothing.
      output: {
        inlineDynamicImports: mode === "recovery",
        entryFileNames: "assets/[hash].js",
        chunkFileNames: "assets/[hash].js",
        assetFileNames: "assets/[hash][extname]",
      },
    },
  },
}));
