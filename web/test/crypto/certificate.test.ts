/** Certificates: what the root did not say, in this place and at this time, is not believed. */

import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { concat, utf8 } from "../../src/crypto/bytes.ts";
import * as cert from "../../src/crypto/certificate.ts";
import { agreementKey, signingKey, verify } from "../../src/crypto/curves.ts";
import { sha256 } from "../../src/crypto/primitives.ts";
import { certificate, filled, fixed, flips, keySet, refused, truncations } from "./play.ts";

const { Type, TOLERANCE } = cert;
const NOW = 1_800_000_000;
const DAY = 86_400;

const root = await signingKey(filled(1));
const admin = await signingKey(filled(2));
const staff = await signingKey(filled(3));
const stranger = await signingKey(filled(4));
const staffAgreement = await agreementKey(filled(3));

const lasting = { organisation: "luwte-demo", epoch: 2, notBefore: NOW - DAY, notAfter: NOW + 90 * DAY };
const adminSays = { ...lasting, type: Type.TEAM_ADMIN, subject: "team-admin", keys: [admin.publicKey], roles: [] };
const teamSays = { ...lasting, type: Type.TEAM, subject: "youth", keys: [staffAgreement.publicKey], roles: [] };
const staffSays = {
  ...lasting,
  type: Type.STAFF,
  subject: "account-7",
  keys: [staff.publicKey, staffAgreement.publicKey],
  roles: ["youth/counsellor", "elders/lead"],
};
const ADMIN_RAW = await cert.issue(adminSays, root);
const TEAM_RAW = await cert.issue(teamSays, admin);
const STAFF_RAW = await cert.issue(staffSays, admin);

interface Asked extends Partial<cert.Expected> {
  readonly root?: Uint8Array;
  readonly admin?: Uint8Array;
}

async function check(leaf: Uint8Array, asked: Asked = {}): Promise<cert.Certificate> {
  const { root: rootPublic = root.publicKey, admin: adminRaw = ADMIN_RAW, ...rest } = asked;
  const expected = { organisation: "luwte-demo", type: Type.STAFF, now: NOW, ...rest };
  return (await cert.checkChain(rootPublic, adminRaw, leaf, expected)).certificate;
}

async function untrusted(reason: cert.Reason, leaf: Uint8Array, asked: Asked = {}): Promise<void> {
  await assert.rejects(check(leaf, asked), { name: "Untrusted", reason });
}

test("a certificate reads back as it was issued", async () => {
  const property = fc.asyncProperty(certificate, fixed(32), async (said, seed) => {
    const issuer = await signingKey(seed);
    const whole = { ...said, keys: await keySet(said.type, seed) };
    const raw = await cert.issue(whole, issuer);
    const signed = cert.parseCertificate(raw);
    assert.deepEqual(signed.certificate, whole);
    assert.deepEqual(signed.raw, raw);
    assert.ok(await verify(issuer.publicKey, signed.signature, concat(utf8("luwte/v1/cert\0"), raw.subarray(0, -64))));
    assert.deepEqual(await cert.certId(raw), (await sha256(raw)).slice(0, 16));
  });
  await fc.assert(property);
});

test("a sound chain is believed", async () => {
  assert.deepEqual(await check(STAFF_RAW, { team: "youth", role: "counsellor", subject: "account-7" }), staffSays);
  assert.deepEqual(await check(STAFF_RAW, { team: "elders" }), staffSays);
  assert.deepEqual(await check(TEAM_RAW, { type: Type.TEAM, team: "youth" }), teamSays);
});

test("every flipped bit in either certificate is refused", async () => {
  const either = { name: "Untrusted", reason: /^(malformed|signature)$/ };
  for (const spoilt of flips(STAFF_RAW)) await assert.rejects(check(spoilt), either);
  for (const spoilt of flips(ADMIN_RAW)) await assert.rejects(check(STAFF_RAW, { admin: spoilt }), either);
});

test("missing and trailing bytes are refused", async () => {
  const longer = concat(STAFF_RAW.subarray(0, -64), filled(0, 1), STAFF_RAW.subarray(-64));
  for (const spoilt of [...truncations(STAFF_RAW), concat(STAFF_RAW, filled(0, 1)), longer]) {
    assert.throws(() => cert.parseCertificate(spoilt), { name: "Malformed" });
    await untrusted("malformed", spoilt);
  }
});

test("a certificate holds only where it is meant", async () => {
  const otherAdmin = (change: Partial<cert.Certificate>, by = root) => cert.issue({ ...adminSays, ...change }, by);
  await untrusted("organisation", STAFF_RAW, { organisation: "luwte" });
  await untrusted("type", STAFF_RAW, { type: Type.TEAM });
  await untrusted("type", STAFF_RAW, { type: Type.PARTNER });
  await untrusted("subject", STAFF_RAW, { subject: "account-8" });
  await untrusted("team", STAFF_RAW, { team: "you" });
  await untrusted("team", STAFF_RAW, { team: "youth/counsellor" });
  await untrusted("role", STAFF_RAW, { team: "youth", role: "lead" });
  await untrusted("role", STAFF_RAW, { team: "elders", role: "counsellor" });
  await untrusted("signature", STAFF_RAW, { root: stranger.publicKey });
  await untrusted("signature", STAFF_RAW, { admin: await otherAdmin({}, stranger) });
  await untrusted("organisation", STAFF_RAW, { admin: await otherAdmin({ organisation: "other" }) });
  await untrusted("signature", STAFF_RAW, { admin: await otherAdmin({ keys: [stranger.publicKey] }) });
  await untrusted("type", STAFF_RAW, { admin: await cert.issue(teamSays, root) });
  await untrusted("malformed", STAFF_RAW, { admin: filled(0, 0) });
  await untrusted("team", TEAM_RAW, { type: Type.TEAM, team: "elders" });
  await untrusted("type", TEAM_RAW);
  await refused(() => check(STAFF_RAW, { role: "counsellor" }), "RangeError");
});

test("staff cannot vouch for staff, nor the root for leaves", async () => {
  await untrusted("signature", await cert.issue(staffSays, staff));
  await untrusted("signature", await cert.issue(staffSays, root));
  await untrusted("signature", await cert.issue(staffSays, staff), { admin: STAFF_RAW });
});

test("clocks may be off by two days and not a second more", async () => {
  await untrusted("not_yet", STAFF_RAW, { now: lasting.notBefore - TOLERANCE - 1 });
  await check(STAFF_RAW, { now: lasting.notBefore - TOLERANCE });
  await check(STAFF_RAW, { now: lasting.notAfter + TOLERANCE - 1 });
  await untrusted("expired", STAFF_RAW, { now: lasting.notAfter + TOLERANCE });
  await untrusted("not_yet", STAFF_RAW, { now: Number.NaN });
});

test("a team admin out of its time vouches for nobody", async () => {
  const past = await cert.issue({ ...adminSays, notBefore: NOW - 9 * DAY, notAfter: NOW - TOLERANCE }, root);
  const future = await cert.issue({ ...adminSays, notBefore: NOW + TOLERANCE + 1 }, root);
  await untrusted("expired", STAFF_RAW, { admin: past });
  await untrusted("not_yet", STAFF_RAW, { admin: future });
  const here = { organisation: "luwte-demo", now: NOW };
  await assert.rejects(cert.checkAdmin(root.publicKey, past, here), { reason: "expired" });
  assert.deepEqual((await cert.checkAdmin(root.publicKey, ADMIN_RAW, here)).certificate, adminSays);
});

test("a signature does not make up for what is unlawful", async () => {
  // Written by hand over the sound body: version, suite, type, a key zeroed, times swapped. All signed by the right key.
  const body = STAFF_RAW.subarray(0, -64);
  const [keyAt, timesAt] = [body.length - 20 - rolesLength() - 32, body.length - 16];
  const swapped = concat(body.subarray(timesAt + 8), body.subarray(timesAt, timesAt + 8));
  const spoilt = [
    replaced(body, 0, filled(2, 1)),
    replaced(body, 1, filled(2, 1)),
    replaced(body, 2, filled(0, 1)),
    replaced(body, 2, filled(5, 1)),
    replaced(body, 2, filled(4, 1)),
    replaced(body, keyAt, filled(0)),
    replaced(body, timesAt, swapped),
    replaced(body, timesAt + 8, filled(0xff, 8)),
  ];
  await check(await signedByAdmin(body));
  for (const each of spoilt) await untrusted("malformed", await signedByAdmin(each));
});

test("what nobody would accept is not issued", async () => {
  const unlawful: cert.Certificate[] = [
    { ...staffSays, keys: [staffAgreement.publicKey] },
    { ...staffSays, keys: [staff.publicKey, filled(0)] },
    { ...staffSays, keys: [filled(0), staffAgreement.publicKey] },
    { ...teamSays, roles: ["youth/lead"] },
    { ...adminSays, subject: "admin" },
    { ...staffSays, notAfter: staffSays.notBefore },
    { ...staffSays, epoch: 2 ** 32 },
    { ...staffSays, epoch: 0.5 },
    { ...staffSays, notAfter: 2 ** 53 },
    { ...staffSays, roles: Array.from({ length: 256 }, () => "youth/lead") },
    { ...staffSays, subject: "s".repeat(65536) },
  ];
  for (const each of unlawful) await refused(() => cert.issue(each, admin), "Malformed");
});

function rolesLength(): number {
  return 1 + staffSays.roles.reduce((sum, role) => sum + 2 + utf8(role).length, 0);
}

async function signedByAdmin(body: Uint8Array): Promise<Uint8Array> {
  return concat(body, await admin.sign(concat(utf8("luwte/v1/cert\0"), body)));
}

function replaced(data: Uint8Array, offset: number, piece: Uint8Array): Uint8Array {
  return concat(data.subarray(0, offset), piece, data.subarray(offset + piece.length));
}
