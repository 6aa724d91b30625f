/** One message: what was said, and below the last of a few what became of it. */

import type { ComponentChildren } from "preact";
import { clock } from "./clock.ts";
import { Icon, type IconName } from "./Icon.tsx";

export interface BubbleProps {
  readonly side: "mine" | "theirs" | "note";
  readonly first: boolean;
  /** Who speaks, for the article's name; shown above the first when `shown`. */
  readonly who: string;
  readonly shown: boolean;
  readonly minute: number | undefined;
  /** Not with the server yet. */
  readonly waits: boolean;
  readonly text: string;
  /** Words instead of the text, when it could not be verified. */
  readonly doubt: string | undefined;
  /** Below the bubble; nothing in the middle of a run. */
  readonly children: ComponentChildren;
}

export function Bubble(line: BubbleProps) {
  const name = line.minute === undefined ? line.who : `${line.who}, ${clock(line.minute)}`;
  return (
    <article class={`line ${line.side} ${line.first ? "first" : ""}`} aria-label={name}>
      {line.shown && (
        <span class="who" aria-hidden="true">
          {line.side === "note" && <Icon name="note" />}
          {line.who}
        </span>
      )}
      {line.doubt === undefined ? (
        <div class={line.waits ? "bubble waits" : "bubble"} dir="auto">
          {line.text}
        </div>
      ) : (
        <div class="bubble doubt">
          <Icon name="warn" />
          {line.doubt}
        </div>
      )}
      {line.children}
    </article>
  );
}

export type Delivery = "sending" | "sent" | "delivered" | "read" | "retrying" | "unsent";

const icons: Record<Delivery, IconName> = {
  sending: "clock",
  sent: "check",
  delivered: "check",
  read: "twice",
  retrying: "retry",
  unsent: "cut",
};

export const Time = ({ minute }: { minute: number }) => (
  <bdi>
    <time>{clock(minute)}</time>
  </bdi>
);

/** The word is always there to be heard; to the eye only where it is news, or a page of "read" would shout. */
export function Fate(fate: { delivery: Delivery; word: string; wordy: boolean; minute: number | undefined }) {
  return (
    <span class="meta">
      <Icon name={icons[fate.delivery]} turns={fate.delivery === "retrying"} />
      <span class={fate.wordy ? "" : "spoken"}>{fate.word}</span>
      {fate.wordy && fate.minute !== undefined && <span aria-hidden="true">·</span>}
      {fate.minute !== undefined && <Time minute={fate.minute} />}
    </span>
  );
}
