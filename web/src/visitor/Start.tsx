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
import { daysKept } from "./kept.ts";
import { Places } from "./Places.tsx";
import { DangerCard, SafeCard } from "./Safety.tsx";
import type { VisitorSession } from "./state.ts";
import { when } from "./when.ts";
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
    <Question ask={say("keep")} answers={[say("keep.p", { n: daysKept() })]} />
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

/** Closed, or more wait than can be helped before it closes: no button, and who else is there. */
function Shut({ session, text }: { session: VisitorSession; text: string }) {
  useEffect(() => announce(text), [text]);
  return (
    <>
      <p class="card with-icon">
        <Icon name="clock" />
        <span>
          <Lead text={text} />
        </span>
      </p>
      <Places prospect={session.prospect.value} now={session.now()} />
    </>
  );
}

/** Why nobody can start now; undefined: somebody can. */
function shutText(session: VisitorSession): string | undefined {
  const prospect = session.prospect.value;
  if (prospect === undefined || session.phase.value === "opening") return undefined;
  const { open, late, until } = prospect;
  const at = until === undefined ? undefined : when(until, session.now());
  if (!open) return at === undefined ? say("closed.unknown") : say("closed", { when: at });
  return late === "yes" && at !== undefined ? say("late.yes", { when: at }) : undefined;
}

/** It may be too late; who wants to may try. */
function Late({ session }: { session: VisitorSession }) {
  const prospect = session.prospect.value;
  if (prospect?.late !== "maybe" || prospect.until === undefined) return null;
  return (
    <>
      <p class="card warn with-icon">
        <Icon name="clock" />
        {say("late", { when: when(prospect.until, session.now()) })}
      </p>
      <Places prospect={prospect} now={session.now()} />
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
  const shut = busy ? undefined : shutText(session);
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
        {busy && <Busy again={again} />}
        {shut !== undefined && <Shut session={session} text={shut} />}
        {!busy && shut === undefined && (
          <>
            <Open session={session} />
            <Begin session={session} />
            <Late session={session} />
          </>
        )}
        <SafeCard />
        <DangerCard />
        <Questions />
        <Languages place="foot" />
      </div>
    </main>
  );
}
