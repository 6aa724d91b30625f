/** From an invitation code to an account, one screen for each step. The first lead makes the organisation on the way. */

import { useSignal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { Mark } from "../ui/Mark.tsx";
import { Field } from "./Field.tsx";
import { role } from "./records.ts";
import { SecondFactor } from "./SecondFactor.tsx";
import { Shares } from "./Shares.tsx";
import { Digits, Sheet, save } from "./Sheet.tsx";
import type { DeskSession } from "./state.ts";
import type { Joining, Step } from "./state-joining.ts";
import { explain } from "./trouble.ts";
import { say } from "./words.ts";

type At<Name extends Step["at"]> = Extract<Step, { at: Name }>;

interface ScreenProps {
  readonly joining: Joining;
  readonly title: string;
  readonly go: string;
  readonly deed: () => Promise<void> | void;
  readonly off?: boolean;
  readonly more?: ComponentChildren;
  readonly children?: ComponentChildren;
}

/** A step of joining. */
function Screen({ joining, children, ...rest }: ScreenProps) {
  const busy = joining.busy.value;
  const code = joining.trouble.value;
  const wrong = busy || code === undefined ? undefined : explain(code);
  return (
    <Sheet {...rest} busy={busy ? say("join.busy") : undefined} wrong={wrong}>
      {children}
    </Sheet>
  );
}

const Leave = ({ joining }: { joining: Joining }) => (
  <button type="button" class="pill outline" onClick={() => joining.leave()}>
    {say("join.back")}
  </button>
);

function Code({ joining }: { joining: Joining }) {
  const code = useSignal("");
  return (
    <Screen
      joining={joining}
      title={say("join")}
      go={say("join.on")}
      deed={() => joining.open(code.value)}
      more={<Leave joining={joining} />}
    >
      <Field label={say("join.code")} kind="words" value={code} longest={60} />
      <p class="small">{say("join.code.p")}</p>
    </Screen>
  );
}

function Phrase({ joining, step }: { joining: Joining; step: At<"phrase"> }) {
  const [name, typed, isWritten] = [useSignal(""), useSignal(""), useSignal(false)];
  async function on(): Promise<void> {
    if (!isWritten.value) {
      isWritten.value = true;
      return;
    }
    await joining.join(name.value.trim().normalize("NFC"), typed.value);
  }
  const again = (
    <button type="button" class="pill outline" onClick={() => (isWritten.value = false)}>
      {say("join.see")}
    </button>
  );
  return (
    <Screen
      joining={joining}
      title={say("join.you")}
      go={say(isWritten.value ? "join.on" : "join.wrote")}
      deed={on}
      more={isWritten.value ? again : <Leave joining={joining} />}
    >
      <p>{say("join.as", { role: role(step.door.role) })}</p>
      <Field label={say("in.name")} kind="username" value={name} longest={100} />
      <p class="small">{say("join.name.p")}</p>
      {isWritten.value ? (
        <Field label={say("join.again")} kind="words" value={typed} first />
      ) : (
        <>
          <h2>{say("join.phrase")}</h2>
          <ol class="words" aria-label={say("join.phrase")}>
            {step.passphrase.split(" ").map((word, at) => (
              <li key={at}>{word}</li>
            ))}
          </ol>
          <p>{say("join.phrase.p")}</p>
        </>
      )}
    </Screen>
  );
}

/** One person after the other looks at a share, writes it down, and types two lines back. */
function Papers({ joining, step }: { joining: Joining; step: At<"papers"> }) {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => heading.current?.focus(), []);
  return (
    <main class="door">
      <Mark />
      <div class="card rows broad">
        <h1 ref={heading} tabIndex={-1}>
          {say("found.papers")}
        </h1>
        <p>{say("found.papers.p")}</p>
        <p>{say("found.alone")}</p>
        <div class="buttons">
          <Leave joining={joining} />
        </div>
      </div>
      <Shares papers={step.papers} onDone={() => void joining.wrote()} />
    </main>
  );
}

function Root({ joining, step }: { joining: Joining; step: At<"root"> }) {
  function keep(): void {
    save("root.pub", step.file);
    joining.saved();
  }
  return (
    <Screen
      joining={joining}
      title={say("found.pub")}
      go={say("join.on")}
      deed={() => joining.ready()}
      off={!step.saved}
      more={<Leave joining={joining} />}
    >
      <p>{say("found.pub.p")}</p>
      <Digits fingerprint={step.fingerprint} />
      <button type="button" class="pill outline" onClick={keep}>
        {say("found.pub")}
      </button>
      <p class="small">{say("found.once")}</p>
    </Screen>
  );
}

/** The last step: with the first code of the app everything is sent, at once. */
function Factor({ joining, step }: { joining: Joining; step: At<"factor"> }) {
  return (
    <main class="door">
      <Mark />
      <div class="card rows">
        <h1>{say("join.factor")}</h1>
        <p>{say("join.factor.p")}</p>
        <h2 class="spoken">{step.name}</h2>
        <SecondFactor
          name={step.name}
          save={(made) => joining.send(made)}
          done={() => joining.sent()}
          cancel={() => joining.leave()}
        />
      </div>
    </main>
  );
}

function Founded({ joining, step }: { joining: Joining; step: At<"founded"> }) {
  return (
    <Screen joining={joining} title={say("found.done")} go={say("found.reload")} deed={() => location.reload()}>
      <p>{say("found.done.p")}</p>
      <Digits fingerprint={step.fingerprint} />
    </Screen>
  );
}

function Waiting({ joining, step }: { joining: Joining; step: At<"waiting"> }) {
  return (
    <Screen joining={joining} title={say("join.wait")} go={say("join.in")} deed={() => joining.leave()}>
      <p>{say("join.wait.p")}</p>
      <Digits fingerprint={step.fingerprint} />
      <p class="small">{say("join.wait.keep")}</p>
    </Screen>
  );
}

export function Join({ session }: { session: DeskSession }) {
  const { joining } = session;
  const step = joining.step.value;
  switch (step.at) {
    case "outside":
      return null;
    case "code":
      return <Code joining={joining} />;
    case "phrase":
      return <Phrase joining={joining} step={step} />;
    case "papers":
      return <Papers joining={joining} step={step} />;
    case "root":
      return <Root joining={joining} step={step} />;
    case "factor":
      return <Factor joining={joining} step={step} />;
    case "founded":
      return <Founded joining={joining} step={step} />;
    case "waiting":
      return <Waiting joining={joining} step={step} />;
  }
}
