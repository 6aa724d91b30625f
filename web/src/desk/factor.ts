/** A second factor as a browser makes it: a secret for an app, and ten codes on paper in its place. */

import { base32, FOR_APPS, FOR_PAPER, fromPaper, grouped } from "../crypto/base32.ts";
import { base64, equal, random } from "../crypto/bytes.ts";

const SECRET_BYTES = 20;
export const RECOVERY_CODES = 10;
const RECOVERY_BYTES = 10;

/** What the server is sent, here and at joining. */
export interface Enrolment {
  readonly secret: string; // base64
  readonly code: string;
  readonly recovery: readonly string[]; // base64
}

export interface Factor {
  readonly secret: Uint8Array;
  readonly recovery: readonly Uint8Array[];
}

export const newFactor = (): Factor => ({ secret: random(SECRET_BYTES), recovery: newRecoveryCodes() });

export const newRecoveryCodes = (): readonly Uint8Array[] =>
  Array.from({ length: RECOVERY_CODES }, () => random(RECOVERY_BYTES));

export const enrolment = ({ secret, recovery }: Factor, code: string): Enrolment => ({
  secret: base64(secret),
  code,
  recovery: recovery.map(base64),
});

/** For whoever cannot point a camera at the screen: an app takes it without its spaces. */
export const secretText = (secret: Uint8Array): string => grouped(base32(secret, FOR_APPS), " ");

export const recoveryText = (code: Uint8Array): string => grouped(base32(code, FOR_PAPER), "-");

/** Whether one of *codes* was typed, however it was written down. */
export function isOneOf(codes: readonly Uint8Array[], typed: string): boolean {
  const bytes = fromPaper(typed);
  return bytes !== undefined && codes.some((code) => equal(code, bytes));
}

/**
 * What an app reads from the picture. It says Luwte and a name within the organisation, and not which organisation: an
 * app shows it to whoever looks at the phone.
 */
export function appAddress(secret: Uint8Array, name: string): string {
  const issuer = "Luwte";
  return `otpauth://totp/${issuer}:${encodeURIComponent(name)}?secret=${base32(secret, FOR_APPS)}&issuer=${issuer}`;
}
