/** Certificates: who an organisation says somebody is, with which keys, and for how long. */

import { type Bytes, concat, fromUtf8, lp, owned, toNumber, u8, u32, u64, utf8 } from "./bytes.ts";
import { checkEd25519, checkX25519, type SigningKey, verify } from "./curves.ts";
import { Malformed } from "./errors.ts";
import { sha256 } from "./primitives.ts";

export const TOLERANCE: number = 48 * 3600;

const VERSION = 1;
const SUITE = 1;
const SIGNATURE_BYTES = 64;
export const ADMIN_SUBJECT = "team-admin";
export const RECOVERY_SUBJECT = "recovery";
const LABEL = utf8("luwte/v1/cert\0");

export const Type = { TEAM_ADMIN: 1, TEAM: 2, STAFF: 3, PARTNER: 4, RECOVERY: 5 } as const;
export type Type = (typeof Type)[keyof typeof Type];

const KEY_CHECKS: Readonly<Record<Type, readonly ((key: Uint8Array) => Bytes)[]>> = {
  [Type.TEAM_ADMIN]: [checkEd25519],
  [Type.TEAM]: [checkX25519],
  [Type.STAFF]: [checkEd25519, checkX25519],
  [Type.PARTNER]: [checkEd25519, checkX25519],
  [Type.RECOVERY]: [checkX25519],
};

/** Of those of which an organisation has one. */
const SUBJECTS: Readonly<Partial<Record<Type, string>>> = {
  [Type.TEAM_ADMIN]: ADMIN_SUBJECT,
  [Type.RECOVERY]: RECOVERY_SUBJECT,
};

/** What is signed. Times are Unix seconds, and `notAfter` is the first second outside. */
export interface Certificate {
  readonly type: Type;
  readonly organisation: string;
  readonly subject: string;
  readonly keys: readonly Uint8Array[];
  readonly roles: readonly string[];
  readonly epoch: number;
  readonly notBefore: number;
  readonly notAfter: number;
}

/** A certificate that could be read. Reading is not trusting: see `checkChain`. */
export interface Signed {
  readonly certificate: Certificate;
  readonly signature: Bytes;
  readonly raw: Bytes;
}

export type Reason =
  | "malformed"
  | "signature"
  | "type"
  | "organisation"
  | "subject"
  | "team"
  | "role"
  | "not_yet"
  | "expired";

/** A certificate that does not hold here; `reason` is one of a few stable words. */
export class Untrusted extends Error {
  override readonly name = "Untrusted";
  readonly reason: Reason;

  constructor(reason: Reason) {
    super(reason);
    this.reason = reason;
  }
}

/** Sign a certificate; throws Malformed for one that nobody would accept. */
export async function issue(certificate: Certificate, issuer: SigningKey): Promise<Bytes> {
  check(certificate);
  const body = encode(certificate);
  return concat(body, await issuer.sign(concat(LABEL, body)));
}

export async function certId(raw: Uint8Array): Promise<Bytes> {
  return (await sha256(raw)).slice(0, 16);
}

/** Read a certificate to its last byte, or throw Malformed. The signature is not looked at. */
export function parseCertificate(raw: Uint8Array): Signed {
  const end = Math.max(0, raw.length - SIGNATURE_BYTES);
  const { number, bytes, text, list, left } = reader(raw.subarray(0, end));
  if (number(1) !== VERSION || number(1) !== SUITE) throw new Malformed("another version or suite");
  const certificate: Certificate = {
    type: typeOf(number(1)),
    organisation: text(),
    subject: text(),
    keys: list(bytes),
    roles: list(text),
    epoch: number(4),
    notBefore: number(8),
    notAfter: number(8),
  };
  if (left() !== 0) throw new Malformed("bytes after the end");
  check(certificate);
  return { certificate, signature: owned(raw).slice(end), raw: owned(raw).slice() };
}

/** Give the team-admin certificate when the pinned root vouches for it now; otherwise throw Untrusted. */
export async function checkAdmin(
  rootPublic: Uint8Array,
  admin: Uint8Array,
  { organisation, now }: { readonly organisation: string; readonly now: number },
): Promise<Signed> {
  const signed = read(admin);
  await checkPlace(signed, rootPublic, Type.TEAM_ADMIN, organisation, now);
  return signed;
}

/** Give the recovery certificate when the pinned root vouches for it now; otherwise throw Untrusted. */
export async function checkRecovery(
  rootPublic: Uint8Array,
  recovery: Uint8Array,
  { organisation, now }: { readonly organisation: string; readonly now: number },
): Promise<Signed> {
  const signed = read(recovery);
  await checkPlace(signed, rootPublic, Type.RECOVERY, organisation, now);
  return signed;
}

/** What is expected of a leaf. `role` is held in `team`, and is asked for together with it. */
export interface Expected {
  readonly organisation: string;
  readonly type: Type;
  /** Unix seconds: the device's now for new things, the server's minute for history. */
  readonly now: number;
  /** When the admin's certificate must hold, if that is another time: it may have got new days since the leaf was used. */
  readonly adminNow?: number;
  readonly subject?: string;
  readonly team?: string;
  readonly role?: string;
}

/**
 * Give the leaf when root, team admin and leaf hang together now; otherwise throw Untrusted.
 *
 * `subject` asks for exactly this one. `team` asks a team certificate to be this
 * team's, and a staff certificate to have some role in it; with `role`, that very role.
 */
export async function checkChain(
  rootPublic: Uint8Array,
  admin: Uint8Array,
  leaf: Uint8Array,
  expected: Expected,
): Promise<Signed> {
  if (expected.role !== undefined && expected.team === undefined) throw new RangeError("a role is held in a team");
  const { organisation, adminNow = expected.now } = expected;
  const [issuer] = (await checkAdmin(rootPublic, admin, { organisation, now: adminNow })).certificate.keys;
  const signed = read(leaf);
  await checkPlace(signed, issuer ?? new Uint8Array(0), expected.type, expected.organisation, expected.now);
  const { certificate } = signed;
  const { subject, team, role } = expected;
  if (subject !== undefined && certificate.subject !== subject) throw new Untrusted("subject");
  if (team !== undefined && !belongs(certificate, team)) throw new Untrusted("team");
  if (role !== undefined && !certificate.roles.includes(`${team}/${role}`)) throw new Untrusted("role");
  return signed;
}

function belongs(certificate: Certificate, team: string): boolean {
  if (certificate.type === Type.TEAM) return certificate.subject === team;
  return certificate.roles.some((role) => role.startsWith(`${team}/`));
}

function read(raw: Uint8Array): Signed {
  try {
    return parseCertificate(raw);
  } catch {
    throw new Untrusted("malformed");
  }
}

async function checkPlace(
  signed: Signed,
  issuer: Uint8Array,
  type: Type,
  organisation: string,
  now: number,
): Promise<void> {
  const { certificate, signature, raw } = signed;
  // The signature first: of bytes that nobody signed, no other fault is worth telling.
  const message = concat(LABEL, raw.subarray(0, -SIGNATURE_BYTES));
  if (!(await verify(issuer, signature, message))) throw new Untrusted("signature");
  if (certificate.type !== type) throw new Untrusted("type");
  if (certificate.organisation !== organisation) throw new Untrusted("organisation");
  // Written so that a time which is no number is refused too.
  if (!(now >= certificate.notBefore - TOLERANCE)) throw new Untrusted("not_yet");
  if (!(now < certificate.notAfter + TOLERANCE)) throw new Untrusted("expired");
}

function typeOf(n: number): Type {
  const type = Object.values(Type).find((known) => known === n);
  if (type === undefined) throw new Malformed("an unknown type");
  return type;
}

function check(certificate: Certificate): void {
  const checks = KEY_CHECKS[certificate.type];
  if (certificate.keys.length !== checks.length) throw new Malformed("another number of keys than its type has");
  certificate.keys.forEach((key, i) => {
    checks[i]?.(key);
  });
  if (certificate.roles.length > 0 && certificate.type !== Type.STAFF) throw new Malformed("only staff have roles");
  if (certificate.subject !== (SUBJECTS[certificate.type] ?? certificate.subject)) {
    throw new Malformed("what an organisation has one of has one name");
  }
  if (certificate.notBefore >= certificate.notAfter) throw new Malformed("times that make no span");
}

function encode(certificate: Certificate): Bytes {
  return concat(
    concat(u8(VERSION), u8(SUITE), u8(certificate.type)),
    lp(utf8(certificate.organisation)),
    lp(utf8(certificate.subject)),
    u8(certificate.keys.length),
    ...certificate.keys.map(lp),
    u8(certificate.roles.length),
    ...certificate.roles.map((role) => lp(utf8(role))),
    concat(u32(certificate.epoch), u64(certificate.notBefore), u64(certificate.notAfter)),
  );
}

/** Walks over bytes and never past their end. */
function reader(data: Uint8Array) {
  let at = 0;
  const take = (length: number): Bytes => {
    if (at + length > data.length) throw new Malformed("ends too early");
    at += length;
    return owned(data).slice(at - length, at);
  };
  const number = (length: number): number => toNumber(take(length));
  const bytes = (): Bytes => take(number(2));
  const text = (): string => fromUtf8(bytes());
  const list = <T>(item: () => T): T[] => Array.from({ length: number(1) }, item);
  return { number, bytes, text, list, left: () => data.length - at };
}
