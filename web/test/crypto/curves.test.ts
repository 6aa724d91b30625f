/** Keys and signatures: one spelling each, none that everybody can use, and the same verdict from both implementations. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { ed25519 } from "@noble/curves/ed25519.js";
import fc from "fast-check";
import { concat, unhex, utf8 } from "../../src/crypto/bytes.ts";
import { agreement, agreementKey, checkEd25519, checkX25519, signingKey, verify } from "../../src/crypto/curves.ts";
import { nativeAgreement, nativeSignatures } from "../../src/crypto/native.ts";
import { isSoundSignature } from "../../src/crypto/points.ts";
import { portableAgreement, portableSignatures } from "../../src/crypto/portable.ts";
import { Purpose, unwrap, wrap } from "../../src/crypto/wrap.ts";
import { forNeutralKey, little, NEUTRAL, number, ORDER, PRIME, sha512, withNeutralR } from "./forgeries.ts";
import { filled, fixed, flips, refused } from "./play.ts";

const TOP = 2n ** 255n;
const MESSAGE = utf8("said");
const KEY = await signingKey(filled(1));
const SIGNATURE = await KEY.sign(MESSAGE);
const CONTEXT = {
  organisation: "luwte-demo",
  team: "youth",
  epoch: 1,
  conv: filled(0, 16),
  generation: 0,
  purpose: Purpose.TEAM,
} as const;

const ORDER_8_U = "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800";
const OTHER_ORDER_8_U = "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157";
const LOW_ORDER_U = [0n, 1n, PRIME - 1n, number(unhex(ORDER_8_U)), number(unhex(OTHER_ORDER_8_U))];
const SMALL_ORDER_Y = smallOrders();

test("the browser's own curves are used where they answer right", async () => {
  assert.equal(await agreement(), nativeAgreement);
});

test("keys of low order are refused everywhere, however they are spelled", async () => {
  const key = await agreementKey(filled(1));
  for (const publicKey of spellings(LOW_ORDER_U)) {
    assert.throws(() => checkX25519(publicKey), { name: "Malformed" });
    await refused(() => wrap(filled(1), publicKey, CONTEXT), "Malformed");
    await refused(() => unwrap(concat(publicKey, filled(0, 48)), key, CONTEXT), "CannotOpen");
    await assert.rejects(sharedWith(publicKey), "the library sees it too");
  }
});

test("a key has one spelling and 32 bytes", async () => {
  const { publicKey } = await agreementKey(filled(1));
  assert.deepEqual(checkX25519(publicKey), publicKey);
  const others = [
    publicKey.slice(1),
    concat(publicKey, filled(0, 1)),
    little(number(publicKey) | TOP),
    little(PRIME + 9n),
  ];
  for (const other of others) assert.throws(() => checkX25519(other), { name: "Malformed" });
});

test("both implementations make the same keys and signatures", async () => {
  const property = fc.asyncProperty(fixed(32), fc.uint8Array({ maxLength: 100 }), async (secret, message) => {
    const ours = [await nativeSignatures.signingKey(secret), await portableSignatures.signingKey(secret)] as const;
    assert.deepEqual(ours[0].publicKey, ours[1].publicKey);
    assert.deepEqual(await ours[0].sign(message), await ours[1].sign(message));
    const pairs = [await nativeAgreement.agreementKey(secret), await portableAgreement.agreementKey(secret)] as const;
    assert.deepEqual(pairs[0].publicKey, pairs[1].publicKey);
  });
  await fc.assert(property, { numRuns: 30 });
});

for (const { name, holds } of [
  { name: "native", holds: nativeSignatures.holds },
  { name: "portable", holds: portableSignatures.holds },
]) {
  test(`a signature (${name}) fits its message and key only`, async () => {
    assert.ok(await holds(KEY.publicKey, SIGNATURE, MESSAGE));
    assert.ok(!(await holds(KEY.publicKey, SIGNATURE, utf8("sai"))));
    assert.ok(!(await holds((await signingKey(filled(2))).publicKey, SIGNATURE, MESSAGE)));
    for (const spoilt of flips(SIGNATURE.subarray(0, 32))) {
      assert.ok(!(await holds(KEY.publicKey, concat(spoilt, SIGNATURE.subarray(32)), MESSAGE)));
    }
  });

  test(`a signature (${name}) that holds only times eight is refused`, async () => {
    // A signer who adds a point of order 8 to R can split verifiers that clear the cofactor from those that do not.
    const crooked = crookedSignature();
    assert.ok(ed25519.verify(crooked, MESSAGE, KEY.publicKey, { zip215: false }), "noble's own check takes it");
    assert.ok(!(await holds(KEY.publicKey, crooked, MESSAGE)));
    assert.ok(!(await verify(KEY.publicKey, crooked, MESSAGE)));
  });
}

test("one flipped bit in a signature or key is noticed", async () => {
  assert.ok(await verify(KEY.publicKey, SIGNATURE, MESSAGE));
  for (const spoilt of flips(SIGNATURE)) assert.ok(!(await verify(KEY.publicKey, spoilt, MESSAGE)));
  for (const spoilt of flips(KEY.publicKey)) assert.ok(!(await verify(spoilt, SIGNATURE, MESSAGE)));
  for (const spoilt of [filled(0, 0), SIGNATURE.slice(1), concat(SIGNATURE, filled(0, 1))]) {
    assert.ok(!(await verify(KEY.publicKey, spoilt, MESSAGE)));
  }
});

test("the other spelling of a signature, s + L, is refused", async () => {
  const property = fc.asyncProperty(fixed(32), async (seed) => {
    const key = await signingKey(seed);
    const signature = await key.sign(MESSAGE);
    const other = concat(signature.subarray(0, 32), little(number(signature.subarray(32)) + ORDER));
    assert.ok(!(await verify(key.publicKey, other, MESSAGE)));
    // Our own check on the bytes suffices, whatever the library below thinks of it.
    assert.ok(isSoundSignature(signature) && !isSoundSignature(other));
  });
  await fc.assert(property, { numRuns: 20 });
});

test("keys and points of small order sign nothing", async () => {
  assert.equal(SMALL_ORDER_Y.length, 5);
  const neutral = concat(little(1n), filled(0));
  for (const point of spellings(SMALL_ORDER_Y)) {
    assert.throws(() => checkEd25519(point), { name: "Malformed" });
    for (let i = 0; i < 16; i++) assert.ok(!(await verify(point, neutral, utf8(String(i)))));
    assert.ok(!(await verify(KEY.publicKey, concat(point, filled(0)), MESSAGE)));
  }
  assert.ok(await portableSignatures.holds(little(1n), neutral, MESSAGE), "without our check it would pass");
});

test("a signature with a neutral R is refused though it holds", async () => {
  const signature = withNeutralR(filled(1), MESSAGE);
  assert.ok(await portableSignatures.holds(KEY.publicKey, signature, MESSAGE));
  assert.ok(!(await verify(KEY.publicKey, signature, MESSAGE)));
});

test("a neutral key is refused though one signature holds for every message", async () => {
  const signature = forNeutralKey(filled(1));
  for (const message of [utf8("yes"), utf8("no")]) {
    assert.ok(await portableSignatures.holds(NEUTRAL, signature, message));
    assert.ok(!(await verify(NEUTRAL, signature, message)));
  }
});

function crookedSignature(): Uint8Array {
  const { Point } = ed25519;
  const { scalar } = ed25519.utils.getExtendedPublicKey(filled(1));
  const torsion = SMALL_ORDER_Y.map((y) => Point.fromBytes(little(y), true)).find(
    (point) => !point.double().double().is0(),
  );
  assert.ok(torsion);
  const nonce = 12345n;
  const r = Point.BASE.multiply(nonce).add(torsion).toBytes();
  const digest = number(sha512(concat(r, KEY.publicKey, MESSAGE)));
  return concat(r, little((nonce + (digest % ORDER) * scalar) % ORDER));
}

/** The y of all points whose order divides 8, from the group itself. */
function smallOrders(): bigint[] {
  const { Point } = ed25519;
  const ys = new Set<bigint>();
  for (let y = 2n; ys.size < 5; y++) {
    const point = onCurve(little(y))
      ?.multiplyUnsafe(ORDER - 1n)
      .negate();
    if (point === undefined) continue;
    const torsion = Point.fromBytes(little(y), true).subtract(point);
    for (let n = 1n; n <= 8n; n++) ys.add(torsion.multiplyUnsafe(n).toAffine().y);
  }
  return [...ys];
}

function onCurve(encoded: Uint8Array) {
  try {
    return ed25519.Point.fromBytes(encoded, true);
  } catch {
    return undefined;
  }
}

/** Every way to write these numbers in 32 bytes: above the prime too, and with the top bit. */
function spellings(numbers: readonly bigint[]): Uint8Array[] {
  const below = numbers.flatMap((n) => [n, n + PRIME]).filter((n) => n < TOP);
  return below.flatMap((n) => [little(n), little(n | TOP)]);
}

async function sharedWith(publicKey: Uint8Array): Promise<unknown> {
  const pair = await crypto.subtle.generateKey("X25519", false, ["deriveBits"]);
  assert.ok("privateKey" in pair);
  const other = await crypto.subtle.importKey("raw", new Uint8Array(publicKey), "X25519", true, []);
  return crypto.subtle.deriveBits({ name: "X25519", public: other }, pair.privateKey, 256);
}
