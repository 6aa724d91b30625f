/** Envelopes: they open in their place and nowhere else. */

import assert from "node:assert/strict";
import { mock, test } from "node:test";
import fc from "fast-check";
import { concat, equal, hex, u64, utf8 } from "../../src/crypto/bytes.ts";
import { signingKey } from "../../src/crypto/curves.ts";
import * as env from "../../src/crypto/envelope.ts";
import { encrypt, hkdfSalted, sha256 } from "../../src/crypto/primitives.ts";
import { filled, fixed, flips, header, refused, text, truncations } from "./play.ts";

const SECRET = filled(1);
const CERT_ID = filled(3, 16);
const SIGNER = await signingKey(filled(2));
const HEADER: env.Header = {
  klass: env.MESSAGE,
  direction: env.VISITOR,
  conv: filled(4, 16),
  generation: 1,
  sender: filled(5, 8),
  seq: 7,
  msgId: filled(6, 16),
  prev: filled(7),
  seenSeq: 6,
  seenHead: filled(8),
};
const ENVELOPE = await env.seal(SECRET, HEADER, env.textContent("hello"));

test("what is sealed opens again, and its header reads back as it was", async () => {
  const property = fc.asyncProperty(fixed(32), header, text, async (secret, place, said) => {
    const envelope = await env.seal(secret, place, env.textContent(said));
    const { salt, ...read } = env.parse(envelope);
    assert.equal(salt.length, 32);
    assert.deepEqual(read, { ...place });
    assert.equal(env.readContent(await env.openEnvelope(secret, envelope)), said);
    assert.ok(env.BUCKETS.includes(envelope.length - 194 - 16));
  });
  await fc.assert(property);
});

test("one flipped bit anywhere is noticed", async () => {
  for (const spoilt of flips(ENVELOPE)) await refused(() => env.openEnvelope(SECRET, spoilt), "CannotOpen");
});

test("a shortened or lengthened envelope is refused", async () => {
  const longer = [concat(ENVELOPE, filled(0, 1)), concat(filled(0, 1), ENVELOPE), concat(ENVELOPE, ENVELOPE)];
  for (const spoilt of [...truncations(ENVELOPE), ...longer]) {
    await refused(() => env.openEnvelope(SECRET, spoilt), "CannotOpen");
    assert.throws(() => env.parse(spoilt), { name: /^(Malformed|UnknownVersion)$/ });
  }
});

test("a sealed part does not move to another header", async () => {
  const property = fc.asyncProperty(header, async (place) => {
    const moved = concat(env.pack({ ...place, salt: env.parse(ENVELOPE).salt }), ENVELOPE.subarray(162));
    if (!equal(moved, ENVELOPE)) await refused(() => env.openEnvelope(SECRET, moved), "CannotOpen");
  });
  await fc.assert(property);
});

test("the salt never repeats, not even for a header that was read and is sealed again", async () => {
  const again = env.parse(ENVELOPE);
  const salts = new Set([hex(again.salt)]);
  for (let i = 0; i < 1000; i++) salts.add(hex(env.parse(await env.seal(SECRET, again, utf8("same"))).salt));
  assert.equal(salts.size, 1001);
});

test("nothing is decrypted before the commitment fits", async () => {
  const decrypt = mock.method(crypto.subtle, "decrypt");
  try {
    await refused(() => env.openEnvelope(filled(9), ENVELOPE), "CannotOpen");
    assert.equal(decrypt.mock.callCount(), 0);
    await env.openEnvelope(SECRET, ENVELOPE);
    assert.equal(decrypt.mock.callCount(), 1);
  } finally {
    decrypt.mock.restore();
  }
});

test("another magic is no envelope, another version or suite is told apart", () => {
  for (const [offset, name] of [
    [0, "Malformed"],
    [1, "Malformed"],
    [2, "UnknownVersion"],
    [3, "UnknownVersion"],
  ] as const) {
    assert.throws(() => env.parse(changed(ENVELOPE, offset, 9)), { name });
  }
});

test("reserved classes and directions can be read, but neither sealed nor opened", async () => {
  for (const [offset, value] of [
    [4, 0],
    [4, 4],
    [4, 5],
    [5, 0],
    [5, 4],
  ] as const) {
    const read = env.parse(changed(ENVELOPE, offset, value));
    assert.equal(offset === 4 ? read.klass : read.direction, value);
    await refused(() => env.seal(SECRET, read, utf8("")), "Malformed");
    const start = env.pack({ ...HEADER, salt: filled(9) });
    assert.equal((await env.openEnvelope(SECRET, await sealedByHand(start))).length, 0);
    const reserved = changed(start, offset, value);
    await refused(async () => env.openEnvelope(SECRET, await sealedByHand(reserved)), "CannotOpen");
  }
});

test("bad padding by somebody who has the secret is refused", async () => {
  const start = env.pack({ ...HEADER, salt: filled(9) });
  const long = concat(filled(0, 3), filled(252, 1), filled(1, 252), filled(0, 256));
  for (const padded of [concat(filled(0, 255), filled(1, 1)), long, filled(0xff, 256)]) {
    await refused(async () => env.openEnvelope(SECRET, await sealedByHand(start, padded)), "CannotOpen");
  }
});

test("a number beyond 2^53 - 1 is refused, where it would be read as another", () => {
  for (const offset of [34, 90]) {
    env.parse(replaced(ENVELOPE, offset, u64(2 ** 53 - 1)));
    const beyond = new Uint8Array([0, 0x20, 0, 0, 0, 0, 0, 0]);
    assert.throws(() => env.parse(replaced(ENVELOPE, offset, beyond)), { name: "Malformed" });
  }
});

test("a header that does not fit is never sealed", async () => {
  const changes: Partial<env.Header>[] = [
    { conv: filled(4, 15) },
    { sender: filled(5, 9) },
    { msgId: filled(6, 0) },
    { prev: filled(7, 31) },
    { seenHead: filled(8, 33) },
    { seq: -1 },
    { seq: 2 ** 53 },
    { seq: 1.5 },
    { seenSeq: Number.NaN },
    { generation: 2 ** 32 },
  ];
  for (const change of changes) await refused(() => env.seal(SECRET, { ...HEADER, ...change }, utf8("")), "Malformed");
});

test("text survives, other content is refused, and a byte order mark is kept", async () => {
  fc.assert(fc.property(text, (said) => assert.equal(env.readContent(env.textContent(said)), said)));
  assert.equal(env.readContent(env.textContent("\ufeffhello")), "\ufeffhello");
  assert.equal(env.readContent(env.textContent("cut \ud83d")), "cut \ufffd");
  for (const bad of [[], [0, 65], [2, 65], [1, 0xff], [1, 0xed, 0xa0, 0x80]]) {
    assert.throws(() => env.readContent(new Uint8Array(bad)), { name: "CannotOpen" });
  }
});

test("a staff message is its signer's, in its place only", async () => {
  const place = { ...HEADER, direction: env.TEAM };
  const sealed = () => env.sealSigned(SECRET, place, CERT_ID, SIGNER, env.textContent("hi"));
  const [envelope, other] = [await sealed(), await sealed()];
  const body = await env.openEnvelope(SECRET, envelope);
  const known = () => SIGNER.publicKey;

  assert.deepEqual(await env.readStaffBody(envelope, body, known), { certId: CERT_ID, content: env.textContent("hi") });

  const stranger = (await signingKey(filled(9))).publicKey;
  await refused(() => env.readStaffBody(envelope, body, () => undefined), "CannotOpen");
  await refused(() => env.readStaffBody(envelope, body, () => stranger), "CannotOpen");
  await refused(() => env.readStaffBody(other, body, known), "CannotOpen");
  for (const spoilt of [...flips(body), body.slice(0, 79), body.slice(0, 0)]) {
    await refused(() => env.readStaffBody(envelope, spoilt, known), "CannotOpen");
  }
  for (const start of flips(envelope.subarray(0, 162))) {
    await refused(() => env.readStaffBody(start, body, known), "CannotOpen");
  }
});

test("the certificate that is asked for is the one that the body names", async () => {
  const envelope = await env.sealSigned(SECRET, HEADER, CERT_ID, SIGNER, env.textContent("hi"));
  const asked: string[] = [];
  await env.readStaffBody(envelope, await env.openEnvelope(SECRET, envelope), async (certId) => {
    asked.push(hex(certId));
    return SIGNER.publicKey;
  });
  assert.deepEqual(asked, [hex(CERT_ID)]);
});

test("two heads agree only after the same log", async () => {
  const head = async (conv: Uint8Array, log: number, said: readonly string[]) => {
    let at = await env.headZero(conv, log);
    for (const [i, envelope] of said.entries()) at = await env.headNext(at, i + 1, await sha256(utf8(envelope)));
    return hex(at);
  };
  const conv = filled(1, 16);
  const heads = [
    await head(conv, env.SHARED_LOG, ["a", "b"]),
    await head(conv, env.SHARED_LOG, ["b", "a"]),
    await head(conv, env.SHARED_LOG, ["a"]),
    await head(conv, env.SHARED_LOG, ["a", "b", "b"]),
    await head(conv, env.TEAM_LOG, ["a", "b"]),
    await head(filled(2, 16), env.SHARED_LOG, ["a", "b"]),
  ];
  assert.equal(new Set(heads).size, heads.length);
  assert.equal(heads[0], await head(conv, env.SHARED_LOG, ["a", "b"]));
});

/** An envelope as the protocol says, made without asking whether it is allowed. */
async function sealedByHand(start: Uint8Array, padded: Uint8Array = env.pad(utf8(""))): Promise<Uint8Array> {
  const info = concat(utf8("luwte/v1/msg\0"), await sha256(start));
  const both = await hkdfSalted(SECRET, start.subarray(130, 162), info, 64);
  const plain = concat(start, both.subarray(32));
  return concat(plain, await encrypt(both.subarray(0, 32), filled(0, 12), padded, plain));
}

function changed(data: Uint8Array, offset: number, value: number): Uint8Array {
  return replaced(data, offset, filled(value, 1));
}

function replaced(data: Uint8Array, offset: number, piece: Uint8Array): Uint8Array {
  return concat(data.subarray(0, offset), piece, data.subarray(offset + piece.length));
}
