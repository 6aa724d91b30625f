/** The desk: a door, or a room with people waiting on one side and conversations on the other. */

import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { hasTeamKey } from "../crypto/roles.ts";
import { alarm, announce } from "../ui/announce.ts";
import { Icon } from "../ui/Icon.tsx";
import { AccountDialog } from "./Account.tsx";
import { Doubt } from "./AuditLog.tsx";
import { asksForMe, Calls } from "./Calls.tsx";
import { Commands } from "./Commands.tsx";
import { Conversations } from "./Conversations.tsx";
import type { Desk } from "./desk.ts";
import { EndShift } from "./EndShift.tsx";
import { BrokenGlass, GlassDialog } from "./Glass.tsx";
import { Head } from "./Head.tsx";
import { useIdle } from "./idle.ts";
import { Join } from "./Join.tsx";
import { onKey, onKeyWithoutDesk } from "./keys.ts";
import { Office } from "./Office.tsx";
import { RepliesDialog } from "./Replies.tsx";
import { WhoReturns } from "./Returning.tsx";
import { LeadPanel } from "./Shift.tsx";
import { Locked, SignIn } from "./SignIn.tsx";
import { explain } from "./trouble.ts";
import { Waiting } from "./Waiting.tsx";
import { say } from "./words.ts";

function CutOff({ on }: { on: boolean }) {
  const was = useSignal(on);
  useEffect(() => {
    if (!on) alarm(say("net.off"));
    else if (!was.value) announce(say("net.on"));
    was.value = on;
  }, [on]);
  if (on) return null;
  return (
    <p id="cut-off" class="cut-off warn with-icon">
      <Icon name="cut" />
      {say("net.off")}
    </p>
  );
}

/** The connection has a bar of its own, and what went wrong in the list is said there. */
const told: readonly string[] = ["network", "already_taken", "visitor_away", "nobody_waits"];

function Trouble({ code }: { code: string | undefined }) {
  const text = code === undefined || told.includes(code) ? undefined : explain(code);
  useEffect(() => {
    if (text !== undefined) alarm(text);
  }, [text]);
  if (text === undefined) return null;
  return (
    <p class="cut-off warn with-icon">
      <Icon name="warn" />
      {text}
    </p>
  );
}

function useTitle(desk: Desk): void {
  const unread = desk.session.conversations.value.reduce((sum, talk) => sum + talk.unread.value, 0);
  const calls = asksForMe(desk.session).length;
  useEffect(() => {
    document.title = calls > 0 ? `(!) ${say("need")}` : unread === 0 ? "Luwte" : `(${unread}) Luwte`;
    return () => {
      document.title = "Luwte";
    };
  }, [unread, calls]);
}

function Replying({ desk }: { desk: Desk }) {
  const [conv, kit] = [desk.replying.value, desk.session.replies.value];
  return conv !== undefined && kit !== undefined ? <RepliesDialog desk={desk} conv={conv} kit={kit} /> : null;
}

function Room({ desk }: { desk: Desk }) {
  const { session } = desk;
  const listing = useSignal(false);
  useIdle(() => session.lock());
  useEffect(() => {
    const hear = (event: KeyboardEvent): void => onKey(desk, () => (listing.value = true), event);
    addEventListener("keydown", hear);
    return () => removeEventListener("keydown", hear);
  }, []);
  return (
    <div class="room">
      <header>
        <h1 class="spoken">{say("in.h")}</h1>
        <Head desk={desk} />
        <CutOff on={session.connected.value} />
        <Trouble code={session.trouble.value} />
        <Doubt session={session} />
        <Calls desk={desk} />
        <BrokenGlass desk={desk} />
        <WhoReturns session={session} />
      </header>
      <main class={session.lead.isLead.value ? "floor leads" : "floor"}>
        <Waiting desk={desk} />
        <Conversations desk={desk} />
        <LeadPanel desk={desk} />
      </main>
      {desk.leaving.value && <EndShift desk={desk} />}
      <Replying desk={desk} />
      {desk.minding.value && <AccountDialog desk={desk} />}
      {desk.breaking.value && <GlassDialog desk={desk} />}
      {listing.value && <Commands desk={desk} close={() => (listing.value = false)} />}
    </div>
  );
}

/** A reviewer or an admin: pages of their own, and nothing of a desk. */
function WithoutDesk({ desk }: { desk: Desk }) {
  const { session } = desk;
  useIdle(() => session.lock());
  useEffect(() => {
    const hear = (event: KeyboardEvent): void => onKeyWithoutDesk(desk, event);
    addEventListener("keydown", hear);
    return () => removeEventListener("keydown", hear);
  }, []);
  return (
    <div class="room">
      <header>
        <h1 class="spoken">{say(session.role.value === "reviewer" ? "audit" : "office.h")}</h1>
        <Head desk={desk} />
        <CutOff on={session.connected.value} />
        <Doubt session={session} />
      </header>
      <Office session={session} />
      {desk.minding.value && <AccountDialog desk={desk} />}
    </div>
  );
}

export function App({ desk }: { desk: Desk }) {
  useTitle(desk);
  switch (desk.session.phase.value) {
    case "in":
      return hasTeamKey(desk.session.role.value) ? <Room desk={desk} /> : <WithoutDesk desk={desk} />;
    case "locked":
      return <Locked session={desk.session} />;
    default:
      return desk.session.joining.step.value.at === "outside" ? (
        <SignIn session={desk.session} />
      ) : (
        <Join session={desk.session} />
      );
  }
}
