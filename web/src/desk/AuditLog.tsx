/** Who did what: a lead's and a reviewer's page of the log, and the warning at any desk that its past was written anew. */

import { useSignal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { useEffect, useId } from "preact/hooks";
import { alarm } from "../ui/announce.ts";
import { Icon } from "../ui/Icon.tsx";
import type { Desk } from "./desk.ts";
import { Which } from "./Glass.tsx";
import { useModal } from "./modal.ts";
import { deed, doer, outcome, role, why } from "./records.ts";
import type { DeskSession } from "./state.ts";
import type { Recorded, RecordPage, Wanted } from "./state-audit.ts";
import { explain } from "./trouble.ts";
import { dayOf, moment, today } from "./when.ts";
import { say } from "./words.ts";

/** Lasting, at every desk: nothing takes it away but signing out. */
export function Doubt({ session }: { session: DeskSession }) {
  const doubt = session.audit.doubt.value;
  const text = doubt === undefined ? "" : say(`audit.${doubt}`);
  useEffect(() => {
    if (text !== "") alarm(text);
  }, [text]);
  if (text === "") return null;
  return (
    <p class="cut-off warn with-icon">
      <Icon name="warn" />
      {text}
    </p>
  );
}

function Row({ one }: { one: Recorded }) {
  return (
    <tr>
      <td>{moment(one.minute)}</td>
      <th scope="row">
        <bdi>{doer(one.name)}</bdi>
      </th>
      <td>{role(one.role)}</td>
      <td>{deed(one.action)}</td>
      <td>
        <code title={one.conversation}>{one.conversation.slice(0, 8)}</code>
      </td>
      <td>
        <bdi>{one.about === "" ? why(one.reason) : one.about}</bdi>
      </td>
      <td>{outcome(one.result)}</td>
    </tr>
  );
}

const columns = [
  "audit.when",
  "audit.who",
  "audit.role",
  "audit.deed",
  "audit.conv",
  "audit.reason",
  "audit.result",
] as const;

function Table({ rows }: { rows: readonly Recorded[] }) {
  if (rows.length === 0) return <p>{say("audit.none")}</p>;
  return (
    <section
      class="wide"
      aria-label={say("audit.table")}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
      tabIndex={0}
    >
      <table class="records">
        <thead>
          <tr>
            {columns.map((name) => (
              <th key={name} scope="col">
                {say(name)}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((one) => (
            <Row key={one.n} one={one} />
          ))}
        </tbody>
      </table>
    </section>
  );
}

/** What this desk remembers, for whoever wants to check the server against it. */
function Kept({ session }: { session: DeskSession }) {
  const kept = session.audit.remembered.value;
  if (kept === undefined) return null;
  return (
    <details>
      <summary>{say("audit.kept", { n: kept.size, t: moment(kept.minute) })}</summary>
      <p class="small">{say("audit.kept.p")}</p>
      <pre>{kept.note}</pre>
    </details>
  );
}

/** What is asked for, page by page; *more* stands beside the way to older ones. */
export function Records({ session, more }: { session: DeskSession; more?: ComponentChildren }) {
  const [employee, number, day] = [useSignal(""), useSignal(""), useSignal(today(session.minute.value))];
  const page = useSignal<RecordPage | undefined>(undefined);
  const wrong = useSignal<string | undefined>(undefined);
  const asked = useSignal<Wanted | undefined>(undefined);
  const id = useId();

  async function look(wanted: Wanted): Promise<void> {
    asked.value = wanted;
    const found = await session.audit.look(wanted);
    if (asked.value !== wanted) return;
    const isPage = typeof found !== "string";
    wrong.value = isPage ? undefined : found === "no_such_conversation" ? say("glass.none") : explain(found);
    page.value = isPage ? found : undefined;
  }
  function find(event?: SubmitEvent): void {
    event?.preventDefault();
    const which = number.value === "" ? undefined : Number(number.value);
    void look({ employee: employee.value, number: which, day: dayOf(day.value), before: undefined });
  }
  function older(): void {
    const last = page.value?.rows.at(-1);
    if (asked.value !== undefined && last !== undefined) void look({ ...asked.value, before: last.n });
  }
  useEffect(() => find(), []);
  return (
    <>
      <p class="small">{say("audit.p")}</p>
      <form class="which" onSubmit={find}>
        <div class="field">
          <label for={id}>{say("audit.who")}</label>
          <select
            id={id}
            class="box"
            value={employee.value}
            onChange={(event) => (employee.value = event.currentTarget.value)}
          >
            <option value="">{say("audit.all")}</option>
            {page.value?.employees.map((name) => (
              <option key={name} value={name}>
                {name}
              </option>
            ))}
          </select>
        </div>
        <Which number={number} day={day} required={false} />
        <button type="submit" class="pill full">
          {say("audit.find")}
        </button>
      </form>
      {wrong.value !== undefined && <p role="alert">{wrong.value}</p>}
      {page.value !== undefined && <Table rows={page.value.rows} />}
      <div class="buttons">
        {page.value?.more === true && (
          <button type="button" class="pill outline" onClick={older}>
            {say("audit.older")}
          </button>
        )}
        {more}
      </div>
      <Kept session={session} />
    </>
  );
}

function AuditDialog({ desk, close }: { desk: Desk; close: () => void }) {
  const { dialog, shut, restore } = useModal();
  return (
    <dialog
      ref={dialog}
      class="commands broad"
      aria-label={say("audit")}
      onClose={() => {
        restore();
        close();
      }}
    >
      <h2>{say("audit")}</h2>
      <Records
        session={desk.session}
        more={
          <button type="button" class="pill outline" onClick={shut}>
            {say("rep.back")}
          </button>
        }
      />
    </dialog>
  );
}

export function AuditPart({ desk }: { desk: Desk }) {
  const open = useSignal(false);
  return (
    <section class="lead-part" aria-labelledby="audit" data-region tabIndex={-1}>
      <h2 id="audit">{say("audit")}</h2>
      <div class="buttons">
        <button type="button" class="pill outline" onClick={() => (open.value = true)}>
          {say("audit.open")}
        </button>
      </div>
      {open.value && <AuditDialog desk={desk} close={() => (open.value = false)} />}
    </section>
  );
}
