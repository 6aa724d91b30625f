/** Digits that people read to each other. */

import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { memberFingerprint, rootFingerprint } from "../../src/crypto/fingerprint.ts";

const root = Uint8Array.from({ length: 32 }, (_, n) => n);
const other = Uint8Array.from({ length: 32 }, (_, n) => n + 32);
const kim = { account: "0".repeat(32), team: "chat", role: "lead", ed25519: root, x25519: other };

test("both languages read the same digits: tests/test_install.py has these, too", async () => {
  assert.equal(await rootFingerprint("helpline", root), "18122 50550 39582 90056 41638 36728");
  assert.equal(await memberFingerprint("helpline", kim), "72140 81752 12594 29020 37433 42767");
});

test("whatever differs, the digits do: a key, a role, a team, an account, an organisation", async () => {
  const digits = await memberFingerprint("helpline", kim);
  const changes = [
    { role: "counsellor" },
    { team: "chats" },
    { account: "1".repeat(32) },
    { ed25519: other },
    { x25519: root },
  ];
  for (const change of changes) assert.notEqual(await memberFingerprint("helpline", { ...kim, ...change }), digits);
  assert.notEqual(await memberFingerprint("helplines", kim), digits);
  // Neighbours cannot trade letters.
  assert.notEqual(await memberFingerprint("helpline", { ...kim, team: "chatl", role: "ead" }), digits);
});

test("always six groups of five digits", async () => {
  await fc.assert(
    fc.asyncProperty(fc.string(), fc.uint8Array({ minLength: 32, maxLength: 32 }), async (name, key) => {
      assert.match(await rootFingerprint(name, key), /^\d{5}( \d{5}){5}$/);
    }),
    { numRuns: 50 },
  );
});
