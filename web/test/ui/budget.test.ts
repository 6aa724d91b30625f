/** What a visitor's phone has to load, as it was built. */

import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { brotliCompressSync } from "node:zlib";

const client = fileURLToPath(new URL("../../../src/luwte/client/", import.meta.url));
const scriptsOf = (text: string): string[] =>
  readdirSync(`${client}assets`).filter((name) => name.endsWith(".js") && text.includes(name));

test("all scripts of the visitor's page, with what an old browser needs besides, are at most 60 kB", () => {
  const found = new Set(scriptsOf(readFileSync(`${client}index.html`, "utf8")));
  for (const name of found)
    for (const more of scriptsOf(readFileSync(`${client}assets/${name}`, "utf8"))) found.add(more);
  const sizes = [...found].map((name) => brotliCompressSync(readFileSync(`${client}assets/${name}`)).length);
  assert.ok(sizes.length >= 2);
  assert.ok(sizes.reduce((sum, size) => sum + size, 0) <= 60_000, sizes.join(" + "));
});
