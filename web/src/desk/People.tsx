/** Looking after the team: inviting, comparing digits by voice, admitting; and certificates that end. */

import { useSignal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { useEffect, useId } from "preact/hooks";
import { hasAdminKey, hasTeamKey, invites, type Role } from "../crypto/roles.ts";
import { alarm, announce } from "../ui/announce.ts";
import { endings } from "./endings.ts";
import { InviteButtons } from "./InviteButtons.tsx";
import { InThePlaceOf, Lost } from "./Returning.tsx";
import { role } from "./records.ts";
import { Digits } from "./Sheet.tsx";
import type { DeskSession } from "./state.ts";
import type { Belongs, People, PeopleView, Waiting } from "./state-people.ts";
import { explain } from "./trouble.ts";
import { moment } from "./when.ts";
import { say } from "./words.ts";

/** Milliseconds: two clicks in a row are no second thought. */
const NO_DOUBLE_CLICK = 700;

const leads = (view: PeopleView): number => view.members.filter((one) => one.role === "lead").length;

/** There should be two who can admit; one who is invited or waits is on the way. */
const lacksLead = ({ members, invited, waiting }: PeopleView): boolean =>
  [...members, ...invited, ...waiting].filter((one) => one.role === "lead").length < 2;

function Invite({ people, view, me }: { people: People; view: PeopleView; me: Role | undefined }) {
  const [open, chosen] = [useSignal(false), useSignal<Role>("counsellor")];
  const id = useId();
  async function make(event: SubmitEvent): Promise<void> {
    event.preventDefault();
    if (await people.invite(chosen.value)) open.value = false;
  }
  if (people.code.value !== undefined) {
    return (
      <div class="card rows">
        <p id={id}>
          {say("people.code")} <span class="code">{people.code.value}</span>
        </p>
        <p class="small">{say("people.code.p")}</p>
        <button type="button" class="pill full" onClick={() => people.putAway()}>
          {say("people.away")}
        </button>
      </div>
    );
  }
  if (!open.value) {
    const begin = (): void => {
      chosen.value = lacksLead(view) && invites(me).includes("lead") ? "lead" : "counsellor";
      open.value = true;
    };
    return (
      <div class="buttons">
        <button type="button" class="pill outline" onClick={begin}>
          {say("people.invite")}
        </button>
      </div>
    );
  }
  return (
    <form class="rows" onSubmit={(event) => void make(event)}>
      <fieldset>
        <legend>{say("people.role")}</legend>
        {invites(me).map((one) => (
          <label key={one} class="choice">
            <input
              type="radio"
              name={id}
              checked={chosen.value === one}
              aria-describedby={`${id}-what`}
              onChange={() => (chosen.value = one)}
            />
            {role(one)}
          </label>
        ))}
        <p id={`${id}-what`} class="small">
          {say(`can.${chosen.value}`)}
        </p>
      </fieldset>
      <InviteButtons cancel={() => (open.value = false)} />
    </form>
  );
}

function Applicant({ people, one, admits }: { people: People; one: Waiting; admits: boolean }) {
  const id = useId();
  const busy = useSignal(false);
  async function once(deed: () => Promise<boolean>): Promise<void> {
    if (busy.value) return;
    busy.value = true;
    await deed();
    busy.value = false;
  }
  return (
    <li>
      <p id={id}>
        <b>
          <bdi>{one.name}</bdi>
        </b>
        , {role(one.role)}
      </p>
      {one.changed ? (
        <p class="card warn" role="alert">
          {say("people.changed")}
        </p>
      ) : (
        <p class="small">{say("people.compare", { name: one.name })}</p>
      )}
      <InThePlaceOf one={one} />
      <Digits fingerprint={one.fingerprint} />
      <div class="buttons">
        {admits && !one.changed && (
          <button
            type="button"
            class="pill full"
            aria-describedby={id}
            aria-disabled={busy.value}
            onClick={() => void once(() => people.admit(one.account, one.fingerprint))}
          >
            {say("people.admit")}
          </button>
        )}
        <button
          type="button"
          class="pill outline"
          aria-describedby={id}
          aria-disabled={busy.value}
          onClick={() => void once(() => people.decline(one.account))}
        >
          {say("people.decline")}
        </button>
      </div>
    </li>
  );
}

/** What cannot wait stands above everything else of a lead: a second lead, who waits, what ends. */
export function PeopleCare({ session }: { session: DeskSession }) {
  const view = session.people.view.value;
  const names = view?.waiting.map((one) => one.name).join(", ") ?? "";
  useEffect(() => {
    if (names !== "") announce(say("people.wait", { name: names }));
  }, [names]);
  if (view === undefined) return null;
  const [alone, ends] = [leads(view) < 2 && !session.demo.value, endings(view, session.minute.value)];
  if (!alone && names === "" && ends.length === 0) return null;
  return (
    <section class="lead-part" aria-label={say("people.care")}>
      {alone && <p class="card warn">{say("people.second")}</p>}
      {ends.map((text) => (
        <p key={text} class="card warn">
          {text}
        </p>
      ))}
      {names !== "" && <p class="card">{say("people.wait", { name: names })}</p>}
      <div class="buttons">
        <button type="button" class="pill outline" onClick={() => document.getElementById("people")?.focus()}>
          {say("people.go")}
        </button>
      </div>
    </section>
  );
}

/** A button that asks once more, in place: what it does happens to somebody this second. */
export function Twice(props: { go: string; asks: string; about: string; deed: () => Promise<unknown> }) {
  const { go, asks, about, deed } = props;
  const [asking, busy] = [useSignal(0), useSignal(false)];
  const id = useId();
  async function press(): Promise<void> {
    if (asking.value === 0) asking.value = performance.now();
    if (busy.value || performance.now() - asking.value < NO_DOUBLE_CLICK) return;
    busy.value = true;
    await deed();
    busy.value = false;
    asking.value = 0;
  }
  return (
    <>
      {asking.value > 0 && (
        <p id={id} class="card warn" role="alert">
          {asks}
        </p>
      )}
      <div class="buttons">
        <button
          type="button"
          class={asking.value > 0 ? "pill full" : "pill outline"}
          aria-describedby={`${about} ${id}`}
          aria-disabled={busy.value}
          onClick={() => void press()}
        >
          {go}
        </button>
        {asking.value > 0 && (
          <button type="button" class="pill outline" onClick={() => (asking.value = 0)}>
            {say("step.cancel")}
          </button>
        )}
      </div>
    </>
  );
}

/** Nothing takes a removal back. *more* is what else is known of them, and can be done. */
function Belonging({ people, one, more }: { people: People; one: Belongs; more: ComponentChildren }) {
  const id = useId();
  const { name } = one;
  return (
    <li>
      <p id={id}>
        <bdi>{name}</bdi>, {role(one.role)}
      </p>
      {more}
      {!one.isMe && (
        <Twice
          go={say("people.remove")}
          asks={say("people.remove.p", { name })}
          about={id}
          deed={() => people.remove(one.account)}
        />
      )}
    </li>
  );
}

/** The key that somebody who left had is replaced for exactly those whose names stand here. */
function Due({ people, view }: { people: People; view: PeopleView }) {
  const busy = useSignal(false);
  const names = view.members.filter((one) => hasTeamKey(one.role)).map((one) => one.name);
  async function make(): Promise<void> {
    if (busy.value) return;
    busy.value = true;
    await people.beginEpoch(view.members.map((one) => one.account));
    busy.value = false;
  }
  return (
    <div class="card warn rows">
      <p>{say(view.epochDue === "old" ? "people.due.old" : "people.due")}</p>
      {!view.admits && <p>{say("people.due.other")}</p>}
      {view.admits && (
        <>
          <p>{say("people.due.who", { names: names.join(", ") })}</p>
          <div class="buttons">
            <button type="button" class="pill outline" aria-disabled={busy.value} onClick={() => void make()}>
              {say("people.due.go")}
            </button>
          </div>
        </>
      )}
    </div>
  );
}

/** Who does not admit sees that somebody waits, and for whom. */
function Waits({ one }: { one: Waiting }) {
  return (
    <li>
      <p>
        <b>
          <bdi>{one.name}</bdi>
        </b>
        , {role(one.role)}
      </p>
      <p class="small">{say("people.lead")}</p>
    </li>
  );
}

interface ListsProps {
  readonly people: People;
  readonly view: PeopleView;
  readonly me: Role | undefined;
  readonly more: (one: Belongs) => ComponentChildren;
}

function Lists({ people, view, me, more }: ListsProps) {
  const leads = hasAdminKey(me);
  return (
    <>
      {view.waiting.length > 0 && (
        <>
          <h3>{say("people.waiting")}</h3>
          {leads && !view.admits && <p class="small">{say("people.keyless")}</p>}
          <ol class="people">
            {view.waiting.map((one) =>
              leads ? (
                <Applicant key={one.account} people={people} one={one} admits={view.admits} />
              ) : (
                <Waits key={one.account} one={one} />
              ),
            )}
          </ol>
        </>
      )}
      {view.invited.length > 0 && (
        <>
          <h3>{say("people.open")}</h3>
          <ol class="people">
            {view.invited.map((one) => (
              <li key={one.id}>
                <p id={`invited-${one.id}`}>
                  <b>{role(one.role)}</b> <span class="small">{say("people.until", { t: moment(one.until) })}</span>
                </p>
                <div class="buttons">
                  <button
                    type="button"
                    class="pill outline"
                    aria-describedby={`invited-${one.id}`}
                    onClick={() => void people.withdraw(one.id)}
                  >
                    {say("people.withdraw")}
                  </button>
                </div>
              </li>
            ))}
          </ol>
        </>
      )}
      <h3>{say("people.members")}</h3>
      {view.epochDue && <Due people={people} view={view} />}
      <ol class="people">
        {view.members.map((one) => (
          <Belonging key={one.account} people={people} one={one} more={more(one)} />
        ))}
      </ol>
    </>
  );
}

/** What a colleague who left might have read from a stolen disk gets another key, while the desk works on. */
function Rewrapping({ left }: { left: number }) {
  if (left === 0) return null;
  return <p class="small">{say("people.rewrap", { n: left })}</p>;
}

interface PartProps {
  readonly session: DeskSession;
  readonly more?: (one: Belongs) => ComponentChildren;
}

export function PeoplePart({ session, more = () => null }: PartProps) {
  const { people } = session;
  const view = people.view.value;
  const trouble = people.trouble.value;
  const text = trouble === undefined ? "" : explain(trouble);
  useEffect(() => {
    if (text !== "") alarm(text);
  }, [text]);
  if (view === undefined) return null;
  return (
    <section class="lead-part" aria-labelledby="people" data-region tabIndex={-1}>
      <h2 id="people" tabIndex={-1}>
        {say("people")}
      </h2>
      {text !== "" && <p class="card warn">{text}</p>}
      <Invite people={people} view={view} me={session.role.value} />
      <Lost people={people} view={view} me={session.role.value} />
      <Rewrapping left={session.rewrap.left.value ?? 0} />
      <Lists people={people} view={view} me={session.role.value} more={more} />
    </section>
  );
}
