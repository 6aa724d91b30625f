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
  /** The one form that is open, and in which conversation. */
  readonly asks: Signal<{ readonly conv: string; readonly what: "end" | "hand" } | undefined>;
  /** The end of the shift is being arranged. */
  readonly leaving: Signal<boolean>;
  /** Replies are looked for, for this conversation. */
  readonly replying: Signal<string | undefined>;
  /** Emergency access is being asked for. */
  readonly breaking: Signal<boolean>;
  /** One's own account is looked at. */
  readonly minding: Signal<boolean>;
  /** Put *text* where the cursor stands in the message box of a conversation, and the focus after it. */
  insert(conv: string, text: string): void;
  /** Put a conversation in sight and the focus in its text box. */
  show(conv: string): void;
}

export const boxId = (conv: string): string => `box-${conv}`;

/** After the views have caught up: only then the box is on the screen. */
function focusSoon(id: string): void {
  setTimeout(() => document.getElementById(id)?.querySelector("textarea")?.focus(), 0);
}

const boxOf = (conv: string): HTMLTextAreaElement | null | undefined =>
  document.getElementById(boxId(conv))?.querySelector("textarea");

export function createDesk(session: DeskSession): Desk {
  const drafts = new Map<string, Drafts>();
  const chosen = signal<readonly string[]>([]);
  const draft = (conv: string): Drafts => {
    const kept = drafts.get(conv) ?? { message: signal(""), note: signal("") };
    drafts.set(conv, kept);
    return kept;
  };
  return {
    session,
    chosen,
    asks: signal(undefined),
    leaving: signal(false),
    replying: signal(undefined),
    breaking: signal(false),
    minding: signal(false),
    draft,
    insert(conv, text) {
      const { message } = draft(conv);
      const box = boxOf(conv);
      if (!box) return; // nothing is written there any more
      // By the element itself, so that the cursor stands after what was put in.
      box.setRangeText(text, box.selectionStart, box.selectionEnd, "end");
      message.value = box.value;
      chosen.value = choose(chosen.peek(), conv);
      focusSoon(boxId(conv));
    },
    forgetDraft: (conv) => drafts.delete(conv),
    show(conv) {
      chosen.value = choose(chosen.peek(), conv);
      focusSoon(boxId(conv));
    },
  };
}
