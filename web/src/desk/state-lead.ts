/** What the desk shows of the line, of calls for a colleague and of the shift. */

import type { ReadonlySignal } from "@preact/signals";

export interface LineState {
  readonly open: boolean;
  /** Unix minute at which that changes; undefined where nobody knows. */
  readonly until: number | undefined;
  /** The lead who opened or closed it by hand. */
  readonly by: string | undefined;
}

export interface Alarm {
  readonly conv: string; // hex
  readonly number: number;
  readonly asked: number;
  readonly by: string;
  readonly coming: string | undefined;
  /** It is about a conversation of ours. */
  readonly mine: boolean;
  /** We said that we come. */
  readonly going: boolean;
}

export interface Running {
  readonly conv: string;
  readonly number: number;
  readonly since: number;
  readonly holder: string;
  readonly companions: readonly string[];
}

export interface Picture {
  readonly waiting: number;
  readonly away: number;
  /** How many conversations one counsellor may have. */
  readonly limit: number;
  readonly longest: number | undefined;
  readonly running: readonly Running[];
  readonly desks: readonly { readonly name: string; readonly held: number; readonly here: boolean }[];
  readonly answered: number;
  readonly missed: number;
}

/** Somebody who lost everything, and is given nothing before a minute. */
export interface Returning {
  readonly account: string;
  readonly name: string;
  /** The name of the account that theirs is in the place of. */
  readonly before: string;
  readonly from: number;
}

export const stepReasons = ["asked", "danger", "supervision", "complaint"] as const;
export type StepReason = (typeof stepReasons)[number];

export interface LeadSession {
  readonly isLead: ReadonlySignal<boolean>;
  readonly line: ReadonlySignal<LineState | undefined>;
  readonly alarms: ReadonlySignal<readonly Alarm[]>;
  /** Conversations for which we called and the server has not said so yet; it is said again until it has. */
  readonly calling: ReadonlySignal<ReadonlySet<string>>;
  /** Who reads along, by conversation of ours. */
  readonly company: ReadonlySignal<ReadonlyMap<string, readonly string[]>>;
  readonly picture: ReadonlySignal<Picture | undefined>;
  readonly returning: ReadonlySignal<readonly Returning[]>;

  openLine(): void;
  closeLine(): void;
  call(conv: string): void;
  come(conv: string): void;
  solve(conv: string): void;
  stepIn(conv: string, reason: StepReason): void;
  stepOut(conv: string): void;
  takeOver(conv: string): void;
}
