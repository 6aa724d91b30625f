/**
 * MessagePack, the part of it that travels here: nil, booleans, whole numbers, text, bytes, lists, and maps with text for
 * keys. Anything else is refused, and so is what is cut off, nested deeper than any frame, longer than its limit, or said
 * twice in one map: a hostile server is an ordinary case.
 */

import { joined } from "../crypto/bytes.ts";
import { Malformed } from "../crypto/errors.ts";

/** The longest that is read of each. */
export interface Limits {
  readonly list: number;
  readonly map: number;
  readonly text: number;
  readonly bytes: number;
}

const DEEPEST = 8;
const utf8 = new TextEncoder();
const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** The bytes of *value*; a field of a map that is undefined is left out. */
export function encode(value: unknown): Uint8Array<ArrayBuffer> {
  const parts: (Uint8Array | readonly number[])[] = [];
  put(value, parts);
  return joined(parts);
}

function put(value: unknown, parts: (Uint8Array | readonly number[])[]): void {
  if (value === null || value === undefined) parts.push([0xc0]);
  else if (typeof value === "boolean") parts.push([value ? 0xc3 : 0xc2]);
  else if (typeof value === "number") parts.push(whole(value));
  else if (typeof value === "string") {
    const bytes = utf8.encode(value);
    parts.push(sized(bytes.length, 0xa0, 32, 0xd9), bytes);
  } else if (value instanceof Uint8Array) parts.push(sized(value.length, 0, 0, 0xc4), value);
  else if (Array.isArray(value)) {
    parts.push(sized(value.length, 0x90, 16, 0xdb));
    for (const one of value) put(one, parts);
  } else {
    const fields = Object.entries(value).filter(([, one]) => one !== undefined);
    parts.push(sized(fields.length, 0x80, 16, 0xdd));
    for (const [name, one] of fields) {
      put(name, parts);
      put(one, parts);
    }
  }
}

function whole(n: number): readonly number[] {
  if (!Number.isSafeInteger(n) || n < 0) throw new RangeError("not a whole number");
  if (n < 0x80) return [n];
  const power = n < 2 ** 8 ? 0 : n < 2 ** 16 ? 1 : n < 2 ** 32 ? 2 : 3;
  return [0xcc + power, ...big(n, 2 ** power)];
}

/** A short length lies in the first byte; a longer one follows a byte that tells its own size: *long*, + 1, + 2. */
function sized(length: number, short: number, below: number, long: number): readonly number[] {
  if (length < below) return [short + length];
  const power = length < 2 ** 8 && long < 0xdb ? 0 : length < 2 ** 16 ? 1 : 2;
  return [long + power, ...big(length, 2 ** power)];
}

function big(n: number, bytes: number): number[] {
  return Array.from({ length: bytes }, (_, i) => Math.floor(n / 256 ** (bytes - 1 - i)) % 256);
}

/** The value of *raw*, all of it; throws Malformed. Bytes in it are views of *raw*. */
export function decode(raw: Uint8Array, limits: Limits): unknown {
  const reader = new Reader(raw, limits);
  const value = reader.value(0);
  if (!reader.isAtEnd) throw new Malformed("more than one value");
  return value;
}

class Reader {
  readonly #raw: Uint8Array;
  readonly #limits: Limits;
  #at = 0;

  constructor(raw: Uint8Array, limits: Limits) {
    this.#raw = raw;
    this.#limits = limits;
  }

  get isAtEnd(): boolean {
    return this.#at === this.#raw.length;
  }

  value(depth: number): unknown {
    const { list, map } = this.#limits;
    const first = this.#number(1);
    if (first < 0x80) return first;
    if (first < 0x90) return this.#map(first & 15, map, depth);
    if (first < 0xa0) return this.#list(first & 15, list, depth);
    if (first < 0xc0) return this.#text(first & 31);
    if (first >= 0xe0) return first - 256;
    switch (first) {
      case 0xc0:
        return null;
      case 0xc2:
      case 0xc3:
        return first === 0xc3;
      case 0xc4:
      case 0xc5:
      case 0xc6:
        return this.#bytes(this.#number(2 ** (first - 0xc4)), this.#limits.bytes);
      case 0xcc:
      case 0xcd:
      case 0xce:
      case 0xcf:
        return this.#number(2 ** (first - 0xcc));
      case 0xd9:
      case 0xda:
      case 0xdb:
        return this.#text(this.#number(2 ** (first - 0xd9)));
      case 0xdc:
      case 0xdd:
        return this.#list(this.#number(first === 0xdc ? 2 : 4), list, depth);
      case 0xde:
      case 0xdf:
        return this.#map(this.#number(first === 0xde ? 2 : 4), map, depth);
      default:
        throw new Malformed("a type that does not travel here");
    }
  }

  #list(length: number, longest: number, depth: number): unknown[] {
    if (length > longest || depth >= DEEPEST) throw new Malformed("too long or too deep");
    return Array.from({ length }, () => this.value(depth + 1));
  }

  #map(length: number, longest: number, depth: number): object {
    if (length > longest || depth >= DEEPEST) throw new Malformed("too long or too deep");
    const fields = new Map<string, unknown>();
    for (let i = 0; i < length; i++) {
      const name = this.value(DEEPEST);
      const isFresh = typeof name === "string" && name !== "__proto__" && !fields.has(name);
      if (!isFresh) throw new Malformed("not a name, or twice the same");
      fields.set(name, this.value(depth + 1));
    }
    return Object.fromEntries(fields);
  }

  #text(length: number): string {
    try {
      return text.decode(this.#bytes(length, this.#limits.text));
    } catch {
      throw new Malformed("not text");
    }
  }

  #bytes(length: number, longest: number): Uint8Array {
    const end = this.#at + length;
    if (length > longest || end > this.#raw.length) throw new Malformed("too long, or cut off");
    const bytes = this.#raw.subarray(this.#at, end);
    this.#at = end;
    return bytes;
  }

  #number(bytes: number): number {
    const n = this.#bytes(bytes, bytes).reduce((sum, byte) => sum * 256 + byte, 0);
    if (!Number.isSafeInteger(n)) throw new Malformed("a number that a browser cannot count to");
    return n;
  }
}
