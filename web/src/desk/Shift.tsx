/** The shift lead's live picture: numbers and names, never a word of what is said. */

import { AuditPart } from "./AuditLog.tsx";
import type { Desk } from "./desk.ts";
import { Line } from "./Line.tsx";
import { PeopleCare, PeoplePart } from "./People.tsx";
import { StepIn } from "./StepIn.tsx";
import type { Picture } from "./state-lead.ts";
import { lasted, say } from "./words.ts";

function Numbers({ picture, now }: { picture: Picture; now: number }) {
  const { waiting, away, longest, running, answered, missed } = picture;
  const rows: readonly (readonly [string, string | number])[] = [
    [say("head.waiting"), waiting],
    [say("shift.away"), away],
    [say("head.longest"), longest === undefined ? "–" : lasted(longest, now)],
    [say("shift.running"), running.length],
    [say("shift.answered"), answered],
    [say("shift.missed"), missed],
  ];
  return (
    <dl class="numbers">
      {rows.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

function Desks({ picture }: { picture: Picture }) {
  return (
    <table class="desks">
      <thead>
        <tr>
          <th scope="col">{say("shift.desks")}</th>
          <th scope="col">{say("shift.held")}</th>
        </tr>
      </thead>
      <tbody>
        {picture.desks.map((one) => (
          <tr key={one.name}>
            <th scope="row">
              {one.name}
              {!one.here && <span class="small"> {say("shift.gone")}</span>}
            </th>
            <td>{say("shift.of", { n: one.held, m: picture.limit })}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function Talks({ desk, picture }: { desk: Desk; picture: Picture }) {
  const { session } = desk;
  if (picture.running.length === 0) return <p class="small">{say("shift.still")}</p>;
  return (
    <ol class="running">
      {picture.running.map((one) => (
        <li key={one.conv}>
          <p id={`run-${one.conv}`}>
            <b>{say("talk", { n: one.number })}</b> {one.holder}, {lasted(one.since, session.minute.value)}
            {one.companions.map((name) => (
              <span key={name} class="small">
                {" "}
                {say("step.who", { name })}
              </span>
            ))}
          </p>
          <StepIn desk={desk} one={one} />
        </li>
      ))}
    </ol>
  );
}

function Shift({ desk }: { desk: Desk }) {
  const { session } = desk;
  const picture = session.lead.picture.value;
  return (
    <section class="lead-part" aria-labelledby="shift" data-region tabIndex={-1}>
      <h2 id="shift">{say("shift")}</h2>
      {picture !== undefined && (
        <>
          <Numbers picture={picture} now={session.minute.value} />
          <Desks picture={picture} />
          <h3>{say("shift.talks")}</h3>
          <Talks desk={desk} picture={picture} />
        </>
      )}
    </section>
  );
}

/** Line and shift, for who leads. */
export function LeadPanel({ desk }: { desk: Desk }) {
  const { session } = desk;
  if (!session.lead.isLead.value) return null;
  return (
    <div class="lead">
      <PeopleCare session={session} />
      <Line session={session} />
      <Shift desk={desk} />
      <PeoplePart session={session} />
      <AuditPart desk={desk} />
    </div>
  );
}
