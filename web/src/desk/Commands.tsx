/** Ctrl+K: everything the desk can do, by name, for whoever does not know the keys. */

import { useSignal } from "@preact/signals";
import { useId } from "preact/hooks";
import type { Desk } from "./desk.ts";
import { endShift } from "./Head.tsx";
import { firstTake, nextButton, nextRegion, nextUnread } from "./keys.ts";
import { useModal } from "./modal.ts";
import { find } from "./replies.ts";
import { quiet } from "./sound.ts";
import type { DeskConversation } from "./state.ts";
import { language, say } from "./words.ts";

interface Command {
  readonly name: string;
  readonly key?: string;
  readonly go: () => void;
}

/** What can be done in one conversation, each with its number: of two with the same name one would be the wrong one. */
function inTalk(desk: Desk, { conv, number }: DeskConversation): readonly Command[] {
  const { handing } = desk.session;
  const isMuted = handing.muted.value.has(conv);
  const named = (deed: string): string => `${say("talk", { n: number })}: ${deed}`;
  const asking = (what: "hand" | "end") => (): void => {
    desk.show(conv);
    desk.asks.value = { conv, what };
  };
  const asked = handing.asked.value.has(conv);
  return [
    asked
      ? { name: named(say("hand.withdraw")), go: () => void handing.withdraw(conv) }
      : { name: named(`${say("hand")}, ${say("hand.back")}`), go: asking("hand") },
    { name: named(say(isMuted ? "mute.off" : "mute")), go: () => void handing.mute(conv, !isMuted) },
    { name: named(say("rep")), go: () => (desk.replying.value = conv) },
    { name: named(say("end")), go: asking("end") },
  ];
}

function offered(desk: Desk): readonly Command[] {
  const { handing } = desk.session;
  return handing.offers.value.flatMap(({ conv, number: n }) => [
    {
      name: `${say("offer.yes")}: ${say("talk", { n })}`,
      go: () => void handing.answer(conv, true).then((done) => done && desk.show(conv)),
    },
    { name: `${say("offer.no")}: ${say("talk", { n })}`, go: () => void handing.answer(conv, false) },
  ]);
}

/** Into the conversation in front; those that were read in this shift. */
function replies(desk: Desk): readonly Command[] {
  const conv = desk.chosen.value[0];
  const all = desk.session.replies.value?.all.value ?? [];
  if (conv === undefined) return [];
  return find(all, "", language.value).map((reply) => ({
    name: say("rep.cmd", { name: reply.name }),
    go: () => desk.insert(conv, reply.text),
  }));
}

function needs(desk: Desk): readonly Command[] {
  const own = desk.session.conversations.value.filter((talk) => talk.beside.value === undefined);
  return own.map((talk) => ({
    name: `${say("need")}, ${say("talk", { n: talk.number })}`,
    go: () => desk.session.lead.call(talk.conv),
  }));
}

function lineMoves({ session: { lead } }: Desk): readonly Command[] {
  if (!lead.isLead.value) return [];
  const isOpen = lead.line.value?.open === true;
  return [
    isOpen
      ? { name: say("line.go.close"), go: () => lead.closeLine() }
      : { name: say("line.go.open"), go: () => lead.openLine() },
  ];
}

const commands = (desk: Desk): readonly Command[] => [
  ...offered(desk),
  { name: say("keys.take"), key: "F8", go: firstTake },
  { name: say("keys.next"), key: "F4", go: nextButton },
  { name: say("keys.unread"), key: "F2", go: () => nextUnread(desk, 1) },
  { name: say("keys.region"), key: "F6", go: () => nextRegion(1) },
  ...desk.session.conversations.value.map((talk) => ({
    name: say("talk", { n: talk.number }),
    go: () => desk.show(talk.conv),
  })),
  ...desk.session.conversations.value
    .filter((talk) => talk.ended.value === undefined && talk.beside.value === undefined)
    .flatMap((talk) => inTalk(desk, talk)),
  ...replies(desk),
  ...needs(desk),
  ...lineMoves(desk),
  { name: say(quiet.value ? "head.loud" : "head.quiet"), go: () => (quiet.value = !quiet.value) },
  { name: say("glass"), go: () => (desk.breaking.value = true) },
  { name: say("own"), go: () => (desk.minding.value = true) },
  { name: say("head.lock"), key: "F9", go: () => desk.session.lock() },
  { name: say("shift.end"), go: () => endShift(desk) },
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
  const { dialog, shut, restore } = useModal();
  const letters = useSignal("");
  const id = useId();
  const wanted = letters.value.trim().toLowerCase();
  const found = commands(desk).filter(({ name }) => name.toLowerCase().includes(wanted));
  return (
    <dialog
      ref={dialog}
      class="commands"
      aria-label={say("keys")}
      onClose={() => {
        restore();
        close();
      }}
    >
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
