/** The same sentences in every language, with the same places to fill. */

import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { en as deskEn } from "../../src/words/desk.en.ts";
import { nl as deskNl } from "../../src/words/desk.nl.ts";
import { en } from "../../src/words/en.ts";
import { nl } from "../../src/words/nl.ts";
import { en as recoveryEn } from "../../src/words/recovery.en.ts";
import { nl as recoveryNl } from "../../src/words/recovery.nl.ts";
import { fill, pick, speaker } from "../../src/words/speak.ts";

const places = (sentence: string): string[] => [...sentence.matchAll(/\{(\w+)\}/g)].map(([, name = ""]) => name).sort();

const both: readonly [string, Record<string, string>, Record<string, string>][] = [
  ["the visitor's words", nl, en],
  ["the desk's words", deskNl, deskEn],
  ["the words of the page that takes papers", recoveryNl, recoveryEn],
];

for (const [whose, dutch, english] of both) {
  test(`${whose}: the same keys in the same order`, () => {
    assert.deepEqual(Object.keys(english), Object.keys(dutch));
  });
  test(`${whose}: the same places to fill, and no sentence is empty`, () => {
    for (const [key, sentence] of Object.entries(dutch)) {
      const other = english[key] ?? "";
      assert.deepEqual(places(other), places(sentence), key);
      assert.notEqual(sentence.trim(), "", key);
      assert.notEqual(other.trim(), "", key);
    }
  });
}

test("the names that others rely on", () => {
  assert.deepEqual(
    [en["start.go"], en["chat.box"], en["chat.send"], en.exit, en.end, en["chat.log"]],
    ["Start chat", "Your message", "Send", "Leave now", "End chat", "Conversation"],
  );
  assert.deepEqual([en["ph.get"], en["ph.box"], en["ph.go"]], ["Get a return phrase", "Return phrase", "Continue"]);
  assert.deepEqual(
    [deskEn["in.name"], deskEn["in.phrase"], deskEn["in.go"], deskEn["head.out"], deskEn.wait, deskEn["wait.take"]],
    ["Name", "Passphrase", "Sign in", "Sign out", "Waiting", "Take"],
  );
  assert.deepEqual([deskEn["in.code"], deskEn.own], ["One-time code", "My account"]);
  assert.deepEqual(
    [deskEn.talks, deskEn["talk.box"], deskEn["talk.send"], deskEn.end],
    ["Conversations", "Message", "Send", "End conversation"],
  );
});

test("nothing is promised that nobody can keep", () => {
  const said = [...Object.values(nl), ...Object.values(en)].join(" ").toLowerCase();
  for (const word of ["100%", "volledig anoniem", "fully anonymous", "altijd", "always"]) {
    assert.ok(!said.includes(word), word);
  }
});

test("the browser's first language that we speak, and English for whoever speaks neither", () => {
  assert.equal(pick(["nl-BE", "en"]), "nl");
  assert.equal(pick(["pl", "EN-gb", "nl"]), "en");
  assert.equal(pick(["ar", "tr"]), "en");
  assert.equal(pick([]), "en");
});

test("what is filled in is taken as it is, and a place without a value stays in sight", () => {
  assert.equal(fill("{a} to {b}", { a: 1, b: 2 }), "1 to 2");
  assert.equal(fill("{a}", {}), "{a}");
  fc.assert(fc.property(fc.string(), (value) => assert.equal(fill("<{x}>", { x: value }), `<${value}>`)));
});

test("a speaker follows the language of the moment", () => {
  const language: { value: "nl" | "en" } = { value: "nl" };
  const say = speaker<typeof nl>({ nl, en }, language);
  assert.equal(say("wait.n", { n: 3 }), "Je bent nummer 3.");
  language.value = "en";
  assert.equal(say("wait.n", { n: 3 }), "You are number 3.");
});
