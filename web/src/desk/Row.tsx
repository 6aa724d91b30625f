/** One who waits: number, time, the first words, why this place in the queue. No score, no colour. */

import { Icon, type IconName } from "../ui/Icon.tsx";
import { isFull } from "./room.ts";
import type { DeskSession, WaitingRow } from "./state.ts";
import { lasted, say } from "./words.ts";

interface RowProps {
  readonly row: WaitingRow;
  readonly gone: boolean;
  readonly longest: boolean;
  /** The only button that is filled. */
  readonly first: boolean;
  readonly session: DeskSession;
  readonly take: () => void;
}

const Reason = ({ icon, words }: { icon: IconName; words: string }) => (
  <span class="reason">
    <Icon name={icon} />
    {words}
  </span>
);

function Reasons({ row, gone, longest }: Pick<RowProps, "row" | "gone" | "longest">) {
  if (gone) return <Reason icon="cut" words={say("wait.gone")} />;
  return (
    <>
      {longest && <Reason icon="clock" words={say("wait.longest")} />}
      {row.again && <Reason icon="retry" words={say("wait.again")} />}
    </>
  );
}

function Opening({ row }: { row: WaitingRow }) {
  const { opening: text, unreadable } = row;
  if (unreadable)
    return (
      <p class="opening-none">
        <Icon name="warn" />
        {say("wait.unreadable")}
      </p>
    );
  if (text === undefined || text.trim() === "")
    return <p class="opening small">{say(text === undefined ? "wait.opening" : "wait.silent")}</p>;
  return (
    <p class="opening" dir="auto">
      {text}
    </p>
  );
}

/** A button under the focus stays until the focus has moved on: it must not vanish under somebody's fingers. */
const isFocused = (conv: string): boolean => document.activeElement?.id === `take-${conv}`;

export function Row({ row, gone, longest, first, session, take }: RowProps) {
  const full = isFull(session);
  const off = gone || full || !session.connected.value;
  const why = session.connected.value ? (full ? " full" : "") : " cut-off";
  return (
    <li class={gone ? "card gone" : "card"}>
      <div id={`row-${row.conv}`} class="about">
        <p class="row-head">
          <b>{say("talk", { n: row.number })}</b>
          <span class="small">{say("wait.min", { t: lasted(row.since, session.minute.value) })}</span>
        </p>
        <Opening row={row} />
        <p class="reasons">
          <Reasons row={row} gone={gone} longest={longest} />
        </p>
      </div>
      {(!gone || isFocused(row.conv)) && (
        <button
          type="button"
          id={`take-${row.conv}`}
          class={first ? "pill full take" : "pill outline take"}
          aria-describedby={`row-${row.conv}${why}`}
          aria-disabled={off}
          onClick={() => !off && take()}
        >
          {say("wait.take")}
        </button>
      )}
    </li>
  );
}
