/** Which 32 bytes may be a public key, and what both makers of curve arithmetic (native, portable) must offer. */

import type { KEM, KeyPair } from "hpke";
import { type Bytes, hex, owned, unhex } from "./bytes.ts";
import { Malformed } from "./errors.ts";

/** An X25519 key pair. Native private keys cannot be exported. */
export interface AgreementKey {
  readonly publicKey: Bytes;
  readonly pair: KeyPair;
}

/** An Ed25519 key that signs and does not show itself. */
export interface SigningKey {
  readonly publicKey: Bytes;
  sign(message: Uint8Array): Promise<Bytes>;
}

export interface Agreement {
  agreementKey(privateBytes: Uint8Array): Promise<AgreementKey>;
  readonly kem: () => Readonly<KEM>;
}

export interface Signatures {
  signingKey(seed: Uint8Array): Promise<SigningKey>;
  /** The equation alone; the caller has checked the points' bytes. */
  holds(publicKey: Uint8Array, signature: Uint8Array, message: Uint8Array): Promise<boolean>;
}

// Little-endian, as on the wire.
const FIELD_PRIME = unhex(`ed${"ff".repeat(30)}7f`);
const GROUP_ORDER = unhex(`edd3f55c1a631258d69cf7a2def9de14${"00".repeat(15)}10`);

// The points of order 1, 2, 4 and 8. A shared secret made with one of them is known to everybody.
const LOW_ORDER_U = new Set([
  "00".repeat(32),
  `01${"00".repeat(31)}`,
  `ec${"ff".repeat(30)}7f`,
  "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
  "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
]);

// The same for Edwards y, the sign bit cleared. With such a key or R, a signature can fit any message.
const SMALL_ORDER_Y = new Set([
  "00".repeat(32),
  `01${"00".repeat(31)}`,
  `ec${"ff".repeat(30)}7f`,
  "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
  "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
]);

/** Give the key back, or throw Malformed when it may not be used: short, zero, of low order, oddly spelled. */
export function checkX25519(publicKey: Uint8Array): Bytes {
  // A second spelling of a key (above the prime, or its top bit set) would have another hash.
  if (publicKey.length !== 32 || !isLess(publicKey, FIELD_PRIME) || LOW_ORDER_U.has(hex(publicKey))) {
    throw new Malformed("an X25519 key that must not be used");
  }
  return owned(publicKey);
}

/** Give the key back, or throw Malformed when it may not be used. */
export function checkEd25519(publicKey: Uint8Array): Bytes {
  if (!isSoundPoint(publicKey)) throw new Malformed("an Ed25519 key that must not be used");
  return owned(publicKey);
}

/** Whether R and s are the only spelling of themselves, and R is not of small order. */
export function isSoundSignature(signature: Uint8Array): boolean {
  return (
    signature.length === 64 && isSoundPoint(signature.subarray(0, 32)) && isLess(signature.subarray(32), GROUP_ORDER)
  );
}

/** Whether these bytes may be an Ed25519 key or R: the only spelling of their y, and not of small order. */
export function isSoundPoint(encoded: Uint8Array): boolean {
  if (encoded.length !== 32) return false;
  const y = encoded.slice();
  y[31] = (y[31] ?? 0) & 0x7f;
  return isLess(y, FIELD_PRIME) && !SMALL_ORDER_Y.has(hex(y));
}

/** Compare little-endian numbers of 32 bytes. Only public values come here, so it may stop early. */
function isLess(a: Uint8Array, b: Uint8Array): boolean {
  for (let i = 31; i >= 0; i--) {
    const [x, y] = [a[i] ?? 0, b[i] ?? 0];
    if (x !== y) return x < y;
  }
  return false;
}
