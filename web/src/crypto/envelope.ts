/** The envelope: the 194 bytes that the server reads, and the sealed part that it cannot. */

import { type Bytes, concat, equal, fromUtf8, owned, random, toNumber, u8, u32, u64, utf8 } from "./bytes.ts";
import { type SigningKey, verify } from "./curves.ts";
import { CannotOpen, Malformed } from "./errors.ts";
import { pad, SIZES, unpad } from "./padding.ts";
import { decrypt, encrypt, hkdfSalted, sha256 } from "./primitives.ts";

export { BUCKETS, MAX_BODY, pad, unpad } from "./padding.ts";

export const VERSION = 1;
export const SUITE = 1;
export const MESSAGE = 1;
export const ROTATION = 5;
export const VISITOR = 1;
export const TEAM = 2;
export const NOTE = 3;
export const SHARED_LOG = 1;
export const TEAM_LOG = 2;
export const HEADER_BYTES = 162;
export const PLAIN_BYTES = 194;
export const TAG_BYTES = 16;
export const MAX_ENVELOPE = 16594;
export const NO_PREVIOUS: Uint8Array = new Uint8Array(32);

const TEXT = 1;
const START = concat(utf8("LW"), u8(VERSION), u8(SUITE));
const ZERO_NONCE = new Uint8Array(12);

/** Another version or suite: not damage, but not ours to read. */
export class UnknownVersion extends Malformed {
  override readonly name = "UnknownVersion";
}

/** What an envelope says in the open. It has no salt: `seal` draws one, each time. */
export interface Header {
  readonly klass: number;
  readonly direction: number;
  readonly conv: Uint8Array;
  readonly generation: number;
  readonly sender: Uint8Array;
  readonly seq: number;
  readonly msgId: Uint8Array;
  readonly prev: Uint8Array;
  readonly seenSeq: number;
  readonly seenHead: Uint8Array;
}

export interface SaltedHeader extends Header {
  readonly salt: Uint8Array;
}

/** Read the header; throws Malformed for bytes that are no envelope. Says nothing about what is allowed. */
export function parse(envelope: Uint8Array): SaltedHeader {
  if (!equal(envelope.subarray(0, 2), START.subarray(0, 2)) || envelope.length < 4)
    throw new Malformed("not an envelope");
  if (!equal(envelope.subarray(0, 4), START)) throw new UnknownVersion("another version or suite");
  if (!SIZES.has(envelope.length - PLAIN_BYTES - TAG_BYTES)) throw new Malformed("no size that an envelope has");
  return {
    klass: toNumber(envelope.subarray(4, 5)),
    direction: toNumber(envelope.subarray(5, 6)),
    conv: envelope.slice(6, 22),
    generation: toNumber(envelope.subarray(22, 26)),
    sender: envelope.slice(26, 34),
    seq: toNumber(envelope.subarray(34, 42)),
    msgId: envelope.slice(42, 58),
    prev: envelope.slice(58, 90),
    seenSeq: toNumber(envelope.subarray(90, 98)),
    seenHead: envelope.slice(98, 130),
    salt: envelope.slice(130, 162),
  };
}

/** Seal `body` under a fresh salt. */
export function seal(secret: Uint8Array, header: Header, body: Uint8Array): Promise<Bytes> {
  return sealWith(secret, header, async () => body);
}

/** Seal `content` of a staff member, signed together with the header that it travels in. */
export function sealSigned(
  secret: Uint8Array,
  header: Header,
  certId: Uint8Array,
  signer: SigningKey,
  content: Uint8Array,
): Promise<Bytes> {
  return sealWith(secret, header, (salted) => staffBody(salted, certId, signer, content));
}

/** Give the body, or throw CannotOpen. The commitment is compared before anything is decrypted. */
export async function openEnvelope(secret: Uint8Array, envelope: Uint8Array): Promise<Bytes> {
  if (!isReadable(envelope)) throw new CannotOpen();
  const { key, commitment } = await derive(secret, envelope.subarray(0, HEADER_BYTES));
  // AES-GCM can be made to open under two keys; the commitment cannot.
  if (!equal(commitment, envelope.subarray(HEADER_BYTES, PLAIN_BYTES))) throw new CannotOpen();
  const plain = envelope.subarray(0, PLAIN_BYTES);
  const padded = await decrypt(key, ZERO_NONCE, envelope.subarray(PLAIN_BYTES), plain);
  return orCannotOpen(() => unpad(padded));
}

/** The first 162 bytes of an envelope; throws Malformed when a field does not fit. */
export function pack(header: SaltedHeader): Bytes {
  checkReadable(header);
  return concat(
    START,
    u8(header.klass),
    u8(header.direction),
    exactly(16, header.conv),
    u32(header.generation),
    exactly(8, header.sender),
    u64(header.seq),
    exactly(16, header.msgId),
    exactly(32, header.prev),
    u64(header.seenSeq),
    exactly(32, header.seenHead),
    exactly(32, header.salt),
  );
}

/** What a person typed. Half a character (a cut emoji) becomes U+FFFD: better sent marred than not at all. */
export function textContent(text: string): Bytes {
  return concat(u8(TEXT), utf8(text));
}

/** The text, or CannotOpen: what came out of an envelope is still a stranger's. */
export function readContent(content: Uint8Array): string {
  if (content[0] !== TEXT) throw new CannotOpen();
  return orCannotOpen(() => fromUtf8(content.subarray(1)));
}

/** What a staff member seals; `header` already has the salt, because the signature covers it. */
export async function staffBody(
  header: SaltedHeader,
  certId: Uint8Array,
  signer: SigningKey,
  content: Uint8Array,
): Promise<Bytes> {
  const signature = await signer.sign(signed(pack(header), exactly(16, certId), content));
  return concat(certId, signature, content);
}

/**
 * Give what a staff member said, or throw CannotOpen unless `keyOf(certId)` is a key that signed exactly this.
 *
 * `keyOf` answers with the Ed25519 key of a certificate that it has checked, or undefined.
 */
export async function readStaffBody(
  envelope: Uint8Array,
  body: Uint8Array,
  keyOf: (certId: Bytes) => Uint8Array | undefined | Promise<Uint8Array | undefined>,
): Promise<{ readonly certId: Bytes; readonly content: Bytes }> {
  const [certId, content] = [owned(body).slice(0, 16), owned(body).slice(80)];
  const key = await keyOf(certId);
  if (key === undefined) throw new CannotOpen();
  const message = signed(envelope.subarray(0, HEADER_BYTES), certId, content);
  if (!(await verify(key, body.subarray(16, 80), message))) throw new CannotOpen();
  return { certId, content };
}

/** The head of a log before its first envelope. */
export function headZero(conv: Uint8Array, log: number): Promise<Bytes> {
  return sha256(concat(utf8("luwte/v1/head\0"), conv, u8(log)));
}

/** The head after envelope `n`: two sides with the same head have read the same things in the same order. */
export function headNext(head: Uint8Array, n: number, envelopeHash: Uint8Array): Promise<Bytes> {
  return sha256(concat(head, u64(n), envelopeHash));
}

async function sealWith(
  secret: Uint8Array,
  header: Header,
  body: (salted: SaltedHeader) => Promise<Uint8Array>,
): Promise<Bytes> {
  // The salt is drawn here and nowhere else: with it each message has a key of its own, and the zero nonce is safe.
  const salted = { ...header, salt: random(32) };
  const start = pack(salted);
  const { key, commitment } = await derive(secret, start);
  const plain = concat(start, commitment);
  return concat(plain, await encrypt(key, ZERO_NONCE, pad(await body(salted)), plain));
}

async function derive(secret: Uint8Array, start: Uint8Array): Promise<{ key: Bytes; commitment: Bytes }> {
  if (secret.length !== 32) throw new RangeError("a conversation secret has 32 bytes");
  const info = concat(utf8("luwte/v1/msg\0"), await sha256(start));
  const both = await hkdfSalted(secret, start.subarray(130, 162), info, 64);
  return { key: both.subarray(0, 32), commitment: both.subarray(32) };
}

function isReadable(envelope: Uint8Array): boolean {
  try {
    checkReadable(parse(envelope));
    return true;
  } catch {
    return false;
  }
}

function checkReadable(header: Header): void {
  const isStaffs = header.direction === TEAM || header.direction === NOTE;
  const isVisitors = header.direction === VISITOR && header.klass === MESSAGE;
  if (!isVisitors && !(isStaffs && (header.klass === MESSAGE || header.klass === ROTATION))) {
    throw new Malformed("a class or direction that is not in use");
  }
}

function exactly(length: number, field: Uint8Array): Uint8Array {
  if (field.length !== length) throw new Malformed("a field of the wrong length");
  return field;
}

function signed(start: Uint8Array, certId: Uint8Array, content: Uint8Array): Bytes {
  return concat(utf8("luwte/v1/sig\0"), start, certId, content);
}

function orCannotOpen<T>(read: () => T): T {
  try {
    return read();
  } catch {
    throw new CannotOpen();
  }
}
