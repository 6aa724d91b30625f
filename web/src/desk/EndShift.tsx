/**
 * The kind way out at the end of a shift: each open conversation to a colleague, or back with a whisper, one by one.
 * "Sign out" beside it stays what it is, one press; then all of it goes back to the queue at once.
 */

import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import type { Desk } from "./desk.ts";
import { Asked, HandForm } from "./HandForm.tsx";
import type { DeskConversation } from "./state.ts";
import { say } from "./words.ts";

function Open({ desk, talk }: { desk: Desk; talk: DeskConversation }) {
  const hands = useSignal(false);
  const isAsked = desk.session.handing.asked.value.has(talk.conv);
  const button = useRef<HTMLButtonElement>(null);
  function close(): void {
    hands.value = false;
    setTimeout(() => button.current?.focus(), 0);
  }
  return (
    <li class="card">
      <h3>{say("talk", { n: talk.number })}</h3>
      <Asked desk={desk} talk={talk} />
      {hands.value && !isAsked && <HandForm desk={desk} talk={talk} close={close} />}
      {!hands.value && !isAsked && (
        <button ref={button} type="button" class="pill outline" onClick={() => (hands.value = true)}>
          {say("hand")}
        </button>
      )}
    </li>
  );
}

export function EndShift({ desk }: { desk: Desk }) {
  const dialog = useRef<HTMLDialogElement>(null);
  const heading = useRef<HTMLHeadingElement>(null);
  const open = desk.session.conversations.value.filter((talk) => talk.ended.value === undefined);
  const stay = (): void => dialog.current?.close();
  useEffect(() => {
    dialog.current?.showModal();
    heading.current?.focus();
  }, []);
  // What had the focus is gone with its conversation.
  useEffect(() => {
    if (!dialog.current?.contains(document.activeElement)) heading.current?.focus();
  }, [open.length]);
  return (
    <dialog
      ref={dialog}
      class="commands leaving"
      aria-labelledby="leaving"
      onClose={() => (desk.leaving.value = false)}
    >
      <h2 id="leaving" ref={heading} tabIndex={-1}>
        {say("shift.h")}
      </h2>
      <p>{say(open.length === 0 ? "shift.none" : "shift.p")}</p>
      <ol class="rows">
        {open.map((talk) => (
          <Open key={talk.conv} desk={desk} talk={talk} />
        ))}
      </ol>
      <div class="buttons">
        <button type="button" class="pill full" onClick={() => void desk.session.signOut()}>
          {say(open.length === 0 ? "shift.done" : "shift.rest")}
        </button>
        <button type="button" class="pill outline" onClick={stay}>
          {say("shift.stay")}
        </button>
      </div>
    </dialog>
  );
}
