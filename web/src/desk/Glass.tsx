/** Emergency access: the form that asks why, what is said inside such a conversation, and what others must see of it. */

import { useSignal } from "@preact/signals";
import { useEffect, useId } from "preact/hooks";
import { alarm } from "../ui/announce.ts";
import { Icon } from "../ui/Icon.tsx";
import type { Desk } from "./desk.ts";
import { useModal } from "./modal.ts";
import type { DeskConversation, DeskSession } from "./state.ts";
import { type Broken, type Ground, grounds } from "./state-glass.ts";
import { dayOf, today } from "./when.ts";
import { capital, lasted, say } from "./words.ts";

const refusals = {
  reason_needed: "glass.short",
  no_such_conversation: "glass.none",
  wrong_order: "glass.own",
  limit_reached: "glass.limit",
  opened_often: "glass.often",
  network: "in.network",
} as const;

const known = (code: string): code is keyof typeof refusals => code in refusals;

function Why({ chosen, choose }: { chosen: Ground | undefined; choose: (one: Ground) => void }) {
  const name = useId();
  return (
    <fieldset>
      <legend>{say("glass.why")}</legend>
      {grounds.map((one) => (
        <label key={one} class="choice">
          <input type="radio" name={name} required checked={chosen === one} onChange={() => choose(one)} />
          {capital(say(`glass.${one}`))}
        </label>
      ))}
    </fieldset>
  );
}

/** Which conversation: its number, and the day on which it counted. */
export function Which({ number, day, required }: WhichProps) {
  const [numberId, dayId] = [useId(), useId()];
  return (
    <div class="which">
      <div class="field">
        <label for={numberId}>{say("glass.number")}</label>
        <input
          id={numberId}
          class="box"
          type="number"
          min={1}
          step={1}
          required={required}
          autocomplete="off"
          value={number.value}
          onInput={(event) => (number.value = event.currentTarget.value)}
        />
      </div>
      <div class="field">
        <label for={dayId}>{say("glass.day")}</label>
        <input
          id={dayId}
          class="box"
          type="date"
          required
          value={day.value}
          onInput={(event) => (day.value = event.currentTarget.value)}
        />
      </div>
    </div>
  );
}

interface WhichProps {
  readonly number: { value: string };
  readonly day: { value: string };
  readonly required: boolean;
}

export function GlassDialog({ desk }: { desk: Desk }) {
  const { session } = desk;
  const { dialog, shut, restore } = useModal();
  const [number, day] = [useSignal(""), useSignal(today(session.minute.value))];
  const [why, words] = [useSignal<Ground | undefined>(undefined), useSignal("")];
  const wrong = useSignal<string | undefined>(undefined);
  const id = useId();
  async function open(event: SubmitEvent): Promise<void> {
    event.preventDefault();
    if (why.value === undefined) return;
    wrong.value = undefined;
    const code = await session.glass.open(Number(number.value), dayOf(day.value), why.value, words.value);
    if (code === undefined) shut();
    else wrong.value = say(known(code) ? refusals[code] : "failed");
  }
  return (
    <dialog
      ref={dialog}
      class="commands"
      aria-label={say("glass")}
      onClose={() => {
        restore();
        desk.breaking.value = false;
      }}
    >
      <form class="rows" onSubmit={(event) => void open(event)}>
        <h2>{say("glass")}</h2>
        <p>{say("glass.p")}</p>
        <Which number={number} day={day} required />
        <Why chosen={why.value} choose={(one) => (why.value = one)} />
        <div class="field">
          <label for={id}>{say("glass.reason")}</label>
          <input
            id={id}
            class="box"
            required
            minLength={5}
            maxLength={300}
            dir="auto"
            autocomplete="off"
            spellcheck={false}
            value={words.value}
            onInput={(event) => (words.value = event.currentTarget.value)}
          />
        </div>
        {wrong.value !== undefined && <p role="alert">{wrong.value}</p>}
        <div class="buttons">
          <button type="submit" class="pill full" aria-disabled={!session.connected.value}>
            {say("glass.open")}
          </button>
          <button type="button" class="pill outline" onClick={shut}>
            {say("step.cancel")}
          </button>
        </div>
      </form>
    </dialog>
  );
}

/** In the conversation itself: what this is, and the way out. */
export function ThroughGlass({ desk, talk }: { desk: Desk; talk: DeskConversation }) {
  const { session } = desk;
  const by = talk.ended.value;
  const off = !session.connected.value;
  return (
    <div class="beside with-icon">
      <Icon name="eye" />
      <p>
        {say("glass.here")} {by !== undefined && say(by === "visitor" ? "end.visitor" : "end.team")}{" "}
        {talk.unsealed.value && say("glass.unsealed")}
      </p>
      <span class="buttons">
        <button
          type="button"
          class="pill outline"
          aria-disabled={off}
          onClick={() => !off && session.glass.close(talk.conv)}
        >
          {say("glass.close")}
        </button>
      </span>
    </div>
  );
}

function One({ desk, one }: { desk: Desk; one: Broken }) {
  const { session } = desk;
  const off = !session.connected.value;
  return (
    <li class="call">
      <Icon name="eye" />
      <p>
        <b>{say("glass.who", { name: one.by, n: one.number, why: say(`glass.${one.basis}`) })}</b>{" "}
        {one.reason !== "" && <q dir="auto">{one.reason}</q>} {lasted(one.minute, session.minute.value)}
      </p>
      {one.mine ? (
        <p class="small">{say("glass.mine")}</p>
      ) : (
        <button
          type="button"
          class="pill outline"
          aria-disabled={off}
          onClick={() => !off && session.glass.see(one.key)}
        >
          {say("glass.seen")}
        </button>
      )}
    </li>
  );
}

function useTold(session: DeskSession): readonly Broken[] {
  const broken = session.glass.broken.value;
  const newest = broken.findLast((one) => !one.mine);
  useEffect(() => {
    if (newest === undefined) return;
    alarm(say("glass.who", { name: newest.by, n: newest.number, why: say(`glass.${newest.basis}`) }));
  }, [newest?.key]);
  return broken;
}

/** Over the whole desk, until somebody says by name that they saw it. */
export function BrokenGlass({ desk }: { desk: Desk }) {
  const broken = useTold(desk.session);
  if (broken.length === 0) return null;
  return (
    <section class="calls warn" aria-label={say("glass.list")} data-region tabIndex={-1}>
      <ol>
        {broken.map((one) => (
          <One key={one.key} desk={desk} one={one} />
        ))}
      </ol>
    </section>
  );
}

/** A locked desk says who and which number, and not why. */
export function LockedGlass({ session }: { session: DeskSession }) {
  return useTold(session)
    .filter((one) => !one.mine)
    .map((one) => (
      <p key={one.key} class="card warn with-icon">
        <Icon name="eye" />
        {say("glass.locked", { name: one.by, n: one.number })}
      </p>
    ));
}
