/** What a listener hears of a conversation beside the messages themselves. */

import { useEffect, useRef } from "preact/hooks";
import { announce } from "../ui/announce.ts";
import { remaining } from "./expectation.ts";
import { isOnlyHere, type VisitorSession } from "./state.ts";
import { say } from "./words.ts";

/** A queue that moves is told at most this often. */
const PLACE_EVERY_MS = 60_000;

function usePlace(session: VisitorSession): void {
  const told = useRef(Number.NEGATIVE_INFINITY);
  const at = session.phase.value === "waiting" ? session.place.value : undefined;
  const text = at === undefined ? undefined : `${say("wait.n", { n: at.place })} ${remaining(at.low, at.high)}`;
  const left = session.again.value;
  useEffect(() => {
    if (!left) return;
    // At once, and in place of "is typing"; the number, which may come in the same moment, must not talk over it.
    told.current = performance.now();
    announce(say("wait.again"));
  }, [left]);
  useEffect(() => {
    if (text === undefined) return;
    const wait = setTimeout(
      () => {
        told.current = performance.now();
        announce(text);
      },
      Math.max(0, told.current + PLACE_EVERY_MS - performance.now()),
    );
    return () => clearTimeout(wait);
  }, [text, left]);
}

/** Once per reply: starting, pausing and starting again is one reply. */
function useTyping(session: VisitorSession): void {
  const told = useRef<string>("");
  const reply = `${session.lines.value.filter((line) => line.from === "them").length}`;
  const on = session.theyType.value;
  useEffect(() => {
    if (!on || told.current === reply) return;
    told.current = reply;
    announce(say("chat.typ"));
  }, [on, reply]);
}

function useRetries(session: VisitorSession): void {
  const failing = session.lines.value.some((line) => line.delivery === "retrying");
  const told = useRef(false);
  useEffect(() => {
    if (session.network.peek() !== "fine") return;
    if (failing) announce(say("m.retry"));
    else if (told.current && !session.lines.value.some(isOnlyHere)) announce(say("net.back"));
    told.current = failing;
  }, [failing]);
}

function useClosed(session: VisitorSession): void {
  const closed = session.closedMeanwhile.value && session.phase.value === "waiting";
  useEffect(() => {
    if (closed) announce(say("closed.wait"));
  }, [closed]);
}

export function useVoice(session: VisitorSession): void {
  useClosed(session);
  usePlace(session);
  useTyping(session);
  useRetries(session);
}
