/** What the visitor's screens show, and what they can ask for. The session fills it, the views read it. */

import type { ReadonlySignal } from "@preact/signals";

/** "unsent": it never will be. */
export type Delivery = "sending" | "sent" | "delivered" | "read" | "retrying" | "unsent";

export interface Line {
  /** Unique on this page; stable while the message moves from sending to sent. */
  readonly id: string;
  readonly from: "me" | "them";
  readonly text: string;
  /** Unix minute of the server; undefined until it is stored. */
  readonly minute: number | undefined;
  readonly delivery: Delivery;
  /** "doubt": it could not be verified, and `text` is empty. "swap": no message, a colleague goes on from here. */
  readonly kind: "text" | "doubt" | "swap";
}

/** Typed here, and not with the server. */
export const isOnlyHere = ({ delivery }: { readonly delivery: Delivery }): boolean =>
  delivery === "sending" || delivery === "retrying" || delivery === "unsent";

export type Phase =
  | "start" //    before anything was asked
  | "opening" //  keys are being made, the line is being reached
  | "waiting"
  | "talking"
  | "ended"
  | "refused"; // this browser or this server cannot be trusted with a message; `trouble` says which

export type Trouble = "nocrypto" | "untrusted" | "fork" | "gone" | "busy" | "failed";

export interface VisitorState {
  readonly phase: ReadonlySignal<Phase>;
  readonly trouble: ReadonlySignal<Trouble | undefined>;
  /** Minutes until somebody answers, before a start; undefined where nobody can tell. */
  readonly expected: ReadonlySignal<{ low: number; high: number } | undefined>;
  readonly place: ReadonlySignal<{ place: number; low: number | undefined; high: number | undefined } | undefined>;
  /** It waits after a counsellor had taken it: that one has left. */
  readonly again: ReadonlySignal<boolean>;
  readonly lines: ReadonlySignal<readonly Line[]>;
  readonly theyType: ReadonlySignal<boolean>;
  /** "long": for more than 60 s. */
  readonly network: ReadonlySignal<"fine" | "lost" | "long">;
  readonly endedBy: ReadonlySignal<"visitor" | "team" | undefined>;
}

export interface VisitorSession extends VisitorState {
  start(): Promise<void>;
  /** False: too long for one message; nothing was taken. */
  send(text: string): Promise<boolean>;
  /** The counsellor's messages are on the screen. */
  seen(): void;
  end(): Promise<void>;
  /** Overwrite every key and forget the conversation; synchronous, before any network answer. */
  wipe(): void;
}

/** Whoever had a counsellor is in a conversation, also while they wait for the next one. */
export const isQueueing = ({ phase, again }: VisitorState): boolean => phase.value === "waiting" && !again.value;
