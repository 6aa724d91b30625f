/** The line above the desk: who waits, whether we are connected, who I am, and the ways out. */

import { hasTeamKey } from "../crypto/roles.ts";
import { Icon } from "../ui/Icon.tsx";
import { Mark } from "../ui/Mark.tsx";
import type { Desk } from "./desk.ts";
import { LineState } from "./Line.tsx";
import { role } from "./records.ts";
import { quiet } from "./sound.ts";
import type { DeskSession } from "./state.ts";
import { lasted, say } from "./words.ts";

function Numbers({ session }: { session: DeskSession }) {
  const rows = session.waiting.value.filter((row) => !row.away && !row.message);
  const count = rows.length + session.more.value;
  const oldest = Math.min(...rows.map((row) => row.since));
  return (
    <>
      <span>
        {say("head.waiting")} <b>{count}</b>
      </span>
      {rows.length > 0 && (
        <span>
          {say("head.longest")} <b>{lasted(oldest, session.minute.value)}</b>
        </span>
      )}
    </>
  );
}

/** Nothing open: then there is nothing to arrange. */
export function endShift(desk: Desk): void {
  const isOpen = desk.session.conversations.peek().some((talk) => talk.ended.peek() === undefined);
  if (isOpen) desk.leaving.value = true;
  else void desk.session.signOut();
}

export function Head({ desk }: { desk: Desk }) {
  const { session } = desk;
  const on = session.connected.value;
  const [me, talks] = [session.role.value, hasTeamKey(session.role.value)];
  return (
    <div class="bar" data-region tabIndex={-1}>
      <Mark />
      {talks && <LineState session={session} />}
      {talks && <Numbers session={session} />}
      <span class="push with-word">
        <Icon name={on ? "line" : "cut"} />
        {say(on ? "head.on" : "head.off")}
      </span>
      {session.demo.value && <span class="chip">{say("head.demo")}</span>}
      <span class="me">
        {session.name.value}
        {!talks && `, ${role(me)}`}
      </span>
      <span class="doors">
        <button type="button" class="pill" onClick={() => (desk.minding.value = true)}>
          {say("own")}
        </button>
        {talks && (
          <button type="button" class="pill" onClick={() => (quiet.value = !quiet.value)}>
            {say(quiet.value ? "head.loud" : "head.quiet")}
          </button>
        )}
        <button type="button" class="pill outline" aria-keyshortcuts="F9" onClick={() => session.lock()}>
          <Icon name="lock" />
          {say("head.lock")}
        </button>
        {talks && (
          <button type="button" class="pill" onClick={() => endShift(desk)}>
            {say("shift.end")}
          </button>
        )}
        <button type="button" class="pill" onClick={() => void session.signOut()}>
          {say("head.out")}
        </button>
      </span>
    </div>
  );
}
