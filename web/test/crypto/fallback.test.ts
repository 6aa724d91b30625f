/** A browser without X25519 and Ed25519 gets one in JavaScript, and nothing else changes; one without AES-GCM gets nothing. */

import assert from "node:assert/strict";
import { test } from "node:test";

// Before anything asks: node:test gives each file its own process, so no other test sees this browser.
const { subtle } = crypto;
const importKey = subtle.importKey.bind(subtle);
let missing: readonly string[] = ["X25519", "Ed25519"];
Object.defineProperty(subtle, "importKey", {
  value: async (format: "raw", data: BufferSource, algorithm: string, extractable: boolean, uses: KeyUsage[]) => {
    if (missing.includes(algorithm)) throw new DOMException("unknown algorithm", "NotSupportedError");
    return importKey(format, data, algorithm, extractable, uses);
  },
});

const { agreement, agreementKey, signingKey, verify } = await import("../../src/crypto/curves.ts");
const { portableAgreement } = await import("../../src/crypto/portable.ts");
const { supported } = await import("../../src/crypto/supported.ts");
const { Purpose, unwrap, wrap } = await import("../../src/crypto/wrap.ts");
const { filled, flips, readVectors, refused } = await import("./play.ts");
const { forNeutralKey, NEUTRAL, withNeutralR } = await import("./forgeries.ts");
const { unhex, hex, utf8 } = await import("../../src/crypto/bytes.ts");

const CONTEXT = {
  organisation: "luwte-demo",
  team: "youth",
  epoch: 1,
  conv: filled(0, 16),
  generation: 0,
  purpose: Purpose.TEAM,
} as const;

test("the whole start plays on the fallback", async () => {
  assert.equal(await agreement(), portableAgreement);
  assert.equal(await supported(), true);
});

test("the fallback opens what Python wrapped", async () => {
  for (const { secret, private: own, wrapped, conv, ...context } of readVectors("python.json").wraps) {
    const key = await agreementKey(unhex(own));
    assert.equal(hex(await unwrap(unhex(wrapped), key, { ...context, conv: unhex(conv) })), secret);
  }
});

test("the fallback refuses what the browser's own refuses", async () => {
  const key = await agreementKey(filled(1));
  const wrapped = await wrap(filled(2), key.publicKey, CONTEXT);
  assert.deepEqual(await unwrap(wrapped, key, CONTEXT), filled(2));
  for (const spoilt of [...flips(wrapped.subarray(0, 34))].map(
    (start) => new Uint8Array([...start, ...wrapped.subarray(34)]),
  )) {
    await refused(() => unwrap(spoilt, key, CONTEXT), "CannotOpen");
  }
  await refused(() => wrap(filled(2), filled(0), CONTEXT), "Malformed");
  await refused(() => unwrap(filled(0, 80), key, CONTEXT), "CannotOpen");
  const signer = await signingKey(filled(1));
  const signature = await signer.sign(utf8("said"));
  assert.ok(await verify(signer.publicKey, signature, utf8("said")));
  assert.ok(!(await verify(signer.publicKey, signature, utf8("sai"))));
  assert.ok(!(await verify(filled(2), signature, utf8("said"))), "a key on no curve");
});

test("the fallback believes no signature that holds by the equation alone", async () => {
  const { publicKey } = await signingKey(filled(1));
  assert.ok(!(await verify(publicKey, withNeutralR(filled(1), utf8("said")), utf8("said"))));
  assert.ok(!(await verify(NEUTRAL, forNeutralKey(filled(1)), utf8("said"))));
});

test("a browser without AES-GCM is told so, and nothing is sent unsealed", async () => {
  missing = ["AES-GCM"];
  assert.equal(await supported(), false);
});
