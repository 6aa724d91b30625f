/** Waiting and talking: the log, what happens around it, and the box that stays through all of it. */

import type { Signal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { Composer } from "../ui/Composer.tsx";
import { useFollow } from "../ui/follow.ts";
import { Icon } from "../ui/Icon.tsx";
import { Jump } from "../ui/Jump.tsx";
import { Typing } from "../ui/Typing.tsx";
import { Danger } from "./Danger.tsx";
import type { Asks } from "./EndDialog.tsx";
import { Halted, isHalted } from "./Halted.tsx";
import { Languages } from "./Header.tsx";
import { Lead } from "./Heading.tsx";
import { Left as LeftMessage } from "./Later.tsx";
import { Lines } from "./Lines.tsx";
import { Muted } from "./Muted.tsx";
import { Network } from "./Network.tsx";
import { PhraseButton } from "./Phrase.tsx";
import { Queue } from "./Queue.tsx";
import { isLeft, isQueueing, type VisitorSession } from "./state.ts";
import { useVoice } from "./voice.ts";
import { boxWords, say } from "./words.ts";

/** A keyboard under the hands, not on the glass: there Enter has to make a new line. */
const laptop = (): boolean => matchMedia("(hover: hover) and (pointer: fine)").matches;

interface ToolsProps {
  readonly session: VisitorSession;
  readonly asks: Signal<Asks | undefined>;
  readonly phrase: () => void;
}

function Tools({ session, asks, phrase }: ToolsProps) {
  return (
    <div class="tools">
      <div class="column">
        <PhraseButton session={session} open={phrase} />
        {!isLeft(session) && (
          <button type="button" class="pill soft" onClick={() => (asks.value = "end")}>
            {say(isQueueing(session) ? "wait.out" : "end")}
          </button>
        )}
        <button type="button" class="pill soft" onClick={() => (asks.value = "erase")}>
          {say("erase")}
        </button>
        <Languages place="foot" />
      </div>
    </div>
  );
}

function Write({ session, draft }: { session: VisitorSession; draft: Signal<string> }) {
  return <Composer words={boxWords()} draft={draft} send={(text) => session.send(text)} enterSends={laptop()} />;
}

/** Tells the team that their words were on the screen, and only when they were. */
function useSeen(session: VisitorSession, there: boolean): void {
  const newest = session.lines.value.filter((line) => line.from === "them").at(-1)?.id;
  useEffect(() => {
    if (newest === undefined || !there) return;
    const tell = (): void => {
      if (!document.hidden) session.seen();
    };
    tell();
    document.addEventListener("visibilitychange", tell);
    return () => document.removeEventListener("visibilitychange", tell);
  }, [newest, there]);
}

/** Stands until the counsellor's first words. It is there empty while waiting, so that a reader hears it fill. */
function Joined({ session }: { session: VisitorSession }) {
  const alone = session.lines.value.every((line) => line.from === "me");
  const here = session.phase.value === "talking" && alone;
  return (
    <p class={here ? "network with-icon good" : "spoken"} role="status">
      {here && <Icon name="check" />}
      {here && say("wait.join")}
    </p>
  );
}

/** Above the box, in sight from anywhere in the log; what the queue says stands at its beginning. */
function Left({ session }: { session: VisitorSession }) {
  if (!session.again.value) return null;
  const at = session.place.value;
  return (
    <p class="network with-icon">
      <Icon name="clock" />
      <span>
        <Lead text={say("wait.again")} /> {at !== undefined && say("wait.n", { n: at.place })}
      </span>
    </p>
  );
}

export function Talk({ session, draft, asks, phrase }: ToolsProps & { readonly draft: Signal<string> }) {
  const lines = session.lines.value;
  const newest = lines.at(-1);
  const follow = useFollow(newest?.id, newest?.from === "me");
  const waiting = session.phase.value === "waiting";
  useSeen(session, follow.there);
  useVoice(session);

  return (
    <main class="talk">
      <Danger />
      <div class="scroller" ref={follow.scroller} onScroll={follow.onScroll}>
        <Tools session={session} asks={asks} phrase={phrase} />
        <div class="column bare">
          {isLeft(session) && <LeftMessage session={session} />}
          {waiting && !isLeft(session) && <Queue session={session} />}
          {!waiting && <h1 class="spoken">{say("chat.log")}</h1>}
          {/* Additions only: that a message went from "sent" to "read" is no news worth reading out. */}
          {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard */}
          <div class="log" role="log" aria-label={say("chat.log")} aria-relevant="additions" tabIndex={0}>
            {!waiting && (
              <p class="between">
                {say("chat.note")} {say("112.where")}
              </p>
            )}
            <Lines lines={lines} />
          </div>
          <Typing word={say("chat.typ")} on={session.theyType.value} />
          <Jump shown={follow.below} word={say("chat.new")} go={follow.go} />
        </div>
      </div>
      <div class="writing">
        <div class="column bare">
          <Joined session={session} />
          <Left session={session} />
          <Network session={session} />
          <Muted session={session} />
          <Halted session={session} />
          {!isHalted(session.trouble.value) && <Write session={session} draft={draft} />}
        </div>
      </div>
    </main>
  );
}
