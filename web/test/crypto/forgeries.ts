/** Signatures that hold by the equation and must be refused all the same. */

import { createHash } from "node:crypto";
import { ed25519 } from "@noble/curves/ed25519.js";
import { concat } from "../../src/crypto/bytes.ts";

export const PRIME = 2n ** 255n - 19n;
export const ORDER = 2n ** 252n + 27742317777372353535851937790883648493n;
export const NEUTRAL = little(1n);

/** R is the neutral point: s = k * a needs the secret, but tells it to everybody who divides by k. */
export function withNeutralR(seed: Uint8Array, message: Uint8Array): Uint8Array {
  const { scalar, pointBytes } = ed25519.utils.getExtendedPublicKey(seed);
  const k = number(sha512(concat(NEUTRAL, pointBytes, message)));
  return concat(NEUTRAL, little((k * scalar) % ORDER));
}

/** Under the neutral key any R = s * B fits every message. */
export function forNeutralKey(seed: Uint8Array): Uint8Array {
  const { scalar, pointBytes } = ed25519.utils.getExtendedPublicKey(seed);
  return concat(pointBytes, little(scalar % ORDER));
}

export function sha512(data: Uint8Array): Uint8Array {
  return createHash("sha512").update(data).digest();
}

export function number(bytes: Uint8Array): bigint {
  return bytes.reduceRight((sum, byte) => sum * 256n + BigInt(byte), 0n);
}

export function little(n: bigint): Uint8Array<ArrayBuffer> {
  return Uint8Array.from({ length: 32 }, (_, i) => Number((n >> BigInt(8 * i)) & 255n));
}
