/** Handing on, as the screens see it: who is on shift, what is offered, who is muted. The session fills it. */

import type { ReadonlySignal } from "@preact/signals";

export interface Colleague {
  readonly account: string;
  readonly name: string;
  readonly held: number;
}

/** Something that a colleague asks us to go on with. */
export interface Offer {
  readonly conv: string;
  readonly number: number;
  readonly name: string;
}

/** What we asked a colleague. */
export interface Asked {
  readonly number: number;
  readonly name: string;
}

export type Why = "accepted" | "declined" | "withdrawn" | "late" | "gone" | "over";

/** What became of an offer, ours or one to us; told once. */
export interface News extends Asked {
  readonly ours: boolean;
  readonly why: Why;
}

export interface Handing {
  /** How many conversations one may have; undefined until the server told. */
  readonly limit: ReadonlySignal<number | undefined>;
  readonly colleagues: ReadonlySignal<readonly Colleague[]>;
  readonly offers: ReadonlySignal<readonly Offer[]>;
  readonly asked: ReadonlySignal<ReadonlyMap<string, Asked>>;
  readonly muted: ReadonlySignal<ReadonlySet<string>>;
  readonly news: ReadonlySignal<News | undefined>;

  /** Each deed waits for the server's answer; false: it was not done, and `trouble` says why. */
  handOver(conv: string, account: string): Promise<boolean>;
  withdraw(conv: string): Promise<boolean>;
  answer(conv: string, accept: boolean): Promise<boolean>;
  giveBack(conv: string): Promise<boolean>;
  mute(conv: string, on: boolean): Promise<boolean>;
}
