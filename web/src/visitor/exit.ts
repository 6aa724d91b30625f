/**
 * Leaving. The order is the promise: listeners away, a cover on the screen, keys overwritten, the page
 * emptied, and only then the network is asked for something else. Nothing here waits for an answer.
 */

import { signal } from "@preact/signals";
import { announce } from "../ui/announce.ts";
import { lay } from "./cover.ts";
import { leaves, next, none, TAPS, WITHIN_MS } from "./shift.ts";
import { say } from "./words.ts";

export interface Page {
  /** Overwrite keys and forget the conversation. */
  wipe(): void;
  /** Take the views away. */
  clear(): void;
}

/** How many taps of Shift are in; the header shows them as dots. */
export const taps = signal(0);

/** Text in a field outlives the element in a page that the browser keeps for "Back". */
function empty(page: Page): void {
  for (const field of document.querySelectorAll<HTMLInputElement | HTMLTextAreaElement>("input, textarea")) {
    field.value = "";
  }
  for (const voice of document.querySelectorAll("[role=status], [role=alert]")) voice.textContent = "";
  page.clear();
}

/** The page goes into the browser's memory, or out of it: nothing of it may be found there. */
export function forget(page: Page): void {
  try {
    page.wipe();
  } finally {
    empty(page);
  }
}

export function leave(page: Page, listening: AbortController, exitUrl: string): void {
  listening.abort();
  try {
    lay();
    forget(page);
  } finally {
    location.replace(exitUrl);
  }
}

/** Call *go* at the third tap of Shift. */
export function watchShift(go: () => void, until: AbortSignal): void {
  let state = none;
  let fade: ReturnType<typeof setTimeout> | undefined;

  function hear(type: "down" | "up", event: KeyboardEvent): void {
    if (event.repeat) return;
    const before = state.count;
    state = next(state, { type, key: event.key, at: event.timeStamp });
    taps.value = state.count;
    if (leaves(state)) go();
    else if (state.count > 0 && state.count !== before) tell(TAPS - state.count);
  }
  function tell(left: number): void {
    announce(say("exit.left", { n: left }));
    clearTimeout(fade);
    fade = setTimeout(() => {
      state = none;
      taps.value = 0;
    }, WITHIN_MS);
  }
  // Captured: no dialog and no text box can swallow it.
  addEventListener("keydown", (event) => hear("down", event), { capture: true, signal: until });
  addEventListener("keyup", (event) => hear("up", event), { capture: true, signal: until });
  until.addEventListener("abort", () => {
    clearTimeout(fade);
    taps.value = 0;
  });
}
