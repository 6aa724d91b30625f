/** The line above the text box that says how the connection is. Nothing lies over the page; writing goes on. */

import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { alarm } from "../ui/announce.ts";
import { Icon } from "../ui/Icon.tsx";
import { isOnlyHere, type VisitorSession } from "./state.ts";
import { say } from "./words.ts";

/** How long the good news stays. */
const STAYS_MS = 8_000;

const allSent = (session: VisitorSession): boolean => !session.lines.value.some(isOnlyHere);

/** Whether it was lost, is back, and everything has arrived: for a while that is worth saying. */
function useBack(session: VisitorSession): boolean {
  const state = session.network.value;
  const wasLost = useRef(false);
  const back = useSignal(false);
  const settled = state === "fine" && allSent(session);
  useEffect(() => {
    if (state === "fine") return;
    wasLost.current = true;
    back.value = false;
    if (state === "long") alarm(say("net.long"));
  }, [state]);
  useEffect(() => {
    if (!settled || !wasLost.current) return;
    wasLost.current = false;
    back.value = true;
    const wait = setTimeout(() => (back.value = false), STAYS_MS);
    return () => clearTimeout(wait);
  }, [settled]);
  return back.value;
}

/** Always there, so that a listener hears it change and nothing jumps when it does. */
export function Network({ session }: { session: VisitorSession }) {
  const state = session.network.value;
  const back = useBack(session);
  if (state === "fine")
    return (
      <p class={back ? "network with-icon good" : "network with-icon calm"} role="status">
        <Icon name={back ? "check" : "line"} />
        {say(back ? "net.back" : "net.on")}
      </p>
    );
  return (
    <p class="network with-icon" role="status">
      <Icon name="cut" />
      <span>
        <b>{say("net.again")}</b>
        <br />
        {say("net.lost")} {state === "long" && say("net.long")}
      </span>
    </p>
  );
}
