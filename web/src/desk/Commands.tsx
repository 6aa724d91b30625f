/** Ctrl+K: everything the desk can do, by name, for whoever does not know the keys. */

import { useSignal } from "@preact/signals";
import { useEffect, useId, useRef } from "preact/hooks";
import type { Desk } from "./desk.ts";
import { firstTake, nextButton, nextRegion, nextUnread } from "./keys.ts";
import { say } from "./words.ts";

interface Command {
  readonly name: string;
  readonly key?: string;
  readonly go: () => void;
}

const commands = (desk: Desk): readonly Command[] => [
  { name: say("keys.take"), key: "F8", go: firstTake },
  { name: say("keys.next"), key: "F4", go: nextButton },
  { name: say("keys.unread"), key: "F2", go: () => nextUnread(desk, 1) },
  { name: say("keys.region"), key: "F6", go: () => nextRegion(1) },
  ...desk.session.conversations.value.map((talk) => ({
    name: say("talk", { n: talk.number }),
    go: () => desk.show(talk.conv),
  })),
  { name: say("head.lock"), key: "F9", go: () => desk.session.lock() },
  { name: say("head.out"), go: () => void desk.session.signOut() },
];

function Choice({ command, close }: { command: Command; close: () => void }) {
  function go(): void {
    close();
    // After the dialog gave the focus back; the command may want it elsewhere.
    setTimeout(command.go, 0);
  }
  return (
    <li>
      <button type="button" class="command" onClick={go}>
        {command.name}
        {command.key !== undefined && <kbd>{command.key}</kbd>}
      </button>
    </li>
  );
}

export function Commands({ desk, close }: { desk: Desk; close: () => void }) {
  const dialog = useRef<HTMLDialogElement>(null);
  const letters = useSignal("");
  const id = useId();
  useEffect(() => dialog.current?.showModal(), []);
  const shut = (): void => dialog.current?.close();
  const wanted = letters.value.trim().toLowerCase();
  const found = commands(desk).filter(({ name }) => name.toLowerCase().includes(wanted));
  return (
    <dialog ref={dialog} class="commands" aria-label={say("keys")} onClose={close}>
      <label for={id} class="small">
        {say("keys.find")}
      </label>
      <input
        id={id}
        class="box"
        autocomplete="off"
        spellcheck={false}
        value={letters.value}
        onInput={(event) => (letters.value = event.currentTarget.value)}
      />
      {found.length === 0 && <p class="small">{say("keys.none")}</p>}
      <ol>
        {found.map((command) => (
          <Choice key={command.name} command={command} close={shut} />
        ))}
      </ol>
    </dialog>
  );
}
