/** One who waits: number, time, the first words, why this place in the queue. No score, no colour. */

import { Icon, type IconName } from "../ui/Icon.tsx";
import { isFull } from "./room.ts";
import type { DeskSession, WaitingRow } from "./state.ts";
import { lasted, say } from "./words.ts";

interface RowProps {
  readonly row: WaitingRow;
  readonly gone: boolean;
  /** Gone by themselves, not taken. */
  readonly left: boolean;
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

function Reasons({ row, gone, left, longest }: Pick<RowProps, "row" | "gone" | "left" | "longest">) {
  if (gone) return <Reason icon="cut" words={say(left ? "wait.left" : "wait.gone")} />;
  return (
    <>
      {row.message && <Reason icon="note" words={say("wait.message")} />}
      {row.away && <Reason icon="cut" words={say("wait.away")} />}
      {row.priority === "urgent" && <Reason icon="warn" words={say("wait.urgent")} />}
      {row.priority === "soon" && <Reason icon="hourglass" words={say("wait.soon")} />}
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

/** What a counsellor reads in the opening; pressed again it is taken back. */
function Marks({ row, session }: Pick<RowProps, "row" | "session">) {
  const mark = (priority: "urgent" | "soon") => (
    <button
      type="button"
      class="mark-as"
      aria-pressed={row.priority === priority}
      aria-disabled={!session.connected.value}
      onClick={() => session.connected.value && session.mark(row.conv, row.priority === priority ? "normal" : priority)}
    >
      {say(`mark.${priority}`)}
    </button>
  );
  return (
    <fieldset class="marks">
      <legend class="spoken">{say("mark", { n: row.number })}</legend>
      {mark("urgent")}
      {mark("soon")}
    </fieldset>
  );
}

/** A button under the focus stays until the focus has moved on: it must not vanish under somebody's fingers. */
const isFocused = (conv: string): boolean => document.activeElement?.id === `take-${conv}`;

export function Row({ row, gone, left, longest, first, session, take }: RowProps) {
  const full = isFull(session);
  const off = gone || row.away || full || !session.connected.value;
  const why = session.connected.value ? (full ? " full" : "") : " cut-off";
  return (
    <li class={gone || row.away ? "card gone" : "card"}>
      <div id={`row-${row.conv}`} class="about">
        <p class="row-head">
          <b>{say("talk", { n: row.number })}</b>
          <span class="small">
            {say(row.message ? "wait.ago" : "wait.min", { t: lasted(row.since, session.minute.value) })}
          </span>
        </p>
        <Opening row={row} />
        <p class="reasons">
          <Reasons row={row} gone={gone} left={left} longest={longest} />
        </p>
      </div>
      {!gone && <Marks row={row} session={session} />}
      {(!(gone || row.away) || isFocused(row.conv)) && (
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
