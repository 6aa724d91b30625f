/** What somebody sees who has no desk: a reviewer the records, an admin the house. */

import type { ReadonlySignal } from "@preact/signals";

export interface SignedInSince {
  readonly account: string;
  /** Unix minute. */
  readonly began: number;
}

export interface House {
  readonly open: boolean;
  /** Unix minute at which that changes; undefined where nobody knows. */
  readonly until: number | undefined;
  /** How many colleagues have a desk open. */
  readonly desks: number;
  /** Unix minute at which the record of who did what was last signed. */
  readonly signed: number | undefined;
  readonly sessions: readonly SignedInSince[];
}

export interface Office {
  /** Undefined until it was read once, and for who is no admin. */
  readonly house: ReadonlySignal<House | undefined>;
  /** Of the last deed. */
  readonly trouble: ReadonlySignal<string | undefined>;
  /** Sign a colleague out everywhere: what they had waits again. */
  signOut(account: string): Promise<boolean>;
}
