/** What the build does besides: words into the pages, one more page, and a list of what came out. */

import { createHash } from "node:crypto";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { brotliCompressSync } from "node:zlib";
import type { Plugin } from "vite";
import { en } from "./src/words/en.ts";
import { nl } from "./src/words/nl.ts";

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
const words: Record<string, Record<string, string>> = { nl, en };

const escaped = (text: string): string => text.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/"/g, "&quot;");

/** `%nl:some.key%` in a page is that sentence: who has no JavaScript reads the same words as everybody else. */
const filled = (html: string): string =>
  html.replace(/%(nl|en):([\w.]+)%/g, (_, language: string, key: string) => {
    const sentence = words[language]?.[key];
    if (sentence === undefined || sentence.includes("{")) throw new Error(`no plain sentence: ${language} ${key}`);
    return escaped(sentence);
  });

export function spoken(): Plugin {
  return { name: "words", transformIndexHtml: { order: "pre", handler: filled } };
}

/** `more.html`: the visitor's page, with other words for whoever has no JavaScript. */
export function twin(): Plugin {
  return {
    name: "twin",
    enforce: "post",
    generateBundle(_, bundle) {
      const page = bundle["index.html"];
      if (page?.type !== "asset") throw new Error("there is no visitor's page");
      const main = filled(readFileSync(here("more.html"), "utf8")).replace(/^<!--.*-->\n/, "");
      const source = String(page.source).replace(/<main[\s\S]*<\/main>/, () => main.trim());
      this.emitFile({ type: "asset", fileName: "more.html", source });
    },
  };
}

/** Vite would bring along a loader for styles of scripts that come later. Ours have none. */
export function plain(): Plugin {
  return {
    name: "plain",
    enforce: "pre",
    load: (id) => (id === "\0vite/preload-helper.js" ? "export const __vitePreload = (load) => load();" : null),
  };
}

const hashed = (text: string): string => `'sha256-${createHash("sha256").update(text).digest("base64")}'`;

/** One file with everything in it, which allows itself nothing but that: it is opened without a server. */
export function single(): Plugin {
  return {
    name: "single",
    enforce: "post",
    generateBundle(_, bundle) {
      const page = Object.values(bundle).find((file) => file.fileName.endsWith(".html"));
      if (page?.type !== "asset") throw new Error("there is no page");
      let [script, style] = ["", ""];
      for (const file of Object.values(bundle)) {
        if (file.type === "chunk") script += file.code;
        else if (file.fileName.endsWith(".css")) style += String(file.source);
        if (file !== page) delete bundle[file.fileName];
      }
      // What Vite would fill in for parts that come later: here all is there. And no text in it ends the script.
      script = script.replaceAll("__VITE_PRELOAD__", "[]").replace(/<\/(?=script)/gi, "<\\/");
      if (/^import|\bimport\(/m.test(script) || style.includes("url(")) throw new Error("something is not in the file");
      const policy = [
        `default-src 'none'; script-src ${hashed(script)}; style-src ${hashed(style)}; base-uri 'none'`,
        "form-action 'none'; require-trusted-types-for 'script'; trusted-types 'none'",
      ].join("; ");
      page.source = String(page.source)
        .replace(/\s*<(?:script|link)\b[^>]*>(?:<\/script>)?/g, "")
        .replace(
          /<meta charset="utf-8" \/>/,
          (first) => `${first}\n<meta http-equiv="Content-Security-Policy" content="${policy}" />`,
        )
        .replace("</head>", () => `<style>${style}</style>\n</head>`)
        .replace("</body>", () => `<script type="module">${script}</script>\n</body>`);
    },
  };
}

const PACKED = ".br";

/** Beside each file that pages load lies the same in brotli, as small as it gets: nobody has to make that at night. */
export function packed(): Plugin {
  return {
    name: "packed",
    apply: "build",
    writeBundle({ dir }, bundle) {
      if (dir === undefined) throw new Error("there is no folder to pack into");
      for (const name of Object.keys(bundle).filter((name) => name.startsWith("assets/")))
        writeFileSync(join(dir, name + PACKED), brotliCompressSync(readFileSync(join(dir, name))));
    },
  };
}

/** Where the server puts a page; every other file is served under its own name. */
const address = (name: string): string => (name === "index.html" ? "/" : `/${name.replace(/\.html$/, "")}`);

/** `release.json`: the version and the SHA-256 of every file that is there, by the path under which it is served. */
export function listed(): Plugin {
  return {
    name: "release",
    apply: "build",
    writeBundle({ dir }) {
      if (dir === undefined) throw new Error("there is no folder to list");
      const hash = (name: string): string =>
        createHash("sha256")
          .update(readFileSync(join(dir, name)))
          .digest("hex");
      const files = readdirSync(dir, { recursive: true, encoding: "utf8" })
        .filter((name) => /\.\w+$/.test(name) && name !== "release.json" && !name.endsWith(PACKED))
        .sort()
        .map((name) => [address(name), hash(name)]);
      const project = readFileSync(here("../pyproject.toml"), "utf8");
      const version = /^version = "(.+)"$/m.exec(project)?.[1];
      if (version === undefined) throw new Error("pyproject.toml names no version");
      writeFileSync(
        join(dir, "release.json"),
        `${JSON.stringify({ version, files: Object.fromEntries(files) }, null, 1)}\n`,
      );
    },
  };
}
