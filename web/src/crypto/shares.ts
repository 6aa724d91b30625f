/**
 * Shares on paper: a key of 32 bytes that any two of three people restore together (or three of five), and of which one
 * alone knows nothing. What is shared is the key and a check value of it, so that a wrong share is noticed; what is
 * written down is eight lines of five words, so that a slip of the pen is noticed, with its line. Why it is made
 * like this: docs/decisions/0015.
 *
 *   bits   field
 *   4      version = 1
 *   3      key: 1 organisation root, 2 recovery
 *   3+3+3  number of this share, how many there are, how many restore
 *   32     set: random, the same on the papers of one ceremony
 *   304    the share: 32 bytes of the key, 5 of the check value, 1 that says where on the polynomial it lies
 *
 * 352 bits are 32 words of BIP39's English list, four to a line; the fifth word of each line checks it.
 */

import { split as divide, combine as interpolate } from "shamir-secret-sharing";
import { type Bytes, concat, equal, hex, lp, owned, random, u8, u16, utf8, wipe } from "./bytes.ts";
import { loadWords, placesOf } from "./phrase.ts";
import { hkdfSalted, sha256 } from "./primitives.ts";

export const LINES = 8;
export const WORDS_IN_A_LINE = 5;

const VERSION = 1;
const SECRET_BYTES = 32;
const CHECK_BYTES = 5;
const SET_BYTES = 4;
const POINT_BYTES = SECRET_BYTES + CHECK_BYTES + 1;
const MOST_SHARES = 7; // three bits
const WORD_BITS = 11n;
const EMPTY = new Uint8Array(0);

/** Which key is shared. */
export const SharedKey = { ROOT: 1, RECOVERY: 2 } as const;
export type SharedKey = (typeof SharedKey)[keyof typeof SharedKey];

/** What a set of shares is for; its check value holds for nothing else. */
export interface Sharing {
  readonly key: SharedKey;
  readonly organisation: string;
  readonly shares: number;
  readonly threshold: number;
}

export interface Share extends Omit<Sharing, "organisation"> {
  /** From 1 to `shares`. */
  readonly number: number;
  readonly set: Uint8Array;
  readonly point: Uint8Array;
}

/** One share as a person keeps it. Everything but the lines is said in plain words beside them. */
export interface Paper extends Sharing {
  readonly number: number;
  /** Eight hexadecimal digits that the papers of one ceremony have in common. */
  readonly set: string;
  /** Five words each. */
  readonly lines: readonly string[];
}

/**
 * slip: line `line` is not as it was written; version: of a later Luwte; other_key, other_set: share `share` (as its
 * paper numbers it) is of another key or ceremony; twice: one share came twice; few: `missing` more are needed; wrong:
 * they do not restore what was shared, and `share`, if it can be told, is the one to leave out.
 */
export type NotRestoredReason = "slip" | "version" | "other_key" | "other_set" | "twice" | "few" | "wrong";

/** These shares restore nothing. Never holds what was typed. */
export class NotRestored extends Error {
  override readonly name = "NotRestored";
  readonly reason: NotRestoredReason;
  readonly line: number | undefined;
  readonly share: number | undefined;
  readonly missing: number | undefined;

  constructor(reason: NotRestoredReason, where: { line?: number; share?: number; missing?: number } = {}) {
    super(reason);
    this.reason = reason;
    this.line = where.line;
    this.share = where.share;
    this.missing = where.missing;
  }
}

/** Divide a 32-byte key among people. */
export async function split(secret: Uint8Array, sharing: Sharing): Promise<readonly Share[]> {
  if (secret.length !== SECRET_BYTES) throw new RangeError("a shared key has 32 bytes");
  const { key, shares, threshold } = sharing;
  if (!sound(sharing)) throw new RangeError("two or more of at most seven");
  const set = random(SET_BYTES);
  const whole = concat(secret, await checkValue(secret, sharing, set));
  try {
    const points = await divide(whole, shares, threshold);
    return points.map((point, at) => ({ key, shares, threshold, number: at + 1, set, point }));
  } finally {
    wipe(whole);
  }
}

/** The eight lines that somebody writes down, and what is said beside them. */
export async function toPaper(share: Share, organisation: string): Promise<Paper> {
  const { key, number, shares, threshold, set } = share;
  const data = places(share);
  const words = await loadWords();
  const lines: string[] = [];
  let first: readonly number[] | undefined;
  for (let line = 1; line <= LINES; line++) {
    const four = data.slice((line - 1) * 4, line * 4);
    const five = [...four, residue([...four, 0]) ^ (await mark(line, first))];
    first ??= five;
    lines.push(five.map((place) => words[place]).join(" "));
  }
  return { key, organisation, number, shares, threshold, set: hex(set), lines };
}

/**
 * The share in the lines that somebody typed, one string a line, read as a return phrase is: any case, four letters are
 * enough. Throws NotRestored: "slip" with the first line that is not as it was written, or "version".
 */
export async function fromPaper(lines: readonly string[]): Promise<Share> {
  const data: number[] = [];
  let first: readonly number[] | undefined;
  for (let line = 1; line <= Math.max(LINES, lines.length); line++) {
    const five = await readLine(lines[line - 1] ?? "");
    if (line > LINES || five === undefined || residue(five) !== (await mark(line, first))) {
      throw new NotRestored("slip", { line });
    }
    first ??= five;
    data.push(...five.slice(0, -1));
  }
  return shareOf(data);
}

/** Whether both say the same words, however they are typed. */
export async function sameLine(typed: string, written: string): Promise<boolean> {
  const [a, b] = [await readLine(typed), await readLine(written)];
  return a !== undefined && b !== undefined && a.every((place, at) => place === b[at]);
}

/**
 * Restore a key from shares of one set. More than are needed may be given; then all must agree. Throws NotRestored for
 * everything that does not restore exactly what was split for this organisation, as this key.
 */
export async function combine(
  shares: readonly Share[],
  { key, organisation }: Pick<Sharing, "key" | "organisation">,
): Promise<Bytes> {
  const [one] = shares;
  if (one === undefined) throw new NotRestored("few");
  for (const share of shares) {
    if (share.key !== key) throw new NotRestored("other_key", { share: share.number });
    if (!sameSet(share, one)) throw new NotRestored("other_set", { share: share.number });
  }
  const numbers = shares.map((share) => share.number);
  const again = numbers.find((number, at) => numbers.indexOf(number) !== at);
  if (again !== undefined) throw new NotRestored("twice", { share: again });
  if (!sound(one)) throw new NotRestored("wrong");
  const missing = one.threshold - shares.length;
  if (missing > 0) throw new NotRestored("few", { missing });
  return agreed(shares, { key, organisation, shares: one.shares, threshold: one.threshold });
}

/** What every part of the shares gives that is just enough; or the one share in whose company nothing fits. */
async function agreed(shares: readonly Share[], sharing: Sharing): Promise<Bytes> {
  const fitting = new Set<Share>();
  let secret: Bytes | undefined;
  for (const few of choices(shares, sharing.threshold)) {
    const found = await restored(few, sharing);
    if (found === undefined) continue;
    for (const share of few) fitting.add(share);
    secret ??= found;
  }
  if (secret === undefined) throw new NotRestored("wrong");
  const stranger = shares.find((share) => !fitting.has(share));
  if (stranger === undefined) return secret;
  wipe(secret);
  throw new NotRestored("wrong", { share: stranger.number });
}

async function restored(shares: readonly Share[], sharing: Sharing): Promise<Bytes | undefined> {
  const points = shares.map(({ point }) => point);
  // No set has one place twice; and whoever wrote down place 0 could write down any key and its check value.
  const at = new Set(points.map((point) => point.at(-1)));
  if (at.size < points.length || at.has(0)) return undefined;
  const whole = owned(await interpolate(points as Uint8Array[]));
  const [secret, check] = [whole.slice(0, SECRET_BYTES), whole.slice(SECRET_BYTES)];
  const fits = equal(check, await checkValue(secret, sharing, shares[0]?.set ?? EMPTY));
  wipe(whole);
  if (fits) return secret;
  wipe(secret);
  return undefined;
}

/** Every way to take `count` of them. */
function choices<T>(all: readonly T[], count: number): T[][] {
  if (count === 0) return [[]];
  return all.flatMap((item, at) => choices(all.slice(at + 1), count - 1).map((rest) => [item, ...rest]));
}

/** Shared together with the key, and so as unknown as the key to whoever holds too few shares. */
function checkValue(secret: Uint8Array, sharing: Sharing, set: Uint8Array): Promise<Bytes> {
  const { key, organisation, shares, threshold } = sharing;
  const numbers = concat(u8(key), u8(shares), u8(threshold));
  const place = concat(utf8("luwte/v1/share-check\0"), lp(utf8(organisation)), numbers, set);
  return hkdfSalted(secret, EMPTY, place, CHECK_BYTES);
}

function sameSet(a: Share, b: Share): boolean {
  return equal(a.set, b.set) && a.shares === b.shares && a.threshold === b.threshold;
}

function sound({ shares, threshold }: Pick<Sharing, "shares" | "threshold">): boolean {
  return threshold >= 2 && threshold <= shares && shares <= MOST_SHARES;
}

async function readLine(typed: string): Promise<readonly number[] | undefined> {
  const words = await placesOf(typed);
  const known = words.filter((place) => place !== undefined);
  return words.length === WORDS_IN_A_LINE && known.length === WORDS_IN_A_LINE ? known : undefined;
}

/**
 * What a line comes to as a number of GF(2^11): word after word, times x, plus the next. No change of one word, and no
 * two words that trade places, leave it as it was.
 */
function residue(five: readonly number[]): number {
  return five.reduce((sum, place) => (sum << 1) ^ (sum & 0x400 ? 0x805 : 0) ^ place, 0);
}

/** What line `line` must come to: no two lines of one ceremony's papers the same, and of others' one in 1024. */
async function mark(line: number, first: readonly number[] | undefined): Promise<number> {
  if (first === undefined) return line;
  // The first word says which share this is, the next three which set.
  const [which = 0, ...set] = first.slice(0, -1);
  const [high = 0, low = 0] = await sha256(concat(utf8("luwte/v1/share-line\0"), ...set.map(u16)));
  return 0x400 | ((((high << 8) | low) & 0x3ff) ^ (((which >> 1) & 7) << 4) ^ line);
}

/** The 32 words of data of a share, by their places in the list. */
function places({ key, number, shares, threshold, set, point }: Share): readonly number[] {
  let bits = BigInt(VERSION);
  for (const field of [key, number, shares, threshold]) bits = (bits << 3n) | BigInt(field);
  for (const byte of concat(set, point)) bits = (bits << 8n) | BigInt(byte);
  const count = LINES * (WORDS_IN_A_LINE - 1);
  return Array.from({ length: count }, (_, at) => Number((bits >> (WORD_BITS * BigInt(count - 1 - at))) & 0x7ffn));
}

function shareOf(data: readonly number[]): Share {
  let bits = data.reduce((sum, place) => (sum << WORD_BITS) | BigInt(place), 0n);
  const take = (width: bigint): number => {
    const value = Number(bits & ((1n << width) - 1n));
    bits >>= width;
    return value;
  };
  const bytes = Uint8Array.from({ length: SET_BYTES + POINT_BYTES }, () => take(8n)).reverse();
  const [threshold, shares, number, key] = [take(3n), take(3n), take(3n), take(3n)];
  if (take(4n) !== VERSION) throw new NotRestored("version");
  const share = { number, shares, threshold, set: bytes.slice(0, SET_BYTES), point: bytes.slice(SET_BYTES) };
  const shared = Object.values(SharedKey).find((known) => known === key);
  // Two slips in one line can cancel out; these numbers no paper has.
  if (shared === undefined || !sound(share) || number < 1 || number > shares)
    throw new NotRestored("slip", { line: 1 });
  return { ...share, key: shared };
}
