/** Back after everything was lost: how a lead begins it, what the whole team sees of it, and what the one hears who waits. */

import { useSignal } from "@preact/signals";
import { useEffect, useId } from "preact/hooks";
import { invites, type Role } from "../crypto/roles.ts";
import { announce } from "../ui/announce.ts";
import { Icon } from "../ui/Icon.tsx";
import { Mark } from "../ui/Mark.tsx";
import { InviteButtons } from "./InviteButtons.tsx";
import { role } from "./records.ts";
import type { DeskSession } from "./state.ts";
import type { Returning } from "./state-lead.ts";
import type { People, PeopleView, Waiting } from "./state-people.ts";
import { named } from "./when.ts";
import { say } from "./words.ts";

const steps = ["back.1", "back.2", "back.3", "back.4"] as const;

/** From "I lost everything" to a code: what is to be done stands beside the choice of whom. */
export function Lost({ people, view, me }: { people: People; view: PeopleView; me: Role | undefined }) {
  const [open, chosen] = [useSignal(false), useSignal<string | undefined>(undefined)];
  const id = useId();
  const others = view.members.flatMap((one) =>
    !one.isMe && one.role !== undefined && invites(me).includes(one.role) ? [{ ...one, role: one.role }] : [],
  );
  async function make(event: SubmitEvent): Promise<void> {
    event.preventDefault();
    const who = others.find((one) => one.account === chosen.value);
    if (who === undefined) return;
    if (await people.invite(who.role, who.account)) open.value = false;
  }
  if (people.code.value !== undefined || others.length === 0) return null;
  if (!open.value) {
    const begin = (): void => {
      chosen.value = undefined;
      open.value = true;
    };
    return (
      <div class="buttons">
        <button type="button" class="pill outline" onClick={begin}>
          {say("back.lost")}
        </button>
      </div>
    );
  }
  return (
    <form class="card rows" aria-label={say("back.lost")} onSubmit={(event) => void make(event)}>
      <h3>{say("back.lost")}</h3>
      <ol class="steps">
        {steps.map((one) => (
          <li key={one}>{say(one)}</li>
        ))}
      </ol>
      <fieldset>
        <legend>{say("back.who")}</legend>
        {others.map((one) => (
          <label key={one.account} class="choice">
            <input
              type="radio"
              name={id}
              required
              checked={chosen.value === one.account}
              onChange={() => (chosen.value = one.account)}
            />
            <span>
              <bdi>{one.name}</bdi>, {role(one.role)}
            </span>
          </label>
        ))}
      </fieldset>
      <InviteButtons cancel={() => (open.value = false)} />
    </form>
  );
}

/** In an applicant's row: what admitting them means. */
export function InThePlaceOf({ one }: { one: Waiting }) {
  if (one.insteadOf === undefined) return null;
  return <p class="card">{one.insteadOf === "" ? say("back.4") : say("back.row", { name: one.insteadOf })}</p>;
}

function One({ session, one }: { session: DeskSession; one: Returning }) {
  const busy = useSignal(false);
  const id = useId();
  const isLead = session.lead.isLead.value;
  async function stop(): Promise<void> {
    if (busy.value) return;
    busy.value = true;
    await session.people.remove(one.account);
    busy.value = false;
  }
  const t = named(one.from, session.minute.value);
  return (
    <li class="call">
      <Icon name="eye" />
      <p id={id}>
        <b>{say("back.notice", { name: one.name, before: one.before, t })}</b>{" "}
        {say(isLead ? "back.doubt" : "back.object")}
      </p>
      {isLead && (
        <button
          type="button"
          class="pill outline"
          aria-describedby={id}
          aria-disabled={busy.value}
          onClick={() => void stop()}
        >
          {say("back.stop")}
        </button>
      )}
    </li>
  );
}

/** Over the whole desk and without haste, until the day is over. */
export function WhoReturns({ session }: { session: DeskSession }) {
  const now = session.minute.value;
  const waiting = session.lead.returning.value.filter((one) => one.from > now);
  const who = waiting.map((one) => one.account).join();
  useEffect(() => {
    for (const { name, before, from } of waiting) announce(say("back.notice", { name, before, t: named(from, now) }));
  }, [who]);
  if (waiting.length === 0) return null;
  return (
    <section class="calls quiet" aria-label={say("back.list")} data-region tabIndex={-1}>
      <ol>
        {waiting.map((one) => (
          <One key={one.account} session={session} one={one} />
        ))}
      </ol>
    </section>
  );
}

/** At the door, after a right passphrase and code. */
export function ReadsLater({ session, minute, back }: { session: DeskSession; minute: number; back: () => void }) {
  return (
    <main class="door">
      <Mark />
      <div class="card rows">
        <h1>{say("back.h")}</h1>
        <p role="status">{say("back.later", { t: named(minute, session.minute.value) })}</p>
        <div class="buttons">
          <button type="button" class="pill outline" onClick={back}>
            {say("join.back")}
          </button>
        </div>
      </div>
    </main>
  );
}
