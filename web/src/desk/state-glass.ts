/** What a desk shows of broken glass: conversations that somebody opened though they were not theirs. */

import type { ReadonlySignal } from "@preact/signals";

export const grounds = ["danger", "absent", "complaint", "law"] as const;
export type Ground = (typeof grounds)[number];

export interface Broken {
  readonly key: number;
  readonly number: number;
  readonly by: string;
  readonly basis: Ground;
  /** In their own words; empty once the conversation is erased. */
  readonly reason: string;
  readonly minute: number;
  /** It was us: somebody else has to say that they saw it. */
  readonly mine: boolean;
}

export interface Glass {
  /** What nobody has said yet that they saw; for those who watch over it. */
  readonly broken: ReadonlySignal<readonly Broken[]>;
  /** Open the conversation with this number on this day (days since 1970), to read. The refusal's code, or undefined. */
  open(number: number, day: number, basis: Ground, reason: string): Promise<string | undefined>;
  close(conv: string): void;
  /** Say by name that we saw it. */
  see(key: number): void;
}
