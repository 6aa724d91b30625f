/** Who waits, in whose turn it is, and one button each. */

import { type Signal, useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { announce } from "../ui/announce.ts";
import { Icon } from "../ui/Icon.tsx";
import type { Desk } from "./desk.ts";
import { nextFree, type Shown, settle } from "./order.ts";
import { Row } from "./Row.tsx";
import { isFull } from "./room.ts";
import type { WaitingRow } from "./state.ts";
import { say } from "./words.ts";

/** Arrivals are told at most this often: a busy evening would never be silent. */
const TELL_EVERY_MS = 60_000;

const LEAVERS_AFTER_MS = 1_000;

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

/** Danger is told at once, whoever read it. */
function useDanger(queue: readonly WaitingRow[]): void {
  const urgent = queue.filter((row) => row.priority === "urgent" && !row.away);
  const known = useRef<readonly string[]>([]);
  const names = urgent.map((row) => row.conv).join(" ");
  useEffect(() => {
    const fresh = urgent.filter((row) => !known.current.includes(row.conv));
    known.current = urgent.map((row) => row.conv);
    if (fresh.length > 0) announce(fresh.map(({ number: n }) => say("wait.danger", { n })).join(". "));
  }, [names]);
}

/** Several who leave in one moment are told as one. */
function useLeavers(left: readonly string[]): void {
  const newest = left.at(-1);
  useEffect(() => {
    if (newest === undefined) return;
    const wait = setTimeout(() => announce(say("wait.left")), LEAVERS_AFTER_MS);
    return () => clearTimeout(wait);
  }, [newest]);
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
function useLapse(news: Signal<Failure>): void {
  useEffect(() => {
    if (news.value === undefined) return;
    const wait = setTimeout(() => (news.value = undefined), NEWS_STAYS_MS);
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

type Failure = "wait.lost" | "wait.empty" | "wait.none" | undefined;

/** Under the heading, in a line that is always there, so that nothing moves when it changes. */
function News({ failure, differs }: { failure: Failure; differs: boolean }) {
  if (failure === undefined && !differs) return <p class="small waiting-news">{say("wait.order")}</p>;
  return (
    <p class="waiting-news">
      <span class="changed">
        <Icon name={failure === undefined ? "retry" : "warn"} />
        {say(failure ?? "wait.changed")}
      </span>
    </p>
  );
}

export function Waiting({ desk }: { desk: Desk }) {
  const { session } = desk;
  const pointer = useSignal(false);
  const focus = useSignal(false);
  const failure = useSignal<Failure>(undefined);
  const queue = session.waiting.value;
  const { rows, differs } = useOrder(queue, pointer.value || focus.value);
  const here = queue.filter((row) => !row.away && !row.message);
  const longest = Math.min(...here.map((row) => row.since));
  const first = rows.find(({ row, gone }) => !gone && !row.away)?.row.conv;
  useLapse(failure);
  useArrivals(here.length + session.more.value);
  useDanger(queue);
  useLeavers(session.left.value);

  function fail(why: Exclude<Failure, undefined>): void {
    announce(say(why));
    failure.value = why;
  }

  async function take(conv: string): Promise<void> {
    const next = nextFree(rows, conv);
    failure.value = undefined;
    const mine = await session.take(conv).catch(() => undefined);
    if (mine === true) return desk.show(conv);
    // Any other reason has its own sentence.
    const trouble = session.trouble.peek();
    if (mine === false && trouble === "visitor_away") fail("wait.empty");
    else if (mine === false && trouble === undefined) fail("wait.lost");
    if (next !== undefined) takeButton(next)?.focus();
  }
  async function next(): Promise<void> {
    if (!session.connected.peek()) return;
    failure.value = undefined;
    const conv = await session.next();
    if (conv !== undefined) desk.show(conv);
    else if (session.trouble.peek() === "nobody_waits") fail("wait.none");
  }
  return (
    <section class="waiting" aria-labelledby="waiting" data-region tabIndex={-1}>
      <div class="waiting-head">
        <h2 id="waiting">{say("wait")}</h2>
        <button
          type="button"
          class="pill outline"
          aria-keyshortcuts="F4"
          aria-disabled={first === undefined || !session.connected.value}
          aria-describedby={session.connected.value ? undefined : "cut-off"}
          onClick={() => void next()}
        >
          {say("wait.next")}
        </button>
      </div>
      <News failure={failure.value} differs={differs} />
      {isFull(session) && (
        <p id="full" class="card warn full-desk">
          {say("full", { n: session.handing.limit.value ?? 0 })}
        </p>
      )}
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
            left={session.left.value.includes(row.conv)}
            longest={!row.away && !row.message && row.since === longest}
            first={row.conv === first}
            session={session}
            take={() => void take(row.conv)}
          />
        ))}
      </ol>
      {session.more.value > 0 && <p class="small more">{say("wait.more", { n: session.more.value })}</p>}
      <button type="button" class="pill glass" onClick={() => (desk.breaking.value = true)}>
        {say("glass")}
      </button>
    </section>
  );
}
