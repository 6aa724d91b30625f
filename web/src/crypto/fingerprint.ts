/** Digits that two people read to each other, to know that they have the same public keys before them. */

import { concat, lp, u8, utf8 } from "./bytes.ts";
import { sha256 } from "./primitives.ts";

/** Of five digits each: 99 bits, so that nobody finds other keys with the same. */
const GROUPS = 6;

/** Six groups of five digits for *parts* in this order; *label* says what they are. */
export async function digits(label: string, ...parts: readonly Uint8Array[]): Promise<string> {
  const hashed = await sha256(concat(utf8(label), u8(0), ...parts.map(lp)));
  const group = (n: number): string => {
    const value = hashed.slice(5 * n, 5 * n + 5).reduce((sum, byte) => sum * 256 + byte, 0);
    return String(value % 100_000).padStart(5, "0");
  };
  return Array.from({ length: GROUPS }, (_, n) => group(n)).join(" ");
}

/** Of an organisation's root. */
export function rootFingerprint(organisation: string, root: Uint8Array): Promise<string> {
  return digits("luwte/v1/fingerprint/root", utf8(organisation), root);
}

/** Who wants to join, as both screens know them. */
export interface Joining {
  readonly account: string;
  readonly team: string;
  readonly role: string;
  readonly ed25519: Uint8Array;
  readonly x25519: Uint8Array;
}

/** Of somebody who wants to join: their keys, and what they would be. */
export function memberFingerprint(organisation: string, who: Joining): Promise<string> {
  const { account, team, role, ed25519, x25519 } = who;
  return digits("luwte/v1/fingerprint/member", ...[organisation, account, team, role].map(utf8), ed25519, x25519);
}
