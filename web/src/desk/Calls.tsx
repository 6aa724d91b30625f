/** Somebody needs a colleague: a bar over the whole desk, in the title, and two tones, until somebody comes. */

import { useEffect } from "preact/hooks";
import { alarm as speak } from "../ui/announce.ts";
import { Icon } from "../ui/Icon.tsx";
import type { Desk } from "./desk.ts";
import { chime } from "./sound.ts";
import type { DeskSession } from "./state.ts";
import type { Alarm } from "./state-lead.ts";
import { lasted, say } from "./words.ts";

/** Whoever was away from the screen hears it again. */
const AGAIN_MS = 12_000;

export const asksForMe = (session: DeskSession): readonly Alarm[] =>
  session.lead.alarms.value.filter((one) => !one.mine && one.coming === undefined);

function useAlarm(session: DeskSession): void {
  const waiting = asksForMe(session);
  const newest = waiting.at(-1);
  const who = waiting.map((one) => one.conv).join();
  useEffect(() => {
    if (newest === undefined) return;
    speak(say("need.who", { name: newest.by, n: newest.number }));
    chime();
    const again = setInterval(chime, AGAIN_MS);
    return () => clearInterval(again);
  }, [who]);
}

function Call({ desk, one }: { desk: Desk; one: Alarm }) {
  const { session } = desk;
  const { lead } = session;
  const joined = session.conversations.value.some((talk) => talk.conv === one.conv);
  const off = !session.connected.value;
  function step(): void {
    if (off) return;
    // They asked: that is the reason, and no form stands between.
    lead.stepIn(one.conv, "asked");
    desk.show(one.conv);
  }
  return (
    <li class="call">
      <Icon name="warn" />
      <p>
        <b>{say("need.who", { name: one.by, n: one.number })}</b>{" "}
        {one.coming === undefined ? lasted(one.asked, session.minute.value) : say("need.coming", { name: one.coming })}
      </p>
      <span class="buttons">
        {one.coming === undefined && (
          <button type="button" class="pill full" aria-disabled={off} onClick={() => !off && lead.come(one.conv)}>
            {say("need.come")}
          </button>
        )}
        {lead.isLead.value && !joined && (
          <button type="button" class="pill outline" aria-disabled={off} onClick={step}>
            {say("step")}
          </button>
        )}
        {(one.going || lead.isLead.value) && one.coming !== undefined && (
          <button type="button" class="pill outline" aria-disabled={off} onClick={() => !off && lead.solve(one.conv)}>
            {say("need.solved")}
          </button>
        )}
      </span>
    </li>
  );
}

export function Calls({ desk }: { desk: Desk }) {
  const others = desk.session.lead.alarms.value.filter((one) => !one.mine);
  useAlarm(desk.session);
  if (others.length === 0) return null;
  return (
    <section class="calls warn" aria-label={say("need.list")} data-region tabIndex={-1}>
      <ol>
        {others.map((one) => (
          <Call key={one.conv} desk={desk} one={one} />
        ))}
      </ol>
    </section>
  );
}

/** A locked desk still calls; whoever walks past learns a number and a name, and can do nothing. */
export function LockedCalls({ session }: { session: DeskSession }) {
  useAlarm(session);
  return asksForMe(session).map((one) => (
    <p key={one.conv} class="card warn with-icon">
      <Icon name="warn" />
      {say("need.locked", { name: one.by, n: one.number })}
    </p>
  ));
}
