/** What the desk shows, and what a counsellor can ask for. The session fills it, the views read it. */

import type { ReadonlySignal } from "@preact/signals";
import type { Role } from "../crypto/roles.ts";
import type { EndReason, Priority } from "../wire/desk-frames.ts";
import type { Handing } from "./handing.ts";
import type { Replies } from "./replies.ts";
import type { OwnAccount } from "./state-account.ts";
import type { Audit } from "./state-audit.ts";
import type { Glass } from "./state-glass.ts";
import type { Joining } from "./state-joining.ts";
import type { LeadSession } from "./state-lead.ts";
import type { Office } from "./state-office.ts";
import type { People } from "./state-people.ts";

export interface WaitingRow {
  readonly conv: string; // hex
  readonly number: number;
  /** Unix minute at which it began to wait. */
  readonly since: number;
  readonly again: boolean;
  /** Undefined until the opening was fetched and opened; empty when nothing was written yet. */
  readonly opening: string | undefined;
  /** What a member of staff read in it. */
  readonly priority: Priority;
  /** The page is out of sight or the line is lost; the place is kept, and nobody can take it. */
  readonly away: boolean;
  /** It was left for later: nobody sits there, and it is taken all the same. */
  readonly message: boolean;
  /** Its opening came, and no key of ours opens it. */
  readonly unreadable: boolean;
}

export interface DeskLine {
  readonly id: string;
  readonly from: "visitor" | "me" | "colleague" | "note";
  readonly text: string;
  readonly minute: number | undefined;
  /** "unsent": it never will be. */
  readonly delivery: "sending" | "sent" | "delivered" | "read" | "retrying" | "unsent";
  readonly kind: "text" | "doubt";
}

export interface DeskConversation {
  readonly conv: string;
  readonly number: number;
  readonly since: number;
  readonly lines: ReadonlySignal<readonly DeskLine[]>;
  readonly unread: ReadonlySignal<number>;
  readonly visitorTypes: ReadonlySignal<boolean>;
  readonly visitorIs: ReadonlySignal<"here" | "away" | "gone">;
  readonly ended: ReadonlySignal<"visitor" | "team" | undefined>;
  /** It was erased: nothing of it is left here, and `ended` is set. */
  readonly erased: ReadonlySignal<boolean>;
  /** The two sides saw different transcripts: lasting warning, nothing more is sent. */
  readonly fork: ReadonlySignal<boolean>;
  /** No key of ours opens what we would write under: nothing is sent to the visitor. */
  readonly unreadable: ReadonlySignal<boolean>;
  /** We read along, and this colleague has it; empty: nobody has it now. Undefined: it is ours. */
  readonly beside: ReadonlySignal<string | undefined>;
  /** We broke glass to read it: then we do nothing else in it. */
  readonly throughGlass: ReadonlySignal<boolean>;
  /** Wrapped to another key of the team since: the seal that the visitor put on its secrets is gone. */
  readonly unsealed: ReadonlySignal<boolean>;
}

/** A conversation that went on without this desk while its connection was gone. */
export interface Moved {
  readonly conv: string;
  readonly number: number;
}

/** Somebody came in by their recovery sheet. */
export interface OpenedSheet {
  /** Have *fresh* in the place of the lost passphrase and *next*, 16 bytes, in that of the sheet; on to the desk. */
  renew(fresh: string, next: Uint8Array): Promise<void>;
  /** Turn back: what the sheet opened is overwritten. */
  forget(): void;
}

export interface DeskSession {
  readonly phase: ReadonlySignal<"out" | "signing_in" | "in" | "locked">;
  /** Of the last sign-in, unlock or deed; one plain code from docs/protocol.md 5.5, "untrusted" or "network". */
  readonly trouble: ReadonlySignal<string | undefined>;
  /** All was right at the last sign-in, and nothing is given to us before this Unix minute: we lost everything. */
  readonly later: ReadonlySignal<number | undefined>;
  readonly name: ReadonlySignal<string>;
  /** Undefined while nobody is signed in. Who has no desk sees pages of their own. */
  readonly role: ReadonlySignal<Role | undefined>;
  readonly demo: ReadonlySignal<boolean>;
  readonly connected: ReadonlySignal<boolean>;
  readonly waiting: ReadonlySignal<readonly WaitingRow[]>;
  readonly more: ReadonlySignal<number>;
  /** Of those in the list and of our own, by conv: what was left for later. */
  readonly messages: ReadonlySignal<ReadonlySet<string>>;
  readonly conversations: ReadonlySignal<readonly DeskConversation[]>;
  /** Who waited and left by themselves, newest last: that is not the same as taken. */
  readonly left: ReadonlySignal<readonly string[]>;
  readonly moved: ReadonlySignal<readonly Moved[]>;
  /** Unix minute now, ticking. */
  readonly minute: ReadonlySignal<number>;
  readonly handing: Handing;
  /** Undefined while nobody is signed in. */
  readonly replies: ReadonlySignal<Replies | undefined>;
  readonly lead: LeadSession;
  readonly glass: Glass;
  readonly audit: Audit;
  readonly joining: Joining;
  readonly people: People;
  readonly office: Office;
  /** Conversations that ended under a key that somebody who left had. */
  readonly rewrap: { readonly left: ReadonlySignal<number | undefined> };
  /** Whether a root is pinned: without one there is nothing to believe, and the only way in is a first invitation. */
  readonly pinned: boolean;
  readonly account: OwnAccount;

  /** *code*: a one-time code or a recovery code; empty where there is none. */
  signIn(name: string, passphrase: string, code: string): Promise<void>;
  /** With the words of a recovery sheet, up to where another passphrase is needed; undefined: `trouble` says why. */
  openSheet(name: string, words: string, code: string): Promise<OpenedSheet | undefined>;
  /** `later` was read. */
  turnBack(): void;
  signOut(): Promise<void>;
  /** Wipes keys; the socket stays. */
  lock(): void;
  unlock(passphrase: string): Promise<void>;
  /** False: a colleague was first, or (`trouble` is "visitor_away") nobody is there. */
  take(conv: string): Promise<boolean>;
  /** Take whose turn it is: the conversation, or undefined when nobody is there to be helped. */
  next(): Promise<string | undefined>;
  /** Say how much haste somebody who waits has. */
  mark(conv: string, priority: Priority): void;
  send(conv: string, text: string): Promise<boolean>;
  note(conv: string, text: string): Promise<boolean>;
  typing(conv: string): void;
  /** The counsellor looks at this conversation: tells the visitor "read", clears the unread count. */
  seen(conv: string): void;
  end(conv: string, reason: EndReason): Promise<void>;
  /** Take an ended conversation off the screen. */
  dismiss(conv: string): void;
  /** It was read that this one went on without us. */
  dismissMoved(conv: string): void;
}
