/**
 * What two papers bring back: a new lead, new days for the team-admin key, another main key, other papers. It knows the
 * papers' keys and a file that a server wrote, of which it believes nothing that a key has not signed.
 */

import { type Admission, type Applicant, adminRecoveryPlace, letIn, teamPlace } from "./admission.ts";
import { type Bytes, concat, equal, lp, random, utf8, wipe } from "./bytes.ts";
import {
  type Certificate,
  checkAdmin,
  checkChain,
  checkRecovery,
  issue,
  parseCertificate,
  TOLERANCE,
  Type,
} from "./certificate.ts";
import { agreementKey, type SigningKey, signingKey } from "./curves.ts";
import { ADMIN_DAYS, DAY, RECOVERY_DAYS } from "./days.ts";
import { shared } from "./founding.ts";
import { type Paper, SharedKey } from "./shares.ts";
import { Purpose, unwrap } from "./wrap.ts";

/** What a server says of its organisation. */
export interface Claims {
  readonly organisation: string;
  readonly root: Uint8Array;
  readonly adminCertificate: Uint8Array;
  readonly recoveryCertificate: Uint8Array;
  readonly adminWrap: Wrapped | undefined;
  readonly teams: readonly TeamClaims[];
}

export interface TeamClaims {
  readonly team: string;
  readonly certificate: Uint8Array;
  readonly wraps: readonly Wrapped[];
}

export interface Wrapped {
  readonly epoch: number;
  readonly wrap: Uint8Array;
}

/** What hangs together under one root. Whether the root is the right one, people compare. */
export interface Known extends Claims {
  readonly admin: Certificate;
  readonly recovery: Certificate;
}

/**
 * other_key: the papers are of another key than the file; wraps: what is wrapped to the papers' key does not open, or
 * is another key than was signed; unready: the team-admin key was never wrapped; ended: its days are over.
 */
export type CannotReason = "claims" | "other_key" | "wraps" | "unready" | "ended";

/** Nothing was made. Never holds a key. */
export class CannotRecover extends Error {
  override readonly name = "CannotRecover";
  readonly reason: CannotReason;

  constructor(reason: CannotReason) {
    super(reason);
    this.reason = reason;
  }
}

/** Throws CannotRecover("claims") unless the root signed both keys below it, and the team-admin key each team's. */
export async function known(claims: Claims): Promise<Known> {
  const { organisation, root, adminCertificate, recoveryCertificate, teams } = claims;
  try {
    // Their days may be over: that is what the papers are for.
    const { certificate: admin } = await checkAdmin(root, adminCertificate, {
      organisation,
      now: begin(adminCertificate),
    });
    const { certificate: recovery } = await checkRecovery(root, recoveryCertificate, {
      organisation,
      now: begin(recoveryCertificate),
    });
    for (const { team, certificate } of teams) {
      const [now, adminNow] = [begin(certificate), begin(adminCertificate)];
      const expected = { organisation, type: Type.TEAM, subject: team, now, adminNow };
      await checkChain(root, adminCertificate, certificate, expected);
    }
    return { ...claims, admin, recovery };
  } catch {
    throw new CannotRecover("claims");
  }
}

/** A new lead, by the recovery key. *secret* stays the caller's to overwrite. */
export async function newLead(
  file: Known,
  secret: Uint8Array,
  applicant: Applicant & { readonly team: string },
  now: number,
): Promise<Admission> {
  const { organisation, admin, recovery, adminWrap } = file;
  const team = file.teams.find((one) => one.team === applicant.team);
  if (adminWrap === undefined || adminWrap.epoch !== admin.epoch) throw new CannotRecover("unready");
  if (team === undefined || applicant.role !== "lead") throw new CannotRecover("claims");
  if (now >= admin.notAfter + TOLERANCE) throw new CannotRecover("ended");
  const last = await agreementKey(secret);
  if (!isKeyOf(recovery, last.publicKey)) throw new CannotRecover("other_key");
  const passing: Uint8Array[] = [];
  const open = async (wrapped: Uint8Array, place: Parameters<typeof unwrap>[2]): Promise<Bytes> => {
    const opened = await unwrap(wrapped, last, place).catch(() => {
      throw new CannotRecover("wraps");
    });
    passing.push(opened);
    return opened;
  };
  try {
    const adminSecret = await open(adminWrap.wrap, adminRecoveryPlace(organisation, admin.epoch));
    const key = await signingKey(adminSecret);
    if (!isKeyOf(admin, key.publicKey)) throw new CannotRecover("wraps");
    const today = parseCertificate(team.certificate).certificate;
    const keys = [];
    let hasToday = false;
    for (const { epoch, wrap } of team.wraps) {
      const opened = await open(wrap, teamPlace(organisation, team.team, epoch, Purpose.RECOVERY));
      if (epoch === today.epoch) hasToday = isKeyOf(today, (await agreementKey(opened)).publicKey);
      keys.push({ epoch, secret: opened });
    }
    const epochs = new Set(keys.map((one) => one.epoch));
    const isSound = keys.every((one) => one.epoch <= today.epoch) && epochs.size === keys.length;
    if (!hasToday || !isSound) throw new CannotRecover("wraps");
    return await letIn(
      { organisation, team: team.team },
      applicant,
      { key, secret: adminSecret, epoch: admin.epoch },
      keys,
      now,
    );
  } finally {
    wipe(...passing);
  }
}

/** What a key of the file comes to when the papers try it. */
export interface Tried {
  /** Undefined: the team-admin key. */
  readonly team: string | undefined;
  readonly epoch: number;
  /** signed: it opens, and is the key in a certificate. opens: no certificate in the file says which key it is. */
  readonly found: "signed" | "opens" | "fails";
}

/** Which keys the recovery key opens, today's first. It makes nothing; *secret* stays the caller's to overwrite. */
export async function rehearse(file: Known, secret: Uint8Array): Promise<readonly Tried[]> {
  const { organisation, admin, recovery, adminWrap } = file;
  const last = await agreementKey(secret);
  if (!isKeyOf(recovery, last.publicKey)) throw new CannotRecover("other_key");
  const tries = async (
    { epoch, wrap }: Wrapped,
    place: Parameters<typeof unwrap>[2],
    expected: Certificate,
    publicOf: (opened: Uint8Array) => Promise<{ readonly publicKey: Uint8Array }>,
  ): Promise<Tried["found"]> => {
    const opened = await unwrap(wrap, last, place).catch(() => undefined);
    if (opened === undefined) return "fails";
    try {
      if (epoch !== expected.epoch) return "opens";
      return isKeyOf(expected, (await publicOf(opened)).publicKey) ? "signed" : "fails";
    } finally {
      wipe(opened);
    }
  };
  const tried: Tried[] = [];
  const place = adminRecoveryPlace(organisation, admin.epoch);
  const isThere = adminWrap !== undefined && adminWrap.epoch === admin.epoch;
  const found = isThere ? await tries(adminWrap, place, admin, signingKey) : "fails";
  tried.push({ team: undefined, epoch: admin.epoch, found });
  for (const { team, certificate, wraps } of file.teams) {
    const today = parseCertificate(certificate).certificate;
    if (!wraps.some(({ epoch }) => epoch === today.epoch)) tried.push({ team, epoch: today.epoch, found: "fails" });
    for (const wrapped of wraps.toSorted((a, b) => b.epoch - a.epoch)) {
      const place = teamPlace(organisation, team, wrapped.epoch, Purpose.RECOVERY);
      tried.push({ team, epoch: wrapped.epoch, found: await tries(wrapped, place, today, agreementKey) });
    }
  }
  return tried;
}

/** The same team-admin key for another year, by the main key. */
export async function newDays(file: Known, secret: Uint8Array, now: number): Promise<Bytes> {
  return issue(lasting(file.admin, now, ADMIN_DAYS), await mainKey(file, secret));
}

export interface Successor {
  readonly root: Bytes;
  /** Empty when the one before is lost. */
  readonly statement: Bytes;
  readonly adminCertificate: Bytes;
  readonly recoveryCertificate: Bytes;
  readonly papers: readonly Paper[];
}

/** Another main key above the same keys. Without the one before, nobody but people can say that it is the right one. */
export async function successor(file: Known, secret: Uint8Array | undefined, now: number): Promise<Successor> {
  const { organisation, root } = file;
  const before = secret === undefined ? undefined : await mainKey(file, secret);
  const fresh = random(32);
  try {
    const key = await signingKey(fresh);
    return {
      root: key.publicKey,
      statement: (await before?.sign(succession(organisation, root, key.publicKey))) ?? new Uint8Array(0),
      adminCertificate: await issue(lasting(file.admin, now, ADMIN_DAYS), key),
      recoveryCertificate: await issue(lasting(file.recovery, now, RECOVERY_DAYS), key),
      papers: await shared(fresh, SharedKey.ROOT, organisation),
    };
  } finally {
    wipe(fresh);
  }
}

/** Three new papers of the same key; the ones before still restore it, so they are burnt. */
export async function newPapers(file: Known, secret: Uint8Array, key: SharedKey): Promise<readonly Paper[]> {
  if (key === SharedKey.ROOT) await mainKey(file, secret);
  else if (!isKeyOf(file.recovery, (await agreementKey(secret)).publicKey)) throw new CannotRecover("other_key");
  return shared(secret, key, file.organisation);
}

/** What a main key signs that gives way to another. */
export function succession(organisation: string, predecessor: Uint8Array, after: Uint8Array): Bytes {
  return concat(utf8("luwte/v1/succession\0"), lp(utf8(organisation)), predecessor, after);
}

async function mainKey({ root }: Known, secret: Uint8Array): Promise<SigningKey> {
  const key = await signingKey(secret);
  if (!equal(key.publicKey, root)) throw new CannotRecover("other_key");
  return key;
}

const isKeyOf = ({ keys: [key] }: Certificate, publicKey: Uint8Array): boolean =>
  key !== undefined && equal(key, publicKey);

const lasting = (certificate: Certificate, now: number, days: number): Certificate => ({
  ...certificate,
  notBefore: now,
  notAfter: now + days * DAY,
});

const begin = (raw: Uint8Array): number => parseCertificate(raw).certificate.notBefore;
