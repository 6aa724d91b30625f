/** Who goes on with a conversation: a colleague who says yes, or whoever takes it from the queue. With a whisper. */

import { useSignal } from "@preact/signals";
import { useEffect, useId, useRef } from "preact/hooks";
import { announce } from "../ui/announce.ts";
import type { Desk } from "./desk.ts";
import type { Colleague } from "./handing.ts";
import type { DeskConversation } from "./state.ts";
import { say } from "./words.ts";

interface HandFormProps {
  readonly desk: Desk;
  readonly talk: DeskConversation;
  readonly close: () => void;
}

function Choice({ desk, one, name, chosen }: { desk: Desk; one: Colleague; name: string; chosen: HandChoice }) {
  const max = desk.session.handing.limit.value ?? 0;
  const isFull = one.held >= max;
  return (
    <label class="choice">
      <input
        type="radio"
        name={name}
        checked={chosen.value === one.account}
        disabled={isFull}
        onChange={() => (chosen.value = one.account)}
      />
      <span>
        <bdi>{one.name}</bdi>{" "}
        <span class="small">{isFull ? say("hand.full") : say("hand.load", { n: one.held, max })}</span>
      </span>
    </label>
  );
}

interface HandChoice {
  value: string | undefined;
}

/** Only for who has a place; nobody is chosen in advance. */
function Colleagues({ desk, chosen }: { desk: Desk; chosen: HandChoice }) {
  const name = useId();
  const there = desk.session.handing.colleagues.value;
  if (there.length === 0) return <p class="small">{say("hand.nobody")}</p>;
  return (
    <fieldset>
      <legend>{say("hand.who")}</legend>
      {there.map((one) => (
        <Choice key={one.account} desk={desk} one={one} name={name} chosen={chosen} />
      ))}
    </fieldset>
  );
}

export function HandForm({ desk, talk, close }: HandFormProps) {
  const { handing } = desk.session;
  const whisper = useSignal("");
  const chosen = useSignal<string | undefined>(undefined);
  const busy = useSignal(false);
  const form = useRef<HTMLFormElement>(null);
  const id = useId();
  useEffect(() => form.current?.querySelector<HTMLElement>("input:enabled, textarea")?.focus(), []);
  const there = handing.colleagues.value.find((one) => one.account === chosen.value);

  /** The whisper is in the team's log before anybody is asked; the deed itself waits until it is on the disk. */
  async function go(deed: () => Promise<boolean>): Promise<void> {
    if (busy.value) return;
    busy.value = true;
    const text = whisper.value;
    const noted = text.trim() === "" || (await desk.session.note(talk.conv, text).catch(() => false));
    if (noted) whisper.value = "";
    else announce(say("m.long"));
    const done = noted && (await deed());
    busy.value = false;
    if (done) close();
  }

  function offer(event: SubmitEvent): void {
    event.preventDefault();
    if (there !== undefined) void go(() => handing.handOver(talk.conv, there.account));
  }

  async function giveBack(): Promise<boolean> {
    const done = await handing.giveBack(talk.conv);
    if (done) announce(say("hand.given", { n: talk.number }));
    return done;
  }
  return (
    <form ref={form} class="end-form" onSubmit={offer} aria-busy={busy.value}>
      <Colleagues desk={desk} chosen={chosen} />
      <div class="note">
        <label for={id} class="small">
          {say("hand.note")}
        </label>
        <textarea
          id={id}
          class="box"
          rows={2}
          dir="auto"
          placeholder={say("note.hint")}
          autocomplete="off"
          spellcheck={false}
          value={whisper.value}
          onInput={(event) => (whisper.value = event.currentTarget.value)}
        />
      </div>
      <div class="buttons">
        <button type="submit" class="pill full" aria-disabled={there === undefined || busy.value}>
          {say("hand.offer")}
        </button>
        <button type="button" class="pill outline" aria-disabled={busy.value} onClick={() => void go(giveBack)}>
          {say("hand.back")}
        </button>
        <button type="button" class="pill outline" onClick={close}>
          {say("end.stay")}
        </button>
      </div>
    </form>
  );
}

/** A colleague was asked; until the answer the conversation goes on here. */
export function Asked({ desk, talk }: { desk: Desk; talk: DeskConversation }) {
  const { handing } = desk.session;
  const asked = handing.asked.value.get(talk.conv);
  if (asked === undefined) return null;
  return (
    <div class="asked">
      <p>{say("hand.asked", { name: asked.name })}</p>
      <button type="button" class="pill outline" onClick={() => void handing.withdraw(talk.conv)}>
        {say("hand.withdraw")}
      </button>
    </div>
  );
}

/** The visitor is not heard; whoever looks here must know. */
export function MutedLine({ desk, talk }: { desk: Desk; talk: DeskConversation }) {
  if (!desk.session.handing.muted.value.has(talk.conv)) return null;
  return <p class="card warn">{say("mute.on")}</p>;
}
