/** Who reads along: said to whoever has the conversation, always; and to whoever reads along, with the ways on and out. */

import { useEffect } from "preact/hooks";
import { announce } from "../ui/announce.ts";
import { Icon } from "../ui/Icon.tsx";
import type { Desk } from "./desk.ts";
import type { DeskConversation } from "./state.ts";
import { say } from "./words.ts";

interface BesideProps {
  readonly desk: Desk;
  readonly talk: DeskConversation;
}

export function Company({ desk, talk }: BesideProps) {
  const names = desk.session.lead.company.value.get(talk.conv) ?? [];
  const text = names.map((name) => say("step.who", { name })).join(" ");
  useEffect(() => {
    if (text !== "") announce(text);
  }, [text]);
  if (text === "" || talk.ended.value !== undefined) return null;
  return (
    <p class="beside with-icon">
      <Icon name="eye" />
      {text}
    </p>
  );
}

export function Along({ desk, talk }: BesideProps) {
  const { lead, connected } = desk.session;
  const holder = talk.beside.value;
  if (holder === undefined || talk.ended.value !== undefined) return null;
  const off = !connected.value;
  return (
    <div class="beside with-icon">
      <Icon name="eye" />
      <p>{holder === "" ? say("step.alone") : say("step.with", { name: holder })}</p>
      <span class="buttons">
        <button type="button" class="pill outline" aria-disabled={off} onClick={() => !off && lead.takeOver(talk.conv)}>
          {say("step.over")}
        </button>
        <button type="button" class="pill" aria-disabled={off} onClick={() => !off && lead.stepOut(talk.conv)}>
          {say("step.out")}
        </button>
      </span>
    </div>
  );
}
