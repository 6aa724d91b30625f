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
  | "erasing" //  nothing is left here, and the server has not confirmed
  | "erased"
  | "refused"; // this browser or this server cannot be trusted with a message; `trouble` says which

export type Trouble = "nocrypto" | "untrusted" | "fork" | "stuck" | "gone" | "elsewhere" | "busy" | "closed" | "failed";

/** Why a return phrase led nowhere: not typed as one (`word`: the first that is none), nothing there, or no answer. */
export type Miss =
  | { readonly miss: "typed"; readonly word: number | undefined }
  | { readonly miss: "nothing" | "failed" };

export interface PhraseState {
  /** The server has one on record for this conversation. */
  readonly has: ReadonlySignal<boolean>;
  /** Fresh words, for as long as they are shown; they are not valid yet. */
  readonly words: ReadonlySignal<readonly string[]>;
}

export interface PhraseSession extends PhraseState {
  /** Make fresh words. */
  draw(): Promise<void>;
  /** They work from here on, the ones before do not. Rejects when the server did not say so in time. */
  keep(): Promise<void>;
  /** Forget them. */
  drop(): void;
  /** None works from here on. Rejects when the server did not say so in time. */
  end(): Promise<void>;
}

/** Minutes until somebody answers; undefined where nobody can tell. */
export type Expected = { low: number; high: number } | undefined;

/** Somewhere else to go now. */
export interface Place {
  readonly name: string;
  readonly about: { readonly nl: string; readonly en: string };
  readonly phone: string;
  readonly until: number | undefined;
  readonly source: string;
  /** A date, as it is written in a file: 2026-11-25. */
  readonly checked: string;
}

export interface Prospect {
  readonly open: boolean;
  /** Unix minute at which that changes; undefined where nobody knows. */
  readonly until: number | undefined;
  /** Whether who starts now is helped before it closes: no doubt, maybe not, too late. */
  readonly late: "no" | "maybe" | "yes";
  readonly places: readonly Place[];
}

export interface VisitorState {
  readonly phase: ReadonlySignal<Phase>;
  readonly trouble: ReadonlySignal<Trouble | undefined>;
  /** Before a start. */
  readonly expected: ReadonlySignal<Expected>;
  /** What the line is like; undefined until the server said so, and asked for no more once a conversation began. */
  readonly prospect: ReadonlySignal<Prospect | undefined>;
  /** The line closed while we wait. */
  readonly closedMeanwhile: ReadonlySignal<boolean>;
  /** Unix minute now, on this device. */
  now(): number;
  readonly place: ReadonlySignal<{ place: number; low: number | undefined; high: number | undefined } | undefined>;
  /** It waits after a counsellor had taken it: that one has left. */
  readonly again: ReadonlySignal<boolean>;
  readonly lines: ReadonlySignal<readonly Line[]>;
  readonly theyType: ReadonlySignal<boolean>;
  /** "long": for more than 60 s. */
  readonly network: ReadonlySignal<"fine" | "lost" | "long">;
  /** The counsellor takes no messages now; what is written waits here. */
  readonly muted: ReadonlySignal<boolean>;
  readonly endedBy: ReadonlySignal<"visitor" | "team" | undefined>;
  /** A message that is left for later, and that nobody has taken yet. */
  readonly forLater: ReadonlySignal<boolean>;
  /** We came to this conversation by its phrase. */
  readonly cameBack: ReadonlySignal<boolean>;
  /** Erasing takes longer than it should; it is tried on. */
  readonly eraseIsLate: ReadonlySignal<boolean>;
}

export interface VisitorSession extends VisitorState {
  readonly phrase: PhraseSession;
  start(): Promise<void>;
  /** Start with a message that is read later, also on a closed line. False: too long; nothing was taken. */
  leaveMessage(text: string): Promise<boolean>;
  /** Go on with the conversation that this phrase opens, or say why not. */
  comeBack(text: string): Promise<Miss | undefined>;
  /** False: too long for one message; nothing was taken. */
  send(text: string): Promise<boolean>;
  /** The counsellor's messages are on the screen. */
  seen(): void;
  end(): Promise<void>;
  /** Forget everything here at once, and have the server erase it, however long that takes. */
  erase(): Promise<void>;
  /** Overwrite every key and forget the conversation; synchronous, before any network answer. */
  wipe(): void;
}

/** Whoever had a counsellor is in a conversation, also while they wait for the next one. */
export const isQueueing = ({ phase, again }: VisitorState): boolean => phase.value === "waiting" && !again.value;

/** A message that was left: nobody needs to stay for it. */
export const isLeft = ({ phase, forLater }: VisitorState): boolean => phase.value === "waiting" && forLater.value;
