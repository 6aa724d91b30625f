/** The standard pieces against the vectors that their standards and NIST publish. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { argon2id } from "hash-wasm";
import { AEAD_AES_256_GCM, CipherSuite, KDF_HKDF_SHA256, type KEM } from "hpke";
import { concat, hex, unhex, utf8 } from "../../src/crypto/bytes.ts";
import { nativeAgreement, nativeSignatures } from "../../src/crypto/native.ts";
import { portableAgreement, portableSignatures } from "../../src/crypto/portable.ts";
import { decrypt, encrypt, hkdf, hkdfSalted } from "../../src/crypto/primitives.ts";
import { published, records, refused } from "./play.ts";

const BOTH = [
  { name: "native", agreement: nativeAgreement, signatures: nativeSignatures },
  { name: "portable", agreement: portableAgreement, signatures: portableSignatures },
];

test("HKDF is RFC 5869", async () => {
  const all = records("KDF/rfc-5869-HKDF-SHA256.txt");
  assert.equal(all.length, 3);
  for (const { ikm = "", salt = "", info = "", okm = "", l = "" } of all) {
    assert.equal(hex(await hkdfSalted(unhex(ikm), unhex(salt), unhex(info), Number(l))), okm);
  }
  const key = unhex("07".repeat(32));
  assert.deepEqual(await hkdf(key, "luwte/v1/ve"), await hkdfSalted(key, new Uint8Array(), utf8("luwte/v1/ve"), 32));
});

test("Argon2id is RFC 9106", async () => {
  let checked = 0;
  for (const { ad, secret, pass = "", salt = "", lanes, iter, memcost, length, output } of records(
    "KDF/argon2id.txt",
  )) {
    if (ad || !pass) continue; // this library takes neither associated data nor nothing at all; we use neither
    const made = await argon2id({
      password: unhex(pass),
      salt: unhex(salt),
      ...(secret ? { secret: unhex(secret) } : {}),
      parallelism: Number(lanes),
      iterations: Number(iter),
      memorySize: Number(memcost),
      hashLength: Number(length),
      outputType: "hex",
    });
    assert.equal(made, output);
    checked++;
  }
  assert.ok(checked >= 3, `only ${checked} vectors`);
});

test("AES-256-GCM is SP 800-38D, and forgeries are refused", async () => {
  const all = [...records("ciphers/AES/GCM/gcmEncryptExtIV256.rsp"), ...records("ciphers/AES/GCM/gcmDecrypt256.rsp")];
  const ours = all.filter(({ iv, tag }) => iv?.length === 24 && tag?.length === 32);
  assert.ok(ours.length > 700, `only ${ours.length} vectors`);
  for (const { key = "", iv = "", ct = "", aad = "", tag = "", pt = "", fail } of ours) {
    const sealed = unhex(ct + tag);
    if (fail) await refused(() => decrypt(unhex(key), unhex(iv), sealed, unhex(aad)), "CannotOpen");
    else {
      assert.equal(hex(await decrypt(unhex(key), unhex(iv), sealed, unhex(aad))), pt);
      assert.deepEqual(await encrypt(unhex(key), unhex(iv), unhex(pt), unhex(aad)), sealed);
    }
  }
  assert.ok(ours.some(({ fail }) => fail));
});

for (const { name, agreement, signatures } of BOTH) {
  test(`X25519 (${name}) is RFC 7748`, async () => {
    const ofBasePoint = records("asymmetric/X25519/rfc7748.txt").filter((r) => r.input_u === `09${"00".repeat(31)}`);
    assert.equal(ofBasePoint.length, 1);
    for (const { input_scalar = "", output_u } of ofBasePoint) {
      assert.equal(hex((await agreement.agreementKey(unhex(input_scalar))).publicKey), output_u);
    }
  });

  test(`Ed25519 (${name}) is RFC 8032`, async () => {
    const lines = published("asymmetric/Ed25519/sign.input").trim().split("\n");
    assert.equal(lines.length, 1024);
    // The fallback is slow; every eighth line has all lengths of message in it.
    for (const line of lines.filter((_, i) => name === "native" || i % 8 === 0)) {
      const [seed = "", publicKey = "", message = "", signed = ""] = line.split(":");
      const key = await signatures.signingKey(unhex(seed.slice(0, 64)));
      assert.equal(hex(key.publicKey), publicKey);
      assert.equal(hex(await key.sign(unhex(message))), signed.slice(0, 128));
      assert.ok(await signatures.holds(unhex(publicKey), unhex(signed.slice(0, 128)), unhex(message)));
    }
  });

  test(`HPKE (${name}) opens what RFC 9180 sealed`, async () => {
    const vector = hpkeVector();
    const suite = new CipherSuite(agreement.kem as () => KEM, KDF_HKDF_SHA256, AEAD_AES_256_GCM);
    const key = await agreement.agreementKey(unhex(vector.skRm));
    assert.equal(hex(key.publicKey), vector.pkRm);
    // All 257 messages of the vector, although we use a context for one message only.
    const reader = await suite.SetupRecipient(key.pair, unhex(vector.enc), { info: unhex(vector.info) });
    assert.equal(vector.encryptions.length, 257);
    for (const { aad, ct, pt } of vector.encryptions) {
      assert.equal(hex(await reader.Open(unhex(ct), unhex(aad))), pt);
    }
  });
}

interface HpkeVector {
  readonly skRm: string;
  readonly pkRm: string;
  readonly enc: string;
  readonly info: string;
  readonly encryptions: readonly { readonly aad: string; readonly ct: string; readonly pt: string }[];
}

function hpkeVector(): HpkeVector {
  const all: (HpkeVector & Record<string, unknown>)[] = JSON.parse(published("HPKE/test-vectors.json"));
  const ours = all.find((v) => v.mode === 0 && v.kem_id === 0x20 && v.kdf_id === 1 && v.aead_id === 2);
  assert.ok(ours, "the suite is not among the published ones");
  return ours;
}

test("what one curve implementation wraps, the other opens", async () => {
  const info = utf8("place");
  for (const [from, to] of [BOTH, BOTH.toReversed()].map(([a, b]) => [a, b] as const)) {
    assert.ok(from && to);
    const key = await to.agreement.agreementKey(unhex("05".repeat(32)));
    const sender = new CipherSuite(from.agreement.kem as () => KEM, KDF_HKDF_SHA256, AEAD_AES_256_GCM);
    const reader = new CipherSuite(to.agreement.kem as () => KEM, KDF_HKDF_SHA256, AEAD_AES_256_GCM);
    const recipient = await sender.DeserializePublicKey(key.publicKey);
    const { encapsulatedSecret, ciphertext } = await sender.Seal(recipient, utf8("secret"), { info });
    assert.deepEqual(concat(await reader.Open(key.pair, encapsulatedSecret, ciphertext, { info })), utf8("secret"));
  }
});
