/** The team's next key is made for exactly the members that were asked for, and for keys that the admin key signed. */

import assert from "node:assert/strict";
import { before, test } from "node:test";
import { adminRecoveryPlace } from "../../src/crypto/admission.ts";
import { random } from "../../src/crypto/bytes.ts";
import {
  ADMIN_SUBJECT,
  type Certificate,
  checkChain,
  issue,
  RECOVERY_SUBJECT,
  Type,
} from "../../src/crypto/certificate.ts";
import { type AgreementKey, agreementKey, type SigningKey, signingKey } from "../../src/crypto/curves.ts";
import { NO_CONVERSATION, Purpose, unwrap, type WrapContext, wrap } from "../../src/crypto/wrap.ts";
import { type Admitting, type HeldKeys, type Member, nextEpoch, renew, wrapAdmin } from "../../src/desk/admitting.ts";

const [ORGANISATION, TEAM] = ["luwte-test", "night"];
const NOW = 1_800_000_000;
const [rootSeed, adminSeed, teamSecret, recoverySecret] = [random(32), random(32), random(32), random(32)];

let [root, admin]: SigningKey[] = [];
let by: Admitting;
let held: HeldKeys;
let recovery: Uint8Array;
const people: (Member & { readonly key: AgreementKey })[] = [];

const place = (team: string, epoch: number, purpose: Purpose): WrapContext => ({
  organisation: ORGANISATION,
  team,
  epoch,
  conv: NO_CONVERSATION,
  generation: 0,
  purpose,
});
const certify = (fields: Partial<Certificate>, signer: SigningKey): Promise<Uint8Array> =>
  issue(
    {
      type: Type.STAFF,
      organisation: ORGANISATION,
      subject: "somebody",
      keys: [],
      roles: [],
      epoch: 1,
      notBefore: NOW - 100,
      notAfter: NOW + 100_000,
      ...fields,
    },
    signer,
  );

async function somebody(account: string, signer: SigningKey): Promise<Member & { readonly key: AgreementKey }> {
  const key = await agreementKey(random(32));
  const keys = [(await signingKey(random(32))).publicKey, key.publicKey];
  return {
    account,
    key,
    certificate: await certify({ subject: account, keys, roles: [`${TEAM}/counsellor`] }, signer),
  };
}

before(async () => {
  root = await signingKey(rootSeed);
  admin = await signingKey(adminSeed);
  const [lead, team] = [await agreementKey(random(32)), await agreementKey(teamSecret)];
  const adminCertificate = await certify(
    { type: Type.TEAM_ADMIN, subject: ADMIN_SUBJECT, keys: [admin.publicKey] },
    root,
  );
  held = {
    admin_certificate: adminCertificate,
    team_certificate: await certify({ type: Type.TEAM, subject: TEAM, keys: [team.publicKey] }, admin),
    admin_key: { epoch: 1, wrap: await wrap(adminSeed, lead.publicKey, place(ADMIN_SUBJECT, 1, Purpose.TEAM_ADMIN)) },
    team_keys: [],
  };
  by = {
    pin: { organisation: ORGANISATION, root: root.publicKey },
    own: lead,
    teamKeys: [{ team: TEAM, epoch: 1, key: team }],
  };
  const last = (await agreementKey(recoverySecret)).publicKey;
  recovery = await certify({ type: Type.RECOVERY, subject: RECOVERY_SUBJECT, keys: [last] }, root);
  people.push(await somebody("anna", admin), await somebody("bram", admin));
});

test("everybody who stays opens it, the recovery key too, and the certificate names it", async () => {
  const made = await nextEpoch(by, held, people, recovery, NOW);
  const signed = await checkChain((root as SigningKey).publicKey, held.admin_certificate, made.certificate, {
    organisation: ORGANISATION,
    type: Type.TEAM,
    now: NOW,
    team: TEAM,
  });
  assert.equal(signed.certificate.epoch, 2);
  assert.deepEqual(
    made.wraps.map((one) => one.account),
    ["anna", "bram"],
  );
  const opened = [
    ...(await Promise.all(
      made.wraps.map(({ wrap: one }, at) =>
        unwrap(one, people[at]?.key as AgreementKey, place(TEAM, 2, Purpose.MEMBER)),
      ),
    )),
    await unwrap(made.recoveryWrap, await agreementKey(recoverySecret), place(TEAM, 2, Purpose.RECOVERY)),
  ];
  for (const one of opened) {
    assert.deepEqual((await agreementKey(one)).publicKey, signed.certificate.keys[0]);
    assert.notDeepEqual(one, teamSecret);
  }
});

test("M-3, M-18: nothing is wrapped to a key that the admin key did not sign for that member", async () => {
  const stranger = await somebody("carl", await signingKey(random(32)));
  const [anna, bram] = people as unknown as [Member, Member];
  const wrong: readonly (readonly Member[])[] = [
    [...people, stranger],
    [{ account: "bram", certificate: anna.certificate }, bram],
    [{ account: "anna", certificate: held.team_certificate }],
  ];
  for (const members of wrong) await assert.rejects(() => nextEpoch(by, held, members, recovery, NOW));
});

test("M-4: an epoch that is over gets no successor and no new days", async () => {
  const newer = { team: TEAM, epoch: 2, key: await agreementKey(random(32)) };
  const knows = { ...by, teamKeys: [...by.teamKeys, newer] };
  await assert.rejects(() => nextEpoch(knows, held, people, recovery, NOW));
  await assert.rejects(() => renew(knows, held, [], true, NOW));
  assert.ok((await renew(by, held, [], true, NOW)).team);
});

test("G-3: whoever was signed as something else than who talks is no member to wrap to", async () => {
  const [anna] = people as unknown as [Member & { readonly key: AgreementKey }];
  const keys = [(await signingKey(random(32))).publicKey, anna.key.publicKey];
  for (const roles of [["reviewer"], ["admin"], ["chief"], ["admin", "counsellor"], []]) {
    const certificate = await certify(
      { subject: "anna", keys, roles: roles.map((one) => `${TEAM}/${one}`) },
      admin as SigningKey,
    );
    await assert.rejects(() => nextEpoch(by, held, [{ account: "anna", certificate }], recovery, NOW));
  }
});

test("a member whose certificate has ended is no member to wrap to", async () => {
  const [anna] = people as unknown as [Member & { readonly key: AgreementKey }];
  const keys = [(await signingKey(random(32))).publicKey, anna.key.publicKey];
  const roles = [`${TEAM}/counsellor`];
  const ended = await certify(
    { subject: "anna", keys, roles, notBefore: NOW - 3_000_000, notAfter: NOW - 200_000 },
    admin as SigningKey,
  );
  await assert.rejects(() => nextEpoch(by, held, [{ account: "anna", certificate: ended }], recovery, NOW));
});

test("M-1, M-3: another team, admin or recovery key gets nothing", async () => {
  const other = await signingKey(random(32));
  const strange = (await agreementKey(random(32))).publicKey;
  const teams = [
    await certify({ type: Type.TEAM, subject: TEAM, keys: [strange] }, admin as SigningKey),
    await certify({ type: Type.TEAM, subject: TEAM, keys: [by.teamKeys[0]?.key.publicKey as Uint8Array] }, other),
  ];
  for (const team_certificate of teams) {
    await assert.rejects(() => nextEpoch(by, { ...held, team_certificate }, people, recovery, NOW));
  }
  const selfMade = await certify({ type: Type.TEAM_ADMIN, subject: ADMIN_SUBJECT, keys: [other.publicKey] }, other);
  await assert.rejects(() => nextEpoch(by, { ...held, admin_certificate: selfMade }, people, recovery, NOW));
  await assert.rejects(() => nextEpoch(by, { ...held, admin_key: null }, people, recovery, NOW));
  const theirs = await certify({ type: Type.RECOVERY, subject: RECOVERY_SUBJECT, keys: [strange] }, other);
  await assert.rejects(() => nextEpoch(by, held, people, theirs, NOW));
});

test("M-12: the team-admin key goes to the recovery key that the pinned root signed, and to no other", async () => {
  const made = await wrapAdmin(by, held, recovery, NOW);
  const last = await agreementKey(recoverySecret);
  assert.deepEqual(await unwrap(made, last, adminRecoveryPlace(ORGANISATION, 1)), adminSeed);
  await assert.rejects(() => unwrap(made, last, place(ADMIN_SUBJECT, 1, Purpose.RECOVERY)));
  const [other, strange] = [await signingKey(random(32)), (await agreementKey(random(32))).publicKey];
  const theirs = { type: Type.RECOVERY, subject: RECOVERY_SUBJECT, keys: [strange] };
  for (const one of [
    await certify(theirs, other),
    await certify(theirs, admin as SigningKey),
    await certify({ type: Type.TEAM, subject: TEAM, keys: [strange] }, root as SigningKey),
    await issue(
      { ...theirs, organisation: "other", roles: [], epoch: 1, notBefore: 1, notAfter: 2 * NOW },
      root as SigningKey,
    ),
    new Uint8Array(0),
  ]) {
    await assert.rejects(() => wrapAdmin(by, held, one, NOW));
  }
  await assert.rejects(() => wrapAdmin(by, { ...held, admin_key: null }, recovery, NOW));
});
