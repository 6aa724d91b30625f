/** What the screens of one desk share beside the session: drafts, and which conversation is in front. */

import { type Signal, signal } from "@preact/signals";
import { choose } from "./columns.ts";
import type { DeskSession } from "./state.ts";

export interface Drafts {
  readonly message: Signal<string>;
  readonly note: Signal<string>;
}

export interface Desk {
  readonly session: DeskSession;
  readonly chosen: Signal<readonly string[]>;
  /** In memory only, and through a lock: nobody should have to write it twice. */
  draft(conv: string): Drafts;
  forgetDraft(conv: string): void;
  /** Put a conversation in sight and the focus in its text box. */
  show(conv: string): void;
}

export const boxId = (conv: string): string => `box-${conv}`;

/** After the views have caught up: only then the box is on the screen. */
function focusSoon(id: string): void {
  setTimeout(() => document.getElementById(id)?.querySelector("textarea")?.focus(), 0);
}

export function createDesk(session: DeskSession): Desk {
  const drafts = new Map<string, Drafts>();
  const chosen = signal<readonly string[]>([]);
  return {
    session,
    chosen,
    draft(conv) {
      const kept = drafts.get(conv) ?? { message: signal(""), note: signal("") };
      drafts.set(conv, kept);
      return kept;
    },
    forgetDraft: (conv) => drafts.delete(conv),
    show(conv) {
      chosen.value = choose(chosen.peek(), conv);
      focusSoon(boxId(conv));
    },
  };
}
