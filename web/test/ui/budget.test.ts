/** What a visitor's phone has to load before anything can be said, as it was built. */

import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { brotliDecompressSync, gzipSync } from "node:zlib";

const client = fileURLToPath(new URL("../../../src/luwte/client/", import.meta.url));
const read = (name: string): string => readFileSync(client + name, "utf8");
const assets = Object.keys(JSON.parse(read("release.json")).files).filter((path) => path.startsWith("/assets/"));

/** Every file that *name* names, that those name, and so on. */
function reached(name: string, found: Set<string> = new Set([name])): Set<string> {
  const text = read(name);
  for (const file of assets.map((path) => path.slice(1)))
    if (text.includes(file.slice("assets/".length)) && !found.has(file)) reached(file, found.add(file));
  return found;
}

const packed = (name: string): Buffer => readFileSync(`${client}${name}.br`);

/** Bytes of all these files as they are served: in brotli what the build packed, in gzip by the proxy the page itself. */
function weight(names: readonly string[]): number {
  return names.reduce((sum, name) => sum + (name.endsWith(".html") ? gzipSync(read(name)) : packed(name)).length, 0);
}

test("every file is there in brotli, too, and is the same", () => {
  for (const name of assets.map((path) => path.slice(1))) {
    assert.ok(existsSync(`${client}${name}.br`), name);
    assert.equal(brotliDecompressSync(packed(name)).toString(), read(name), name);
  }
});

test("the visitor's page with all its parts is at most 60 kB, compressed", () => {
  const files = [...reached("index.html")];
  for (const kind of [".html", ".css", ".js", ".svg"])
    assert.ok(
      files.some((name) => name.endsWith(kind)),
      kind,
    );
  // Curves for browsers that have none of their own come later, and only to those: they count all the same.
  assert.equal(files.filter((name) => read(name).includes("ed25519: ")).length, 1);
  assert.ok(weight(files) <= 60_000, `${weight(files)} bytes`);
});
