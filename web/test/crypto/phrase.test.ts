/** The return phrase in the browser: published vectors, another hand's words, what is typed, what opens. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { entropyToMnemonic } from "@scure/bip39";
import { wordlist } from "@scure/bip39/wordlists/english.js";
import fc from "fast-check";
import { concat, hex, unhex } from "../../src/crypto/bytes.ts";
import * as phrase from "../../src/crypto/phrase.ts";
import { filled, fixed, flips, readVectors, refused, truncations } from "./play.ts";

// The 128-bit ones of the test vectors that BIP-0039 names; the others are in tests/crypto/test_phrase.py.
const PUBLISHED = {
  "7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f": "legal winner thank year wave sausage worth useful legal winner thank yellow",
  ffffffffffffffffffffffffffffffff: "zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo wrong",
  f30f8c1da665478f49b001d94c5fc452: "vessel ladder alter error federal sibling chat ability sun glass valve picture",
} as const;

test("the published vectors", async () => {
  for (const [entropy, text] of Object.entries(PUBLISHED)) {
    assert.equal((await phrase.phraseWords(unhex(entropy))).join(" "), text);
    assert.equal(hex(await phrase.readPhrase(text)), entropy);
  }
});

test("another hand gives the same words", async () => {
  const property = fc.asyncProperty(fixed(16), async (entropy) => {
    const words = entropyToMnemonic(concat(entropy), wordlist);
    assert.equal((await phrase.phraseWords(entropy)).join(" "), words);
    assert.deepEqual(await phrase.readPhrase(words), concat(entropy));
  });
  await fc.assert(property);
});

test("a phrase that is drawn has twelve words, never one that would say something to whoever finds the paper", async () => {
  const seen = new Set<string>();
  for (let i = 0; i < 400; i++) {
    const { entropy, words } = await phrase.newPhrase();
    assert.deepEqual(await phrase.readPhrase(words.join(" ")), entropy);
    for (const word of words) seen.add(word);
  }
  assert.ok(seen.size > 1_500);
  for (const word of ["abuse", "police", "help", "secret", "danger"])
    assert.ok(!seen.has(word) && wordlist.includes(word));
});

test("however it is typed it is read; what is none says no more than where", async () => {
  const words = PUBLISHED.f30f8c1da665478f49b001d94c5fc452.split(" ");
  const entropy = unhex("f30f8c1da665478f49b001d94c5fc452");
  const typed = [
    words.join(",  ").toUpperCase(),
    words.map((word, n) => `${n + 1}. ${word}`).join("\n"),
    words.map((word) => `${word[0]?.toUpperCase()}${word.slice(1, 4)}`).join("\r\n"),
    words.join(" ").replaceAll("e", "\u00e9"),
    words
      .map((word) => word.replace(/./g, (letter) => String.fromCodePoint(letter.charCodeAt(0) + 0xfee0)))
      .join("\u3000"),
  ];
  for (const text of typed) assert.deepEqual(await phrase.readPhrase(text), entropy);
  const wrong: [string, number | undefined][] = [
    ["", undefined],
    [words.slice(1).join(" "), undefined],
    [[...words, "zoo"].join(" "), undefined],
    [["hallo", ...words.slice(1)].join(" "), 1],
    [[...words.slice(0, 11), "qqq"].join(" "), 12],
    [[...words.slice(0, 11), "zoo"].join(" "), undefined], // its four bits do not fit
  ];
  for (const [text, word] of wrong) {
    await assert.rejects(phrase.readPhrase(text), (error: phrase.NotAPhrase) => {
      assert.deepEqual([error.name, error.word, error.message], ["NotAPhrase", word, "not a return phrase"]);
      return true;
    });
  }
});

test("a box opens whole, under its own phrase, at its own house", async () => {
  const [entropy, carried] = [filled(7, 16), { vs: filled(1), secrets: [filled(2), filled(3)] as const }];
  const box = await phrase.sealCarried(entropy, "luwte", carried);
  assert.equal(box.length, phrase.BOX_BYTES);
  assert.deepEqual(await phrase.openCarried(entropy, "luwte", box), {
    vs: concat(carried.vs),
    secrets: carried.secrets.map((secret) => concat(secret)),
  });
  await refused(() => phrase.openCarried(filled(8, 16), "luwte", box), "CannotOpen");
  await refused(() => phrase.openCarried(entropy, "other", box), "CannotOpen");
  for (const spoilt of [...flips(box), ...truncations(box)]) {
    await refused(() => phrase.openCarried(entropy, "luwte", spoilt), "CannotOpen");
  }
});

test("what Python sealed opens here", async () => {
  const made = readVectors("python.json").phrase;
  const entropy = unhex(made.entropy);
  assert.deepEqual(await phrase.phraseWords(entropy), made.words);
  assert.deepEqual(await phrase.readPhrase(made.typed), entropy);
  assert.equal(hex(await phrase.locatorOf(entropy)), made.locator);
  const { vs, secrets } = await phrase.openCarried(entropy, made.organisation, unhex(made.box));
  assert.deepEqual([vs, ...secrets].map(hex), [made.vs, ...made.secrets]);
});
