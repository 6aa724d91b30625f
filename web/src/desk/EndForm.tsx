/** Ending asks why, in three words, and confirms. It opens in the conversation, not over it. */

import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import type { EndReason } from "../wire/desk-frames.ts";
import type { Desk } from "./desk.ts";
import type { DeskConversation } from "./state.ts";
import { say } from "./words.ts";

const reasons: readonly EndReason[] = ["completed", "visitor_left", "abuse", "test_call", "prank"];

interface EndFormProps {
  readonly desk: Desk;
  readonly talk: DeskConversation;
  readonly close: () => void;
}

export function EndForm({ desk, talk, close }: EndFormProps) {
  const chosen = useSignal<EndReason>(talk.visitorIs.peek() === "gone" ? "visitor_left" : "completed");
  const failed = useSignal(false);
  const first = useRef<HTMLInputElement>(null);
  useEffect(() => first.current?.focus(), []);

  function confirm(event: SubmitEvent): void {
    event.preventDefault();
    failed.value = false;
    desk.session.end(talk.conv, chosen.value).then(close, () => (failed.value = true));
  }
  return (
    <form class="end-form" onSubmit={confirm}>
      <fieldset>
        <legend>{say("end.why")}</legend>
        {reasons.map((reason, i) => (
          <label key={reason} class="choice">
            <input
              ref={i === 0 ? first : null}
              type="radio"
              name={`why-${talk.conv}`}
              checked={chosen.value === reason}
              onChange={() => (chosen.value = reason)}
            />
            {say(`end.${reason}`)}
          </label>
        ))}
      </fieldset>
      {failed.value && <p role="alert">{say("failed")}</p>}
      <div class="buttons">
        <button type="submit" class="pill full">
          {say("end.confirm")}
        </button>
        <button type="button" class="pill outline" onClick={close}>
          {say("end.stay")}
        </button>
      </div>
    </form>
  );
}
