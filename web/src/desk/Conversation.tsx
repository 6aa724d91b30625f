/** One conversation: what was said, who types, and the two boxes that must never be confused. */

import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { announce } from "../ui/announce.ts";
import { useFollow } from "../ui/follow.ts";
import { Icon } from "../ui/Icon.tsx";
import { Jump } from "../ui/Jump.tsx";
import { Typing } from "../ui/Typing.tsx";
import { Along, Company } from "./Beside.tsx";
import { boxId, type Desk } from "./desk.ts";
import { EndForm } from "./EndForm.tsx";
import { ThroughGlass } from "./Glass.tsx";
import { Asked, HandForm, MutedLine } from "./HandForm.tsx";
import { Lines } from "./Lines.tsx";
import { NeedButton, NeedState } from "./Need.tsx";
import type { DeskConversation } from "./state.ts";
import { Write } from "./Write.tsx";
import { lasted, say } from "./words.ts";

const logId = (conv: string): string => `log-${conv}`;
const isFocusLost = (): boolean => document.activeElement === null || document.activeElement === document.body;

interface ConversationProps {
  readonly desk: Desk;
  readonly talk: DeskConversation;
  readonly shown: boolean;
}

/** Read means looked at: the focus is in this conversation, its end is in view, the window is in front. */
function useSeen({ desk, talk }: ConversationProps, here: boolean, there: boolean): void {
  const unread = talk.unread.value;
  useEffect(() => {
    if (!here || !there) return;
    const tell = (): void => {
      if (!document.hidden && unread > 0) desk.session.seen(talk.conv);
    };
    tell();
    document.addEventListener("visibilitychange", tell);
    return () => document.removeEventListener("visibilitychange", tell);
  }, [here, there, unread]);
}

/** Elsewhere the number is told, never the words: two conversations read out at once are none. */
function useNews(talk: DeskConversation, here: boolean): void {
  const told = useRef(talk.unread.value);
  const n = talk.unread.value;
  useEffect(() => {
    if (!here && n > told.current) announce(`${say("talk", { n: talk.number })}, ${say("talk.new", { n })}`);
    told.current = n;
  }, [n]);
}

const whereabouts = {
  here: { icon: "eye", words: "talk.here" },
  away: { icon: "clock", words: "talk.away" },
  gone: { icon: "cut", words: "talk.gone" },
  message: { icon: "note", words: "talk.message" },
} as const;

/** Going away and coming back is what phones do all day; only that somebody has left is told aloud. */
function VisitorIs({ desk, talk }: Omit<ConversationProps, "shown">) {
  const is = talk.visitorIs.value;
  const { icon, words } = whereabouts[is !== "here" && desk.session.messages.value.has(talk.conv) ? "message" : is];
  useEffect(() => {
    if (words === "talk.gone") announce(`${say("talk", { n: talk.number })}. ${say(words)}`);
  }, [words]);
  return (
    <span class="reason">
      <Icon name={icon} />
      {say(words)}
    </span>
  );
}

function Deeds({ desk, talk }: Omit<ConversationProps, "shown">) {
  const { handing } = desk.session;
  const { conv } = talk;
  const isMuted = handing.muted.value.has(conv);
  return (
    <div class="deeds">
      <NeedButton desk={desk} talk={talk} />
      {!handing.asked.value.has(conv) && (
        <button type="button" class="pill" onClick={() => (desk.asks.value = { conv, what: "hand" })}>
          {say("hand")}
        </button>
      )}
      <button type="button" class="pill" aria-pressed={isMuted} onClick={() => void handing.mute(conv, !isMuted)}>
        {say("mute")}
      </button>
      <button type="button" class="pill" onClick={() => (desk.asks.value = { conv, what: "end" })}>
        {say("end")}
      </button>
    </div>
  );
}

function Title({ desk, talk }: Omit<ConversationProps, "shown">) {
  const n = talk.unread.value;
  const over = talk.ended.value !== undefined;
  return (
    <header class="talk-head">
      <div>
        <h3 id={`title-${talk.conv}`}>{say("talk", { n: talk.number })}</h3>
        <p class="small">{say("talk.since", { t: lasted(talk.since, desk.session.minute.value) })}</p>
        {!over && <VisitorIs desk={desk} talk={talk} />}
      </div>
      <span class={n > 0 ? "badge" : ""}>{n > 0 && say("talk.new", { n })}</span>
      {!over && talk.beside.value === undefined && <Deeds desk={desk} talk={talk} />}
    </header>
  );
}

function Over({ desk, talk, here }: Omit<ConversationProps, "shown"> & { here: boolean }) {
  const by = talk.ended.value;
  const erased = talk.erased.value;
  useEffect(() => {
    if (erased) announce(`${say("talk", { n: talk.number })}. ${say("end.erased")}`);
    else if (by === "visitor") announce(`${say("talk", { n: talk.number })}. ${say("end.visitor")}`);
    // The box is gone, maybe in the middle of a word. The log takes the keys: there they do no harm.
    if (here && isFocusLost()) document.getElementById(logId(talk.conv))?.focus();
  }, [by, erased]);
  function away(): void {
    desk.forgetDraft(talk.conv);
    desk.session.dismiss(talk.conv);
    document.getElementById("talks")?.parentElement?.focus();
  }
  return (
    <div class="over">
      <p>{say(erased ? "end.erased" : by === "visitor" ? "end.visitor" : "end.team")}</p>
      <button type="button" class="pill outline" onClick={away}>
        {say("end.away")}
      </button>
    </div>
  );
}

const Warning = ({ words }: { words: string }) => (
  <p class="card warn with-icon" role="alert">
    <Icon name="warn" />
    {words}
  </p>
);

export function Conversation({ desk, talk, shown }: ConversationProps) {
  const here = useSignal(false);
  const lines = talk.lines.value;
  const newest = lines.at(-1);
  const follow = useFollow(newest?.id, newest?.from === "me");
  useSeen({ desk, talk, shown }, here.value && shown, follow.there);
  useNews(talk, here.value);
  const over = talk.ended.value !== undefined;
  const glass = talk.throughGlass.value;
  const asks = desk.asks.value?.conv === talk.conv && !over ? desk.asks.value.what : undefined;

  /** Back to the words; where the conversation has gone, to those that are left. */
  function close(): void {
    desk.asks.value = undefined;
    const box = document.getElementById(boxId(talk.conv))?.querySelector("textarea");
    if (box) box.focus();
    else document.getElementById("talks")?.parentElement?.focus();
  }
  function onKeyDown(event: KeyboardEvent): void {
    if (event.key !== "Escape") return;
    close();
  }
  return (
    <article
      class={here.value ? "conversation here" : "conversation"}
      aria-labelledby={`title-${talk.conv}`}
      hidden={!shown}
      onFocusIn={() => (here.value = true)}
      onFocusOut={() => (here.value = false)}
      onKeyDown={onKeyDown}
    >
      <Title desk={desk} talk={talk} />
      {!over && <NeedState desk={desk} talk={talk} />}
      <Company desk={desk} talk={talk} />
      {glass ? <ThroughGlass desk={desk} talk={talk} /> : <Along desk={desk} talk={talk} />}
      {asks === "end" && <EndForm desk={desk} talk={talk} close={close} />}
      {asks === "hand" && <HandForm desk={desk} talk={talk} close={close} />}
      {!over && <Asked desk={desk} talk={talk} />}
      {!over && <MutedLine desk={desk} talk={talk} />}
      <div class="scroller" ref={follow.scroller} onScroll={follow.onScroll}>
        <div
          id={logId(talk.conv)}
          class="log"
          role="log"
          aria-label={say("talk.log", { n: talk.number })}
          aria-live={here.value ? "polite" : "off"}
          aria-relevant="additions"
          // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
          tabIndex={0}
        >
          <Lines lines={lines} />
        </div>
        <Typing word={say("talk.typ")} on={talk.visitorTypes.value} />
        <Jump shown={follow.below} word={say("talk.down")} go={follow.go} />
      </div>
      {talk.fork.value && <Warning words={say("talk.fork")} />}
      {talk.unreadable.value && <Warning words={say("talk.unreadable")} />}
      {!over && talk.stuck.value === "talk" && <Warning words={say("talk.stuck")} />}
      {!over && talk.stuck.value === "notes" && <Warning words={say("note.stuck")} />}
      {!over && talk.keepsOldKey.value && <p class="small">{say("talk.old")}</p>}
      {over && !glass && <Over desk={desk} talk={talk} here={here.value} />}
      {!over && !glass && !talk.fork.value && <Write desk={desk} talk={talk} />}
    </article>
  );
}
