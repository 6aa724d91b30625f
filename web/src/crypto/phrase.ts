/**
 * The return phrase: twelve words that stand for 128 bits, and the keys that grow from them. The words are BIP39's
 * English ones: 16 random bytes, then the first 4 bits of their SHA-256, are twelve numbers of 11 bits. The phrase
 * itself never travels: a locator finds what a key of its own opens, and neither tells the other.
 */

import { type Bytes, concat, random, wipe } from "./bytes.ts";
import { CannotOpen } from "./errors.ts";
import { hkdf, openSealed, sealed, sha256 } from "./primitives.ts";

export const WORDS = 12;
export const BOX_BYTES = 12 + 96 + 16;
const ENTROPY_BYTES = 16;
/** So many letters tell a word of the list from every other. */
const LETTERS = 4;
const BOX_ID = "phrase";
const WORD_BITS = 11n;
const CHECK_BITS = 4n;

/** On a paper that somebody finds these would say something. We draw phrases without them; we read them all the same. */
const TELLING = new Set("abuse crime danger escape gun help hurt police prison secret weapon".split(" "));

/** These are not twelve words that belong together. Never holds them. */
export class NotAPhrase extends Error {
  override readonly name = "NotAPhrase";
  /** The place of the first word that is none of ours, from 1. */
  readonly word: number | undefined;

  constructor(word?: number) {
    super("not a return phrase");
    this.word = word;
  }
}

/** What a visitor needs to go on elsewhere: VS, and the secrets of the conversation. */
export interface Carried {
  readonly vs: Uint8Array;
  readonly secrets: readonly [Uint8Array, Uint8Array];
}

let list: Promise<readonly string[]> | undefined;
let beginnings: ReadonlyMap<string, number> | undefined;

/** The list, in a file of its own. Asked for when the page begins: one that stays open through an upgrade has it. */
export function loadWords(): Promise<readonly string[]> {
  list ??= import("@scure/bip39/wordlists/english.js").then(
    ({ wordlist }) => wordlist,
    (reason) => {
      list = undefined; // a file that did not arrive may arrive later
      throw reason;
    },
  );
  return list;
}

/** Twelve fresh words, and what they stand for. */
export async function newPhrase(): Promise<{ readonly entropy: Bytes; readonly words: readonly string[] }> {
  for (;;) {
    const entropy = random(ENTROPY_BYTES);
    const words = await phraseWords(entropy);
    if (!words.some((word) => TELLING.has(word))) return { entropy, words };
  }
}

export async function phraseWords(entropy: Uint8Array): Promise<readonly string[]> {
  if (entropy.length !== ENTROPY_BYTES) throw new RangeError("a phrase stands for 16 bytes");
  const all = await loadWords();
  let bits = 0n;
  for (const byte of entropy) bits = (bits << 8n) | BigInt(byte);
  bits = (bits << CHECK_BITS) | (await check(entropy));
  const place = (n: number) => Number((bits >> (WORD_BITS * BigInt(WORDS - 1 - n))) & 0x7ffn);
  return Array.from({ length: WORDS }, (_, n) => all[place(n)] ?? "");
}

/**
 * The 16 bytes behind what somebody typed: any case, any accents, with numbers, commas or line breaks between. Throws
 * NotAPhrase; a slip in one word is noticed here fifteen times out of sixteen, without asking anybody.
 */
export async function readPhrase(text: string): Promise<Bytes> {
  const typed = await placesOf(text);
  let bits = 0n;
  for (const [at, place] of typed.entries()) {
    if (place === undefined) throw new NotAPhrase(at + 1);
    bits = (bits << WORD_BITS) | BigInt(place);
  }
  if (typed.length !== WORDS) throw new NotAPhrase();
  const entropy = new Uint8Array(ENTROPY_BYTES);
  for (let at = ENTROPY_BYTES - 1, rest = bits >> CHECK_BITS; at >= 0; at--, rest >>= 8n) {
    entropy[at] = Number(rest & 0xffn);
  }
  if ((await check(entropy)) !== (bits & 0xfn)) throw new NotAPhrase();
  return entropy;
}

/** Where in the list each typed word stands, by its first letters; undefined for one that is none of ours. */
export async function placesOf(text: string): Promise<readonly (number | undefined)[]> {
  const words = await loadWords();
  beginnings ??= new Map(words.map((word, place) => [word.slice(0, LETTERS), place]));
  const places = beginnings;
  const plain = text
    .normalize("NFKD")
    .replace(/[\u0300-\u036f]/g, "")
    .toLowerCase();
  return (plain.match(/[a-z]+/g) ?? []).map((word) => places.get(word.slice(0, LETTERS)));
}

/** Where the server finds what this phrase opens; it keeps the SHA-256. */
export function locatorOf(entropy: Uint8Array): Promise<Bytes> {
  return hkdf(entropy, "luwte/v1/phrase/locator");
}

export async function sealCarried(entropy: Uint8Array, organisation: string, { vs, secrets }: Carried): Promise<Bytes> {
  const [key, plain] = [await boxKey(entropy), concat(vs, ...secrets)];
  try {
    return await sealed(key, organisation, BOX_ID, plain);
  } finally {
    wipe(key, plain);
  }
}

/** Give what `sealCarried` got, or throw CannotOpen. */
export async function openCarried(entropy: Uint8Array, organisation: string, box: Uint8Array): Promise<Carried> {
  if (box.length !== BOX_BYTES) throw new CannotOpen();
  const key = await boxKey(entropy);
  try {
    const plain = await openSealed(key, organisation, BOX_ID, box);
    const carried: Carried = { vs: plain.slice(0, 32), secrets: [plain.slice(32, 64), plain.slice(64)] };
    wipe(plain);
    return carried;
  } finally {
    wipe(key);
  }
}

function boxKey(entropy: Uint8Array): Promise<Bytes> {
  return hkdf(entropy, "luwte/v1/phrase/seal");
}

async function check(entropy: Uint8Array): Promise<bigint> {
  return BigInt((await sha256(entropy))[0] ?? 0) >> (8n - CHECK_BITS);
}
