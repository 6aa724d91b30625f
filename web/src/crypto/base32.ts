/** Bytes in letters and digits that people copy by hand: five bits a sign, no padding. */

import type { Bytes } from "./bytes.ts";

/** RFC 4648, as apps for one-time codes read a secret. */
export const FOR_APPS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
/** Crockford's: without I, L, O and U, so that what looks alike is alike. */
export const FOR_PAPER = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/** Throws for a number of bytes that does not fill its last sign. */
export function base32(bytes: Uint8Array, alphabet: string): string {
  if (bytes.length % 5 !== 0) throw new RangeError("five bytes are eight signs");
  let [bits, have, text] = [0, 0, ""];
  for (const byte of bytes) {
    bits = (bits << 8) | byte;
    for (have += 8; have >= 5; have -= 5) text += alphabet.charAt((bits >> (have - 5)) & 31);
    bits &= 0xff;
  }
  return text;
}

/** In groups of four, for eyes and ears. */
export function grouped(text: string, between: string): string {
  return (text.match(/.{1,4}/g) ?? []).join(between);
}

/** What was written down from `FOR_PAPER`, however it was typed; undefined when it is none. */
export function fromPaper(typed: string): Bytes | undefined {
  const signs = typed.replace(/[\s-]/g, "").toUpperCase().replace(/O/g, "0").replace(/[IL]/g, "1");
  const bytes: number[] = [];
  let [bits, have] = [0, 0];
  for (const sign of signs) {
    const value = FOR_PAPER.indexOf(sign);
    if (value < 0) return undefined;
    bits = ((bits << 5) | value) & 0xfff;
    have += 5;
    if (have >= 8) {
      have -= 8;
      bytes.push((bits >> have) & 0xff);
    }
  }
  return have === 0 && bytes.length > 0 ? new Uint8Array(bytes) : undefined;
}
