/** The pages of who has no desk: a reviewer's records; an admin's house and colleagues. */

import { useEffect } from "preact/hooks";
import { alarm, announce } from "../ui/announce.ts";
import { Records } from "./AuditLog.tsx";
import { PeopleCare, PeoplePart, Twice } from "./People.tsx";
import type { DeskSession } from "./state.ts";
import type { House } from "./state-office.ts";
import type { Belongs } from "./state-people.ts";
import { explain } from "./trouble.ts";
import { lineSays, moment } from "./when.ts";
import { say } from "./words.ts";

function HousePart({ session, house }: { session: DeskSession; house: House }) {
  const people = new Set(house.sessions.map((one) => one.account));
  const line = { open: house.open, until: house.until, by: undefined };
  const rows: readonly (readonly [string, string | number])[] = [
    [say("line"), lineSays(line, session.minute.value)],
    [say("office.in"), people.size],
    [say("office.desks"), house.desks],
    [say("office.signed"), house.signed === undefined ? say("office.unsigned") : moment(house.signed)],
  ];
  return (
    <section class="lead-part" aria-labelledby="house" data-region tabIndex={-1}>
      <h2 id="house">{say("office.house")}</h2>
      <dl class="numbers">
        {rows.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
    </section>
  );
}

/** When their certificate ends, and since when they are signed in; nobody knows where. */
function Known({ session, one }: { session: DeskSession; one: Belongs }) {
  const { office } = session;
  const here = office.house.value?.sessions.filter(({ account }) => account === one.account) ?? [];
  const about = `signed-in-${one.account}`;
  async function signOut(): Promise<void> {
    if (await office.signOut(one.account)) announce(say("office.out.done", { name: one.name }));
  }
  return (
    <>
      <p class="small">{say("office.until", { t: moment(one.until) })}</p>
      <p class="small" id={about}>
        {here.length === 0
          ? say("office.away")
          : say("office.since", { t: here.map(({ began }) => moment(began)).join("; ") })}
      </p>
      {!one.isMe && here.length > 0 && (
        <Twice go={say("office.out")} asks={say("office.out.p", { name: one.name })} about={about} deed={signOut} />
      )}
    </>
  );
}

function Admin({ session }: { session: DeskSession }) {
  const house = session.office.house.value;
  const trouble = session.office.trouble.value;
  const text = trouble === undefined ? "" : explain(trouble);
  useEffect(() => {
    if (text !== "") alarm(text);
  }, [text]);
  return (
    <main class="office lead">
      {text !== "" && <p class="card warn">{text}</p>}
      <PeopleCare session={session} />
      {house !== undefined && <HousePart session={session} house={house} />}
      <PeoplePart session={session} more={(one) => <Known session={session} one={one} />} />
    </main>
  );
}

export function Office({ session }: { session: DeskSession }) {
  if (session.role.value === "admin") return <Admin session={session} />;
  return (
    <main class="office">
      <section class="lead-part broad" aria-labelledby="records" data-region tabIndex={-1}>
        <h2 id="records">{say("audit")}</h2>
        <Records session={session} />
      </section>
    </main>
  );
}
