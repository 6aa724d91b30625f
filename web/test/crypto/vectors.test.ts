/** What Python made, read here. vectors/python.json comes from tests/crypto/make_vectors.py. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { hex, unhex } from "../../src/crypto/bytes.ts";
import { certId, checkChain, issue, parseCertificate, Type } from "../../src/crypto/certificate.ts";
import { agreementKey, signingKey } from "../../src/crypto/curves.ts";
import * as env from "../../src/crypto/envelope.ts";
import { startSignature, visitorKeys } from "../../src/crypto/keys.ts";
import { isConsistent } from "../../src/crypto/merkle.ts";
import { type Checkpoint, openCheckpoint } from "../../src/crypto/note.ts";
import { decrypt, hkdfSalted, sha256 } from "../../src/crypto/primitives.ts";
import { openReply, ownReplyKey, teamReplyKey } from "../../src/crypto/replies.ts";
import { commitment, readRotation, rotationContent } from "../../src/crypto/rotation.ts";
import * as staff from "../../src/crypto/staff.ts";
import { Purpose, unwrap } from "../../src/crypto/wrap.ts";
import { readVectors, refused } from "./play.ts";

const python = readVectors("python.json");

test("Python's envelopes open, and say where they belong", async () => {
  assert.equal(python.envelopes.length, 6);
  for (const { secret, header, text, envelope } of python.envelopes) {
    const read = env.parse(unhex(envelope));
    assert.deepEqual(
      [read.klass, read.direction, read.generation, read.seq, read.seenSeq],
      [header.klass, header.direction, header.generation, header.seq, header.seen_seq],
    );
    assert.deepEqual([read.conv, read.sender, read.msgId, read.prev, read.seenHead].map(hex), [
      header.conv,
      header.sender,
      header.msg_id,
      header.prev,
      header.seen_head,
    ]);
    assert.equal(env.readContent(await env.openEnvelope(unhex(secret), unhex(envelope))), text);
  }
});

test("Python's staff message is its signer's", async () => {
  const { secret, cert_id, public: publicKey, text, envelope } = python.staff_envelope;
  const body = await env.openEnvelope(unhex(secret), unhex(envelope));
  const said = await env.readStaffBody(unhex(envelope), body, () => unhex(publicKey));
  assert.equal(hex(said.certId), cert_id);
  assert.equal(env.readContent(said.content), text);
});

test("an envelope made to open under two keys opens under one", async () => {
  const envelope = unhex(python.two_keys.envelope);
  const first = await env.openEnvelope(unhex(python.two_keys.first), envelope);
  await refused(() => env.openEnvelope(unhex(python.two_keys.second), envelope), "CannotOpen");

  // AES-GCM alone reads it under the second key too, with sound padding: the attack is real.
  const info = new Uint8Array([
    ...new TextEncoder().encode("luwte/v1/msg\0"),
    ...(await sha256(envelope.subarray(0, 162))),
  ]);
  const both = await hkdfSalted(unhex(python.two_keys.second), envelope.subarray(130, 162), info, 64);
  const plain = envelope.subarray(0, 194);
  const padded = await decrypt(both.subarray(0, 32), new Uint8Array(12), envelope.subarray(194), plain);
  assert.equal(env.unpad(padded).length, first.length);
  assert.notDeepEqual(env.unpad(padded), first);
});

test("Python's wraps unwrap", async () => {
  assert.equal(python.wraps.length, 7);
  for (const { secret, private: own, public: publicKey, conv, wrapped, ...context } of python.wraps) {
    const key = await agreementKey(unhex(own));
    assert.equal(hex(key.publicKey), publicKey);
    assert.equal(hex(await unwrap(unhex(wrapped), key, { ...context, conv: unhex(conv) })), secret);
  }
});

test("Python's certificates hold, and are the same bytes when issued here", async () => {
  const { organisation, now, root, ids, admin, ...leaves } = python.certificates;
  const types = { team: Type.TEAM, staff: Type.STAFF, partner: Type.PARTNER };
  const issuer = await signingKey(await sha256(new TextEncoder().encode("admin")));
  for (const [name, type] of Object.entries(types)) {
    const raw = unhex(leaves[name]);
    const { certificate } = await checkChain(unhex(root), unhex(admin), raw, { organisation, type, now });
    assert.equal(hex(await certId(raw)), ids[name]);
    assert.deepEqual(await issue(certificate, issuer), raw);
  }
  assert.equal(parseCertificate(unhex(admin)).certificate.subject, "team-admin");
});

test("a visitor's keys and signature are the same bytes", async () => {
  const { vs, ve, vg, credential, conv, line, team_cert, wraps, signature } = python.visitor;
  const keys = await visitorKeys(unhex(vs));
  assert.deepEqual([keys.ve.publicKey, keys.vg.publicKey, keys.credential, keys.conv].map(hex), [
    ve,
    vg,
    credential,
    conv,
  ]);
  assert.equal(hex(await startSignature(line, keys, unhex(team_cert), wraps.map(unhex))), signature);
});

test("a staff member of Python's signs in here", async () => {
  const v = python.staff;
  const stretched = await staff.stretch(v.passphrase, unhex(v.salt));
  assert.equal(hex(stretched), v.stretched);
  assert.equal(hex(await staff.loginProof(stretched)), v.login_proof);
  const kek = await staff.kek(stretched, unhex(v.server_half));
  assert.equal(hex(kek), v.kek);
  const amk = await staff.openAmk(kek, v.account, unhex(v.sealed_amk));
  assert.equal(hex(amk), v.amk);
  assert.equal(hex(await staff.openStaffKey(amk, v.account, "x25519", unhex(v.sealed_x25519))), v.private);
  assert.equal(hex(await staff.openStaffKey(amk, v.account, "ed25519", unhex(v.sealed_ed25519))), v.private);
  const sheet = unhex(v.sheet);
  assert.equal(hex(await staff.sheetProof(sheet)), v.sheet_proof);
  assert.equal(hex(await staff.openAmkBySheet(sheet, v.account, unhex(v.sealed_for_sheet))), v.amk);
});

test("the heads are the same", async () => {
  const { conv, hashes, shared, team_zero } = python.heads;
  let head = await env.headZero(unhex(conv), env.SHARED_LOG);
  const heads = [hex(head)];
  for (const [i, hashed] of hashes.entries()) {
    head = await env.headNext(head, i + 1, unhex(hashed));
    heads.push(hex(head));
  }
  assert.deepEqual(heads, shared);
  assert.equal(hex(await env.headZero(unhex(conv), env.TEAM_LOG)), team_zero);
});

test("Python's replies open under the keys that we derive", async () => {
  const { amk, own_key, team_private, team, epoch, team_key, id, replies } = python.replies;
  const [own, shared] = [await ownReplyKey(unhex(amk)), await teamReplyKey(unhex(team_private), team, epoch)];
  assert.deepEqual([hex(own), hex(shared)], [own_key, team_key]);
  assert.equal(replies.length, 8);
  for (const { owner, version, sealed, ...reply } of replies) {
    const key = owner === team ? shared : own;
    assert.deepEqual(await openReply(key, owner, unhex(id), version, unhex(sealed)), reply);
  }
});

test("Python's checkpoints open, and its proofs hold between them and nowhere else", async () => {
  const { origin, public: publicKey, notes, proofs } = python.log;
  const signed = notes as string[];
  const open = (note: string) => openCheckpoint(note, origin, unhex(publicKey));
  const trees = await Promise.all(signed.map(open));
  assert.deepEqual(
    trees.map(({ size, erasures }) => [size, erasures]),
    trees.map((_, n) => [n, Math.floor(n / 3)]),
  );
  let count = 0;
  for (const proven of proofs as string[][][]) {
    const second = trees[proven.length];
    for (const [first, path] of proven.entries()) {
      const proof = path.map(unhex);
      for (const [n, tree] of trees.entries()) {
        assert.equal(
          await isConsistent(tree, second as Checkpoint, proof),
          n === first || (first === 0 && n === proven.length),
          `${n} for ${first}`,
        );
        count += 1;
      }
    }
  }
  assert.equal(count, 21 * 49);
  for (const change of [
    ["\n12\n", "\n11\n"],
    ["minute", "Minute"],
    ["\u2014", "-"],
    ["\n\n", "\n"],
  ] as const) {
    await assert.rejects(open((signed[12] ?? "").replace(change[0], change[1])), { name: /^(CannotOpen|Malformed)$/ });
  }
  await refused(() => openCheckpoint(signed[12] ?? "", "luwte-audit/other", unhex(publicKey)), "CannotOpen");
});

// biome-ignore lint/suspicious/noExplicitAny: vectors are read without believing types
async function follow(made: any, envelope: Uint8Array): Promise<string> {
  const body = await env.openEnvelope(unhex(made.secret), envelope);
  const keyOf = (id: Uint8Array) => (hex(id) === made.cert_id ? unhex(made.public) : undefined);
  const { content } = await env.readStaffBody(envelope, body, keyOf);
  const { conv, klass } = env.parse(envelope);
  const { generation, epoch, commitment: named, wrap } = readRotation(content, made.log);
  assert.deepEqual([klass, generation, epoch], [env.ROTATION, made.generation, made.epoch]);
  if (made.log === env.TEAM_LOG) return hex(named);
  const { organisation, team } = made;
  const place = { organisation, team, epoch, conv, generation, purpose: Purpose.VISITOR };
  const secret = await unwrap(wrap, await agreementKey(unhex(made.visitor)), place);
  assert.equal(hex(await commitment(secret, conv, made.log, generation, epoch)), hex(named));
  return hex(secret);
}

test("Python's rotations are followed, and every flipped bit is refused", async () => {
  assert.equal(python.rotations.length, 2);
  for (const made of python.rotations) {
    const { log, conv, next, generation, epoch } = made;
    const envelope = unhex(made.envelope);
    const named = hex(await commitment(unhex(next), unhex(conv), log, generation, epoch));
    assert.equal(named, made.commitment);
    assert.equal(await follow(made, envelope), log === env.SHARED_LOG ? next : named);
    for (let at = 0; at < envelope.length * 8; at++) {
      const spoilt = envelope.slice();
      spoilt[at >> 3] = (spoilt[at >> 3] ?? 0) ^ (1 << (at & 7));
      await refused(() => follow(made, spoilt), "CannotOpen");
    }
  }
});

test("what is no rotation record is not read as one", async () => {
  const wrap = new Uint8Array(80);
  const content = rotationContent({ generation: 2, epoch: 3, commitment: new Uint8Array(32), wrap });
  assert.equal(readRotation(content, env.SHARED_LOG).epoch, 3);
  for (const data of [content.slice(1), content.slice(0, -1), env.textContent("x".repeat(120)), new Uint8Array(0)]) {
    await refused(async () => readRotation(data, env.SHARED_LOG), "CannotOpen");
    await refused(async () => readRotation(data, env.TEAM_LOG), "CannotOpen");
  }
  await refused(async () => readRotation(content, env.TEAM_LOG), "CannotOpen");
});
