/** Reading along asks why, from a list, and says that it is recorded and seen. */

import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import type { Desk } from "./desk.ts";
import { type Running, type StepReason, stepReasons } from "./state-lead.ts";
import { say } from "./words.ts";

interface StepInProps {
  readonly desk: Desk;
  readonly one: Running;
}

function Why({ desk, one, close }: StepInProps & { close: () => void }) {
  const chosen = useSignal<StepReason>("asked");
  const first = useRef<HTMLInputElement>(null);
  useEffect(() => first.current?.focus(), []);
  function confirm(event: SubmitEvent): void {
    event.preventDefault();
    desk.session.lead.stepIn(one.conv, chosen.value);
    desk.show(one.conv);
    close();
  }
  return (
    <form class="rows" onSubmit={confirm}>
      <fieldset>
        <legend>{say("step.why")}</legend>
        {stepReasons.map((reason, i) => (
          <label key={reason} class="choice">
            <input
              ref={i === 0 ? first : null}
              type="radio"
              name={`step-${one.conv}`}
              checked={chosen.value === reason}
              onChange={() => (chosen.value = reason)}
            />
            {say(`step.${reason}`)}
          </label>
        ))}
      </fieldset>
      <p class="small">{say("step.record")}</p>
      <div class="buttons">
        <button type="submit" class="pill full">
          {say("step")}
        </button>
        <button type="button" class="pill outline" onClick={close}>
          {say("step.cancel")}
        </button>
      </div>
    </form>
  );
}

export function StepIn({ desk, one }: StepInProps) {
  const { session } = desk;
  const asks = useSignal(false);
  const here = session.conversations.value.some((talk) => talk.conv === one.conv);
  if (here) return null;
  if (asks.value) return <Why desk={desk} one={one} close={() => (asks.value = false)} />;
  const off = !session.connected.value;
  function ask(): void {
    if (!off) asks.value = true;
  }
  return (
    <button type="button" class="pill outline" aria-describedby={`run-${one.conv}`} aria-disabled={off} onClick={ask}>
      {say("step")}
    </button>
  );
}
