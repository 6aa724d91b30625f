/** A team's next key: a desk learns it when it is welcomed, believes it as far as it is certified, and never goes back. */

import assert from "node:assert/strict";
import { before, test } from "node:test";
import { random } from "../../src/crypto/bytes.ts";
import { type Certificate, issue, Type } from "../../src/crypto/certificate.ts";
import { type AgreementKey, agreementKey, type SigningKey, signingKey } from "../../src/crypto/curves.ts";
import { teamReplyKey } from "../../src/crypto/replies.ts";
import { NO_CONVERSATION, Purpose, unwrap, type WrapContext, wrap } from "../../src/crypto/wrap.ts";
import type { Keyring } from "../../src/desk/session-keyring.ts";
import { Vault } from "../../src/desk/session-vault.ts";
import type { Welcome } from "../../src/wire/desk-frames.ts";
import { PROTOCOL } from "../../src/wire/frames.ts";

const [ORGANISATION, TEAM, ME] = ["luwte-test", "night", "acc-anna"];
const NOW = 1_800_000_000;
const CONV = new Uint8Array(16).fill(7);

let root: SigningKey;
let admin: SigningKey;
let signing: SigningKey;
let agreeing: AgreementKey;
let adminCertificate: Uint8Array;
let own: Uint8Array;
const secrets = [random(32), random(32), random(32)] as const;

const certify = (fields: Partial<Certificate>, by: SigningKey): Promise<Uint8Array> => {
  const base = { organisation: ORGANISATION, roles: [], epoch: 1, notBefore: NOW - 100, notAfter: NOW + 100_000 };
  return issue({ ...base, type: Type.STAFF, subject: ME, keys: [], ...fields }, by);
};
const member = (epoch: number): WrapContext => ({
  organisation: ORGANISATION,
  team: TEAM,
  epoch,
  conv: NO_CONVERSATION,
  generation: 0,
  purpose: Purpose.MEMBER,
});
const inTalk = (epoch: number, purpose: Purpose): WrapContext => ({ ...member(epoch), conv: CONV, purpose });
const publicOf = async (secret: Uint8Array) => (await agreementKey(secret)).publicKey;

before(async () => {
  [root, admin, signing] = [await signingKey(random(32)), await signingKey(random(32)), await signingKey(random(32))];
  agreeing = await agreementKey(random(32));
  adminCertificate = await certify({ type: Type.TEAM_ADMIN, subject: "team-admin", keys: [admin.publicKey] }, root);
  own = await certify({ keys: [signing.publicKey, agreeing.publicKey], roles: [`${TEAM}/counsellor`] }, admin);
});

async function keyring(...epochs: readonly number[]): Promise<Keyring> {
  const teamKeys = [];
  for (const epoch of epochs) {
    const secret = secrets[epoch - 1] as Uint8Array;
    const replies = await teamReplyKey(secret, TEAM, epoch);
    teamKeys.push({ team: TEAM, epoch, key: await agreementKey(secret), replies });
  }
  return { account: ME, signing, agreeing, teamKeys, replies: random(32) };
}

/** What the server says in epoch *epoch*, with the keys of *wrapped* beside it. */
async function welcome(epoch: number, wrapped: readonly number[], changes: Partial<Welcome> = {}): Promise<Welcome> {
  const keys = [await publicOf(secrets[epoch - 1] as Uint8Array)];
  const team = await certify({ type: Type.TEAM, subject: TEAM, keys, epoch }, admin);
  const team_keys = [];
  for (const one of wrapped) {
    const secret = secrets[one - 1] as Uint8Array;
    team_keys.push({ epoch: one, wrap: await wrap(secret, agreeing.publicKey, member(one)) });
  }
  return {
    t: "welcome",
    protocol: PROTOCOL,
    organisation: ORGANISATION,
    team: TEAM,
    account: ME,
    minute: Math.floor(NOW / 60),
    certificates: [adminCertificate, team, own],
    team_keys,
    ...changes,
  };
}

async function vaultOf(...epochs: readonly number[]): Promise<Vault> {
  const vault = new Vault({ organisation: ORGANISATION, root: root.publicKey });
  vault.open(await keyring(...epochs));
  return vault;
}

const introduce = (vault: Vault, said: Welcome) => vault.introduce(said, NOW * 1000);
const untrusted = (work: () => Promise<unknown>) => assert.rejects(work, { code: "untrusted" });

async function canRead(vault: Vault, epoch: number): Promise<boolean> {
  const secret = random(32);
  const wrapped = await wrap(secret, await publicOf(secrets[epoch - 1] as Uint8Array), inTalk(epoch, Purpose.TEAM));
  const opened = await vault.secretIn(CONV, { log: 1, g: 0, epoch, wrap: wrapped });
  return opened !== undefined && Buffer.from(opened).equals(Buffer.from(secret));
}

test("the next key comes with a welcome, and the old one still opens what was said under it", async () => {
  const vault = await vaultOf(1);
  await introduce(vault, await welcome(1, [1]));
  assert.deepEqual([await canRead(vault, 1), await canRead(vault, 2)], [true, false]);
  await introduce(vault, await welcome(2, [1, 2]));
  assert.deepEqual([await canRead(vault, 1), await canRead(vault, 2)], [true, true]);
  await introduce(vault, await welcome(3, [3]));
  assert.ok(await canRead(vault, 3));
});

test("M-4: an epoch that is over does not come back", async () => {
  const vault = await vaultOf(1);
  await introduce(vault, await welcome(2, [2]));
  await untrusted(async () => introduce(vault, await welcome(1, [1, 2])));
  await untrusted(async () => introduce(await vaultOf(1, 2), await welcome(1, [])));
});

test("M-3: a next key that is not the certified one, or not wrapped to us, ends it", async () => {
  const other = random(32);
  const strange = await wrap(other, agreeing.publicKey, member(2));
  const theirs = await wrap(secrets[1], (await agreementKey(random(32))).publicKey, member(2));
  const place = await wrap(secrets[1], agreeing.publicKey, member(3));
  for (const one of [strange, theirs, place]) {
    await untrusted(async () =>
      introduce(await vaultOf(1), await welcome(2, [], { team_keys: [{ epoch: 2, wrap: one }] })),
    );
  }
  await untrusted(async () => introduce(await vaultOf(1), await welcome(2, [1])));
});

test("an epoch that begins while we are locked is looked at when we unlock", async () => {
  for (const [epochs, fits] of [
    [[1, 2], true],
    [[1], false],
  ] as const) {
    const vault = await vaultOf(1);
    await introduce(vault, await welcome(1, [1]));
    vault.close();
    await introduce(vault, await welcome(2, [1, 2]));
    const back = await keyring(...epochs);
    if (fits) {
      vault.open(back);
      assert.ok(await canRead(vault, 2));
    } else {
      assert.throws(() => vault.open(back), { code: "untrusted" });
    }
  }
});

test("a secret that begins is wrapped to the key of today, and to the visitor where it is for them, too", async () => {
  const vault = await vaultOf(1, 2);
  await introduce(vault, await welcome(2, []));
  const visitor = await agreementKey(random(32));
  const made = await vault.newSecret(CONV, 1, 2, visitor.publicKey);
  assert.ok(made);
  assert.deepEqual([made.kept.log, made.kept.g, made.kept.epoch], [1, 2, 2]);
  const [old, today] = [await agreementKey(secrets[0]), await agreementKey(secrets[1])];
  const place = { ...inTalk(2, Purpose.TEAM), generation: 2 };
  assert.deepEqual(await unwrap(made.kept.wrap, today, place), made.secret);
  assert.deepEqual(await unwrap(made.forVisitor, visitor, { ...place, purpose: Purpose.VISITOR }), made.secret);
  for (const wrong of [old, visitor]) await assert.rejects(unwrap(made.kept.wrap, wrong, place));
  const note = await vault.newSecret(CONV, 2, 0);
  assert.equal(note?.kept.epoch, 2);
  assert.equal(note.forVisitor.length, 0);
  vault.close();
  assert.equal(await vault.newSecret(CONV, 1, 2, visitor.publicKey), undefined);
});
