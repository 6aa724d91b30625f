/** Who waits, in whose turn it is, and one button each. */

import { type Signal, useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { announce } from "../ui/announce.ts";
import { Icon } from "../ui/Icon.tsx";
import type { Desk } from "./desk.ts";
import { nextFree, type Shown, settle } from "./order.ts";
import { Row } from "./Row.tsx";
import type { WaitingRow } from "./state.ts";
import { say } from "./words.ts";

/** Arrivals are told at most this often: a busy evening would never be silent. */
const TELL_EVERY_MS = 60_000;

const NEWS_STAYS_MS = 10_000;

const takeButton = (conv: string): HTMLElement | null => document.getElementById(`take-${conv}`);

function useArrivals(count: number): void {
  const told = useRef({ count, at: 0 });
  useEffect(() => {
    const left = Math.max(0, told.current.at + TELL_EVERY_MS - performance.now());
    const wait = setTimeout(() => {
      if (told.current.count === count) return;
      told.current = { count, at: performance.now() };
      announce(count === 0 ? say("wait.none") : say("wait.now", { n: count }));
    }, left);
    return () => clearTimeout(wait);
  }, [count]);
}

/** The queue as it may be shown now; see order.ts. */
function useOrder(queue: readonly WaitingRow[], held: boolean) {
  const before = useRef<readonly Shown<WaitingRow>[]>([]);
  const settled = settle(before.current, queue, held);
  before.current = settled.rows;
  useEffect(() => {
    if (settled.differs) announce(say("wait.changed"));
  }, [settled.differs]);
  return settled;
}

/** What was just said, said no longer. */
function useLapse(news: Signal<boolean>): void {
  useEffect(() => {
    if (!news.value) return;
    const wait = setTimeout(() => (news.value = false), NEWS_STAYS_MS);
    return () => clearTimeout(wait);
  }, [news.value]);
}

function Nobody() {
  return (
    <div class="empty">
      <p>
        <b>{say("wait.none")}</b>
      </p>
      <p>{say("wait.none.p")}</p>
    </div>
  );
}

/** Beside the heading, where nothing moves when it changes. */
function News({ lost, differs }: { lost: boolean; differs: boolean }) {
  if (!lost && !differs) return <span class="small">{say("wait.order")}</span>;
  return (
    <span class="changed">
      <Icon name={lost ? "warn" : "retry"} />
      {say(lost ? "wait.lost" : "wait.changed")}
    </span>
  );
}

export function Waiting({ desk }: { desk: Desk }) {
  const { session } = desk;
  const pointer = useSignal(false);
  const focus = useSignal(false);
  const lost = useSignal(false);
  const queue = session.waiting.value;
  const { rows, differs } = useOrder(queue, pointer.value || focus.value);
  const longest = Math.min(...queue.map((row) => row.since));
  const first = rows.find(({ gone }) => !gone)?.row.conv;
  useLapse(lost);
  useArrivals(queue.length + session.more.value);

  async function take(conv: string): Promise<void> {
    const next = nextFree(rows, conv);
    lost.value = false;
    const mine = await session.take(conv).catch(() => undefined);
    if (mine === true) return desk.show(conv);
    // Anything else that stood in the way says so itself.
    if (mine === false && session.trouble.value === undefined) {
      announce(say("wait.lost"));
      lost.value = true;
    }
    if (next !== undefined) takeButton(next)?.focus();
  }
  return (
    <section class="waiting" aria-labelledby="waiting" data-region tabIndex={-1}>
      <div class="waiting-head">
        <h2 id="waiting">{say("wait")}</h2>
        <News lost={lost.value} differs={differs} />
      </div>
      {rows.length === 0 && <Nobody />}
      <ol
        class="queue"
        onPointerEnter={() => (pointer.value = true)}
        onPointerLeave={() => (pointer.value = false)}
        onFocusIn={() => (focus.value = true)}
        onFocusOut={() => (focus.value = false)}
      >
        {rows.map(({ row, gone }) => (
          <Row
            key={row.conv}
            row={row}
            gone={gone}
            longest={row.since === longest}
            first={row.conv === first}
            session={session}
            take={() => void take(row.conv)}
          />
        ))}
      </ol>
      {session.more.value > 0 && <p class="small more">{say("wait.more", { n: session.more.value })}</p>}
    </section>
  );
}
