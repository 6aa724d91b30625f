/** The first screen: one button, and what a person needs to dare press it. Nothing is asked. */

import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { org } from "/org.js";
import { alarm, announce } from "../ui/announce.ts";
import { Icon } from "../ui/Icon.tsx";
import { Dune } from "./Dune.tsx";
import { expectation } from "./expectation.ts";
import { Languages } from "./Header.tsx";
import { Heading, Lead, Sentences } from "./Heading.tsx";
import { DangerCard, SafeCard } from "./Safety.tsx";
import type { VisitorSession } from "./state.ts";
import { say } from "./words.ts";

function Question({ ask, answers }: { ask: string; answers: readonly string[] }) {
  return (
    <details class="question">
      <summary class="chevron">
        {ask}
        <Icon name="down" />
      </summary>
      {answers.map((answer) => (
        <p key={answer}>{answer}</p>
      ))}
    </details>
  );
}

const Questions = () => (
  <div>
    <Question ask={say("safe.more")} answers={[say("safe.tip"), say("safe.spy")]} />
    <Question ask={say("who")} answers={[say("who.p", { org: org.name }), say("who.lim")]} />
    <Question ask={say("anon")} answers={[say("anon.p"), say("anon.lim")]} />
    <Question ask={say("keep")} answers={[say("keep.p", { n: org.retentionDays })]} />
  </div>
);

function Trouble({ text }: { text: string }) {
  useEffect(() => alarm(text), [text]);
  return (
    <p class="card warn with-icon">
      <Icon name="warn" />
      {text}
    </p>
  );
}

/** The button keeps its place and the focus while keys are made; pressing it again does nothing. */
function Begin({ session }: { session: VisitorSession }) {
  const slipped = useSignal(false);
  const opening = session.phase.value === "opening";
  useEffect(() => {
    if (opening) announce(say("check"));
  }, [opening]);

  function begin(): void {
    if (opening) return;
    slipped.value = false;
    session.start().catch(() => (slipped.value = true));
  }
  return (
    <>
      {(slipped.value || session.trouble.value === "failed") && <Trouble text={say("err.start")} />}
      <button type="button" class="pill full go" aria-disabled={opening} onClick={begin}>
        {say("start.go")}
      </button>
      {opening && <p class="small centre">{say("check")}</p>}
    </>
  );
}

function Busy({ again }: { again: () => void }) {
  return (
    <>
      <Trouble text={say("busy")} />
      <button type="button" class="pill outline go" onClick={again}>
        {say("start.retry")}
      </button>
    </>
  );
}

function Open({ session }: { session: VisitorSession }) {
  return (
    <p class="with-icon good">
      <Icon name="check" />
      <span>
        <Lead text={expectation(session.expected.value)} />
      </span>
    </p>
  );
}

export function Start({ session, again }: { session: VisitorSession; again: () => void }) {
  const busy = session.trouble.value === "busy";
  return (
    <main class="start">
      <div class="lee">
        <div class="column">
          <Heading focus={false}>
            <Sentences text={say("start.h")} />
          </Heading>
          <p>{say("start.p")}</p>
        </div>
        <Dune />
      </div>
      <div class="column rows">
        {busy ? <Busy again={again} /> : <Open session={session} />}
        {!busy && <Begin session={session} />}
        <SafeCard />
        <DangerCard />
        <Questions />
        <Languages place="foot" />
      </div>
    </main>
  );
}
