/** Wraps: a secret reaches one key in one place, and nobody else anywhere else. */

import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { concat } from "../../src/crypto/bytes.ts";
import { agreementKey } from "../../src/crypto/curves.ts";
import { NO_CONVERSATION, Purpose, unwrap, type WrapContext, wrap } from "../../src/crypto/wrap.ts";
import { context, filled, fixed, flips, refused, truncations } from "./play.ts";

const SECRET = filled(1);
const KEY = await agreementKey(filled(2));
const HERE: WrapContext = {
  organisation: "luwte-demo",
  team: "youth",
  epoch: 3,
  conv: filled(4, 16),
  generation: 1,
  purpose: Purpose.TEAM,
};
const WRAPPED = await wrap(SECRET, KEY.publicKey, HERE);

test("what is wrapped unwraps in its place", async () => {
  const property = fc.asyncProperty(fixed(32), fixed(32), context, async (secret, privateBytes, place) => {
    const key = await agreementKey(privateBytes);
    const wrapped = await wrap(secret, key.publicKey, place);
    assert.equal(wrapped.length, 80);
    assert.deepEqual(await unwrap(wrapped, key, place), concat(secret));
  });
  await fc.assert(property);
});

test("organisation, team, epoch, conversation, generation and purpose each matter alone", async () => {
  const changes: Partial<WrapContext>[] = [
    { organisation: "luwte-dem" },
    { team: "youti" },
    { organisation: "luwte-demoy", team: "outh" },
    { epoch: 2 },
    { conv: filled(5, 16) },
    { conv: NO_CONVERSATION },
    { generation: 0 },
    ...Object.values(Purpose)
      .filter((purpose) => purpose !== HERE.purpose)
      .map((purpose) => ({ purpose })),
  ];
  assert.deepEqual(await unwrap(WRAPPED, KEY, HERE), SECRET);
  for (const change of changes) await refused(() => unwrap(WRAPPED, KEY, { ...HERE, ...change }), "CannotOpen");
});

test("another recipient cannot open", async () => {
  await refused(async () => unwrap(WRAPPED, await agreementKey(filled(3)), HERE), "CannotOpen");
  // Right private key, but bound to another's name.
  const misnamed = { ...KEY, publicKey: (await agreementKey(filled(3))).publicKey };
  await refused(() => unwrap(WRAPPED, misnamed, HERE), "CannotOpen");
});

test("one flipped bit or a missing byte is noticed", async () => {
  for (const spoilt of [...flips(WRAPPED), ...truncations(WRAPPED), concat(WRAPPED, filled(0, 1))]) {
    await refused(() => unwrap(spoilt, KEY, HERE), "CannotOpen");
  }
});

test("only secrets of 32 bytes are wrapped, and only for conversations of 16", async () => {
  for (const length of [0, 31, 33]) await refused(() => wrap(filled(1, length), KEY.publicKey, HERE), "Malformed");
  await refused(() => wrap(SECRET, KEY.publicKey, { ...HERE, conv: filled(4, 15) }), "Malformed");
});

test("a private key cannot be taken out of the browser", async () => {
  const { privateKey } = KEY.pair;
  assert.equal(privateKey.extractable, false);
  assert.ok(privateKey instanceof CryptoKey);
  await assert.rejects(crypto.subtle.exportKey("pkcs8", privateKey));
});
