/** Keys that grow from a secret: always the same, each for one use, and sealed ones open in one place. */

import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { concat, hex, utf8 } from "../../src/crypto/bytes.ts";
import { agreementKey, signingKey, verify } from "../../src/crypto/curves.ts";
import { startSignature, startSignatureBytes, visitorKeys } from "../../src/crypto/keys.ts";
import { hkdf, openSealed, sealed, sha256 } from "../../src/crypto/primitives.ts";
import * as staff from "../../src/crypto/staff.ts";
import { supported } from "../../src/crypto/supported.ts";
import { filled, fixed, flips, refused, text, truncations } from "./play.ts";

test("a visitor's keys are those that the protocol names", async () => {
  const property = fc.asyncProperty(fixed(32), async (vs) => {
    const before = hex(vs);
    const keys = await visitorKeys(vs);
    const ve = await agreementKey(await hkdf(vs, "luwte/v1/ve"));
    const vg = await signingKey(await hkdf(vs, "luwte/v1/vg"));
    assert.deepEqual(keys.ve.publicKey, ve.publicKey);
    assert.deepEqual(keys.vg.publicKey, vg.publicKey);
    assert.deepEqual(keys.credential, await hkdf(vs, "luwte/v1/server-auth"));
    assert.deepEqual(keys.conv, (await sha256(concat(ve.publicKey, vg.publicKey))).slice(0, 16));
    assert.equal(hex(vs), before, "the caller's secret is the caller's to wipe");
  });
  await fc.assert(property, { numRuns: 30 });
  await refused(() => visitorKeys(filled(1, 16)), "RangeError");
});

test("a start is signed as a whole", async () => {
  const keys = await visitorKeys(filled(1));
  const wraps = [1, 2, 3, 4].map((n) => filled(n, 80));
  const parts = [
    "youth",
    keys.ve.publicKey,
    keys.vg.publicKey,
    await sha256(keys.credential),
    filled(9, 16),
    wraps,
  ] as const;
  const signature = await startSignature("youth", keys, filled(9, 16), wraps);
  const holds = async (...changed: Parameters<typeof startSignatureBytes>) =>
    verify(keys.vg.publicKey, signature, await startSignatureBytes(...changed));
  assert.ok(await holds(...parts));

  const [line, ve, vg, credential, cert] = parts;
  assert.ok(!(await holds("youti", ve, vg, credential, cert, wraps)));
  assert.ok(!(await holds(line, filled(2), vg, credential, cert, wraps)));
  assert.ok(!(await holds(line, ve, filled(2), credential, cert, wraps)));
  assert.ok(!(await holds(line, ve, vg, filled(2), cert, wraps)));
  assert.ok(!(await holds(line, ve, vg, credential, filled(2, 16), wraps)));
  assert.ok(!(await holds(line, ve, vg, credential, cert, wraps.toReversed())));
  await refused(() => holds(line, ve, vg, credential, cert, wraps.slice(1)), "Malformed");
  await refused(() => holds(line, ve, vg, credential, filled(9, 15), wraps), "Malformed");
});

test("a passphrase is stretched the same however it was typed", async () => {
  const salt = filled(1, 16);
  const composed = hex(await staff.stretch("caf\u00e9 \ufb01n", salt));
  assert.equal(composed, hex(await staff.stretch("cafe\u0301 fin", salt)));
  assert.notEqual(composed, hex(await staff.stretch("cafe fin", salt)));
  await refused(() => staff.stretch("words", filled(1, 8)), "RangeError");
});

test("proof and key tell nothing of each other", async () => {
  const [stretched, half] = [filled(1), filled(2)];
  assert.deepEqual(await staff.loginProof(stretched), await hkdf(stretched, "luwte/v1/login-proof"));
  assert.deepEqual(await staff.kek(stretched, half), await hkdf(concat(stretched, half), "luwte/v1/kek"));
  await refused(() => staff.kek(stretched, filled(2, 16)), "RangeError");
});

test("a sealed key opens in its place", async () => {
  const account = text.filter((said) => !said.includes("\0"));
  const property = fc.asyncProperty(fixed(32), account, text, fixed(32), async (key, who, id, secret) => {
    const box = await sealed(key, who, id, secret);
    assert.deepEqual(await openSealed(key, who, id, box), concat(secret));
  });
  await fc.assert(property);
  await refused(() => sealed(filled(1), "a\0b", "amk", filled(2)), "RangeError");
});

test("a sealed key opens for no other key, account or use, and not when spoilt", async () => {
  const box = await sealed(filled(1), "account-7", "x25519", filled(2));
  await refused(() => openSealed(filled(3), "account-7", "x25519", box), "CannotOpen");
  await refused(() => openSealed(filled(1), "account-8", "x25519", box), "CannotOpen");
  await refused(() => openSealed(filled(1), "account-7", "ed25519", box), "CannotOpen");
  await refused(() => openSealed(filled(1), "account-7x", "25519", box), "CannotOpen");
  for (const spoilt of [...flips(box), ...truncations(box)]) {
    await refused(() => openSealed(filled(1), "account-7", "x25519", spoilt), "CannotOpen");
  }
});

test("sealing twice gives other bytes", async () => {
  const boxes = new Set<string>();
  for (let i = 0; i < 300; i++) boxes.add(hex((await sealed(filled(1), "a", "amk", filled(2))).subarray(0, 12)));
  assert.equal(boxes.size, 300);
});

test("a staff member gets from passphrase to keys and nobody else does", async () => {
  const [stretched, half, amk] = [filled(1), filled(2), filled(3)];
  const box = await staff.sealAmk(await staff.kek(stretched, half), "account-7", amk);
  const keyBox = await staff.sealStaffKey(amk, "account-7", "x25519", filled(4));

  const opened = await staff.openAmk(await staff.kek(stretched, half), "account-7", box);
  assert.deepEqual(await staff.openStaffKey(opened, "account-7", "x25519", keyBox), filled(4));

  for (const wrong of [await staff.kek(stretched, filled(9)), await staff.loginProof(stretched), stretched, half]) {
    await refused(() => staff.openAmk(wrong, "account-7", box), "CannotOpen");
  }
  await refused(() => staff.openStaffKey(amk, "account-7", "ed25519", keyBox), "CannotOpen");
  await refused(() => staff.openStaffKey(amk, "account-8", "x25519", keyBox), "CannotOpen");
});

test("a key of the wrong length never turns into a weaker cipher", async () => {
  for (const length of [0, 16, 24, 31, 33]) {
    await refused(() => sealed(filled(1, length), "a", "amk", utf8("x")), "RangeError");
  }
});

test("this browser can do all of it", async () => {
  assert.equal(await supported(), true);
});
