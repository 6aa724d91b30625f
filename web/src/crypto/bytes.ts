/** Bytes: joining, comparing, writing them down. No cryptography but chance and a careful comparison. */

import { Malformed } from "./errors.ts";

/** Bytes in memory of their own, as WebCrypto wants them. We take any `Uint8Array` and give these. */
export type Bytes = Uint8Array<ArrayBuffer>;

const encoder = new TextEncoder();

/** The same bytes, named as WebCrypto's types ask. No page here shares memory between threads. */
export function owned(data: Uint8Array): Bytes {
  return data as Bytes;
}

export function concat(...parts: readonly Uint8Array[]): Bytes {
  return joined(parts);
}

/** The same of a list, however long. */
export function joined(parts: readonly ArrayLike<number>[]): Bytes {
  const all = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

/** Whether both hold the same; takes as long for a near miss as for a far one. Lengths are no secret. */
export function equal(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  let difference = 0;
  for (let i = 0; i < a.length; i++) difference |= (a[i] ?? 0) ^ (b[i] ?? 0);
  return difference === 0;
}

export function utf8(text: string): Bytes {
  return encoder.encode(text);
}

/** Text that is exactly these bytes, or Malformed. A byte order mark stays: dropping it would change what was signed. */
export function fromUtf8(data: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(data);
  } catch {
    throw new Malformed("not text");
  }
}

export function u8(n: number): Bytes {
  return unsigned(n, 1);
}

export function u16(n: number): Bytes {
  return unsigned(n, 2);
}

export function u32(n: number): Bytes {
  return unsigned(n, 4);
}

export function u64(n: number): Bytes {
  return unsigned(n, 8);
}

function unsigned(n: number, length: number): Bytes {
  if (!Number.isSafeInteger(n) || n < 0 || n >= 256 ** length) throw new Malformed("a number that does not fit");
  const bytes = new Uint8Array(length);
  for (let i = length - 1, rest = n; i >= 0; i--, rest = Math.floor(rest / 256)) bytes[i] = rest % 256;
  return bytes;
}

/** A big-endian number, or Malformed when JavaScript cannot count that far exactly. */
export function toNumber(data: Uint8Array): number {
  const n = data.reduce((sum, byte) => sum * 256 + byte, 0);
  if (!Number.isSafeInteger(n)) throw new Malformed("a number that a browser cannot count to");
  return n;
}

/** `data` with its length before it, so that neighbours cannot trade bytes. */
export function lp(data: Uint8Array): Bytes {
  return concat(u16(data.length), data);
}

export function hex(data: Uint8Array): string {
  return Array.from(data, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

export function unhex(text: string): Bytes {
  if (!/^([0-9a-f]{2})*$/i.test(text)) throw new Malformed("not hexadecimal");
  return Uint8Array.from(text.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
}

export function base64(data: Uint8Array): string {
  let text = "";
  for (const byte of data) text += String.fromCharCode(byte);
  return btoa(text);
}

/** Strict: standard alphabet, padded, one spelling for each value. */
export function unbase64(text: string): Bytes {
  const bytes = Uint8Array.from(decode(text), (character) => character.charCodeAt(0));
  if (base64(bytes) !== text) throw new Malformed("not base64");
  return bytes;
}

function decode(text: string): string {
  try {
    return atob(text);
  } catch {
    throw new Malformed("not base64");
  }
}

export function random(length: number): Bytes {
  return crypto.getRandomValues(new Uint8Array(length));
}

/** Overwrite secrets that are no longer needed. The engine may have copies; this takes away the one we know. */
export function wipe(...secrets: readonly Uint8Array[]): void {
  for (const secret of secrets) secret.fill(0);
}
