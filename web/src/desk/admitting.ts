/**
 * What the team-admin key does in a lead's browser: it signs. It is opened for one deed and overwritten after; and a
 * server that gives us another one, or another team key, gets nothing signed and nothing wrapped.
 */

import {
  type Admission,
  type Applicant,
  adminPlace,
  adminRecoveryPlace,
  letIn,
  teamPlace,
} from "../crypto/admission.ts";
import { type Bytes, equal, random, wipe } from "../crypto/bytes.ts";
import {
  type Certificate,
  checkAdmin,
  checkChain,
  checkRecovery,
  issue,
  parseCertificate,
  Type,
} from "../crypto/certificate.ts";
import { type AgreementKey, agreementKey, type SigningKey, signingKey } from "../crypto/curves.ts";
import { DAY, STAFF_DAYS, TEAM_DAYS } from "../crypto/days.ts";
import { hasTeamKey, roleIn } from "../crypto/roles.ts";
import { Purpose, unwrap, wrap } from "../crypto/wrap.ts";
import type { Pin } from "../wire/trust.ts";

/** What a lead's desk was told: nothing of it is believed before it was checked here. */
export interface HeldKeys {
  readonly admin_certificate: Uint8Array;
  readonly team_certificate: Uint8Array;
  readonly admin_key: { readonly epoch: number; readonly wrap: Uint8Array } | null;
  readonly team_keys: readonly { readonly team: string; readonly epoch: number; readonly wrap: Uint8Array }[];
}

/** A lead who may admit: what they were pinned to, their own key, and the team's keys as they opened them. */
export interface Admitting {
  readonly pin: Pin;
  readonly own: AgreementKey;
  readonly teamKeys: readonly { readonly team: string; readonly epoch: number; readonly key: AgreementKey }[];
}

/** Sign an applicant's certificate, and wrap to them what their role needs. Rejects when anything does not fit. */
export async function admit(by: Admitting, held: HeldKeys, applicant: Applicant, now: number): Promise<Admission> {
  const { pin, own } = by;
  const { organisation } = pin;
  const team = await ownTeam(by, held, now);
  const passing: Uint8Array[] = [];
  try {
    const { admin, secret, epoch } = await adminKey(by, held, now, passing);
    const keys = [];
    const talks = hasTeamKey(applicant.role);
    for (const key of held.team_keys.filter((one) => talks && one.team === team.subject)) {
      const place = teamPlace(organisation, team.subject, key.epoch, Purpose.MEMBER);
      const opened = await unwrap(key.wrap, own, place);
      passing.push(opened);
      if (!holds(by, team.subject, key.epoch, (await agreementKey(opened)).publicKey)) throw new Error("another key");
      keys.push({ epoch: key.epoch, secret: opened });
    }
    if (talks && !keys.some((one) => one.epoch === team.epoch)) throw new Error("no team key");
    return await letIn({ organisation, team: team.subject }, applicant, { key: admin, secret, epoch }, keys, now);
  } finally {
    wipe(...passing);
  }
}

/** The team-admin key, wrapped to the recovery key that the pinned root vouches for. */
export async function wrapAdmin(by: Admitting, held: HeldKeys, recovery: Uint8Array, now: number): Promise<Bytes> {
  const { organisation, root } = by.pin;
  const [last] = (await checkRecovery(root, recovery, { organisation, now })).certificate.keys;
  if (last === undefined) throw new Error("no recovery key");
  const passing: Uint8Array[] = [];
  try {
    const { secret, epoch } = await adminKey(by, held, now, passing);
    return await wrap(secret, last, adminRecoveryPlace(organisation, epoch));
  } finally {
    wipe(...passing);
  }
}

/** The same certificates with new days: of the team only what we checked ourselves, of members what the key signed. */
export async function renew(
  by: Admitting,
  held: HeldKeys,
  members: readonly { readonly account: string; readonly certificate: Uint8Array }[],
  isTeamDue: boolean,
  now: number,
): Promise<{ team: Bytes | undefined; members: readonly { account: string; certificate: Bytes }[] }> {
  const team = await ownTeam(by, held, now);
  const passing: Uint8Array[] = [];
  try {
    const { admin } = await adminKey(by, held, now, passing);
    const anew = async (raw: Uint8Array, type: Type, subject: string, days: number): Promise<Bytes> => {
      const known = await signedOnce(by.pin, held.admin_certificate, raw, { type, subject, team: team.subject });
      return issue({ ...known, notBefore: now, notAfter: now + days * DAY }, admin);
    };
    const renewed = [];
    for (const { account, certificate } of members) {
      renewed.push({ account, certificate: await anew(certificate, Type.STAFF, account, STAFF_DAYS) });
    }
    return {
      team: isTeamDue ? await anew(held.team_certificate, Type.TEAM, team.subject, TEAM_DAYS) : undefined,
      members: renewed,
    };
  } finally {
    wipe(...passing);
  }
}

export interface Member {
  readonly account: string;
  readonly certificate: Uint8Array;
}

export interface NextEpoch {
  readonly certificate: Bytes;
  readonly wraps: readonly { readonly account: string; readonly wrap: Bytes }[];
  readonly recoveryWrap: Bytes;
}

/**
 * The team's next key, made and overwritten here: certified, and wrapped to each of *members* and to the recovery key.
 * The caller answers for who *members* are; that their keys are theirs, the team-admin key has signed.
 */
export async function nextEpoch(
  by: Admitting,
  held: HeldKeys,
  members: readonly Member[],
  recovery: Uint8Array,
  now: number,
): Promise<NextEpoch> {
  const { organisation, root } = by.pin;
  const team = await ownTeam(by, held, now);
  const epoch = team.epoch + 1;
  const secret = random(32);
  const passing = [secret];
  const place = (purpose: typeof Purpose.MEMBER | typeof Purpose.RECOVERY) =>
    teamPlace(organisation, team.subject, epoch, purpose);
  try {
    const { admin } = await adminKey(by, held, now, passing);
    const keys = [(await agreementKey(secret)).publicKey];
    const certificate = { ...team, epoch, keys, notBefore: now, notAfter: now + TEAM_DAYS * DAY };
    const wraps = [];
    for (const { account, certificate: raw } of members) {
      // Today's, or somebody who left long ago could be put back among the members with a certificate of then.
      const expected = { organisation, type: Type.STAFF, subject: account, team: team.subject, now };
      const { certificate: signed } = await checkChain(root, held.admin_certificate, raw, expected);
      const [, theirs] = signed.keys;
      // Whatever a server calls them: what the team-admin key signed decides.
      if (!hasTeamKey(roleIn(signed, team.subject))) throw new Error("not somebody who talks");
      if (theirs === undefined) throw new Error("no key to wrap to");
      wraps.push({ account, wrap: await wrap(secret, theirs, place(Purpose.MEMBER)) });
    }
    const [last] = (await checkRecovery(root, recovery, { organisation, now })).certificate.keys;
    if (last === undefined) throw new Error("no recovery key");
    const recoveryWrap = await wrap(secret, last, place(Purpose.RECOVERY));
    return { certificate: await issue(certificate, admin), wraps, recoveryWrap };
  } finally {
    wipe(...passing);
  }
}

/** What our team's certificate says, when it is about the very key that we opened; it may have ended meanwhile. */
async function ownTeam(by: Admitting, held: HeldKeys, now: number): Promise<Certificate> {
  await checkAdmin(by.pin.root, held.admin_certificate, { organisation: by.pin.organisation, now });
  const said = await signedOnce(by.pin, held.admin_certificate, held.team_certificate, { type: Type.TEAM });
  const [key] = said.keys;
  if (key === undefined || !holds(by, said.subject, said.epoch, key)) throw new Error("another team key");
  // New days for an epoch that is over would give visitors back to whoever left with its key.
  const epochs = by.teamKeys.filter((one) => one.team === said.subject).map((one) => one.epoch);
  if (said.epoch !== Math.max(...epochs)) throw new Error("an epoch that is over");
  return said;
}

const holds = (by: Admitting, team: string, epoch: number, key: Uint8Array): boolean =>
  by.teamKeys.some((one) => one.team === team && one.epoch === epoch && equal(one.key.publicKey, key));

/**
 * What a certificate says that held on its last day. After a long holiday the team's may have ended with nobody at a
 * desk to renew it: then whoever holds the admin key may sign the same again, and nothing else.
 */
async function signedOnce(
  { root, organisation }: Pin,
  admin: Uint8Array,
  raw: Uint8Array,
  expected: { readonly type: Type; readonly subject?: string; readonly team?: string },
): Promise<Certificate> {
  const now = parseCertificate(raw).certificate.notAfter - 1;
  const issuedBy = parseCertificate(admin).certificate;
  const at = Math.min(Math.max(now, issuedBy.notBefore), issuedBy.notAfter - 1);
  return (await checkChain(root, admin, raw, { organisation, now: at, ...expected })).certificate;
}

/** The team-admin key, if it is the one that the pinned root vouches for. Its bytes are put among what is wiped. */
async function adminKey(
  { pin, own }: Admitting,
  held: HeldKeys,
  now: number,
  passing: Uint8Array[],
): Promise<{ admin: SigningKey; secret: Uint8Array; epoch: number }> {
  const { certificate } = await checkAdmin(pin.root, held.admin_certificate, { organisation: pin.organisation, now });
  if (held.admin_key === null) throw new Error("not a lead who admits");
  const { epoch } = certificate;
  const secret = await unwrap(held.admin_key.wrap, own, adminPlace(pin.organisation, epoch));
  passing.push(secret);
  const admin = await signingKey(secret);
  const [key] = certificate.keys;
  if (key === undefined || !equal(key, admin.publicKey)) throw new Error("another admin key");
  return { admin, secret, epoch };
}
