/** The line above the text box when the connection is gone. Nothing lies over the page; writing goes on. */

import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { alarm, announce } from "../ui/announce.ts";
import { Icon } from "../ui/Icon.tsx";
import { isOnlyHere, type VisitorSession } from "./state.ts";
import { say } from "./words.ts";

/** A tunnel or a lift is over before this; only then it is worth interrupting a listener. */
const QUIET_MS = 5_000;
/** How long the good news stays. */
const STAYS_MS = 8_000;

const allSent = (session: VisitorSession): boolean => !session.lines.value.some(isOnlyHere);

export function Network({ session }: { session: VisitorSession }) {
  const state = session.network.value;
  const wasLost = useRef(false);
  const back = useSignal(false);
  const settled = state === "fine" && allSent(session);

  useEffect(() => {
    if (state === "long") alarm(`${say("net.lost")} ${say("net.long")}`);
    if (state === "fine") return;
    wasLost.current = true;
    back.value = false;
    const wait = setTimeout(() => state === "lost" && announce(say("net.lost")), QUIET_MS);
    return () => clearTimeout(wait);
  }, [state]);

  useEffect(() => {
    if (!settled || !wasLost.current) return;
    wasLost.current = false;
    back.value = true;
    announce(say("net.back"));
    const wait = setTimeout(() => (back.value = false), STAYS_MS);
    return () => clearTimeout(wait);
  }, [settled]);

  if (state === "fine" && !back.value) return null;
  return (
    <p class="network with-icon">
      <Icon name={state === "fine" ? "check" : "cut"} />
      {state === "fine"
        ? say("net.back")
        : state === "lost"
          ? say("net.lost")
          : `${say("net.lost")} ${say("net.long")}`}
    </p>
  );
}
