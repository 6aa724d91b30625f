/** One's own account: what is shown of it, and what can be asked. Each answer is undefined, or one plain code. */

import type { Enrolment } from "./factor.ts";

export interface OwnSession {
  readonly id: string; // base64
  /** Unix minute. */
  readonly began: number;
  /** The one of this desk. */
  readonly here: boolean;
}

export interface Own {
  readonly secondFactor: boolean;
  readonly recoveryCodes: number;
  readonly sheet: boolean;
  readonly sessions: readonly OwnSession[];
}

export interface OwnAccount {
  look(): Promise<Own | string>;
  /** Whether this is the passphrase. */
  knows(passphrase: string): Promise<string | undefined>;
  setSecondFactor(passphrase: string, made: Enrolment): Promise<string | undefined>;
  setRecoveryCodes(passphrase: string, codes: readonly Uint8Array[]): Promise<string | undefined>;
  /** Every other session ends. */
  setPassphrase(passphrase: string, fresh: string): Promise<string | undefined>;
  /** Keep what *sheet*, 16 bytes, opens; it stays here. */
  setSheet(passphrase: string, sheet: Uint8Array): Promise<string | undefined>;
  /** Without *id* all others. */
  endSession(id: string | undefined): Promise<string | undefined>;
}
