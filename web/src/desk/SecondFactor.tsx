/**
 * Setting up a second factor: an app reads a secret, shows a code back, and ten codes go on paper. Knows nothing of who
 * asks: joining shows the same. What is made here is in this component's memory only, and gone with it.
 */

import { useSignal } from "@preact/signals";
import { useEffect, useId, useMemo, useRef } from "preact/hooks";
import { alarm } from "../ui/announce.ts";
import { Field } from "./Field.tsx";
import { appAddress, type Enrolment, enrolment, isOneOf, newFactor, recoveryText, secretText } from "./factor.ts";
import { QrCode } from "./QrCode.tsx";
import { explain } from "./trouble.ts";
import { say } from "./words.ts";

interface SecondFactorProps {
  /** How the app shows it: a name that colleagues know. */
  readonly name: string;
  /** Keep it. The plain code of what was refused, or undefined when it is kept. */
  readonly save: (made: Enrolment) => Promise<string | undefined>;
  /** It is kept, and the codes are written down. */
  readonly done: () => void;
  readonly cancel?: () => void;
}

/** A refusal in words, told at once to whoever listens. */
export function Wrong({ id, text }: { id: string; text: string | undefined }) {
  useEffect(() => {
    if (text !== undefined) alarm(text);
  }, [text]);
  return text === undefined ? null : (
    <p id={id} class="card warn">
      {text}
    </p>
  );
}

/** A heading that takes the focus when its step begins. */
export function Step({ text }: { text: string }) {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => heading.current?.focus(), []);
  return (
    <h3 ref={heading} tabIndex={-1}>
      {text}
    </h3>
  );
}

export function SecondFactor({ name, save, done, cancel }: SecondFactorProps) {
  const factor = useMemo(newFactor, []);
  const [code, busy, kept] = [useSignal(""), useSignal(false), useSignal(false)];
  const wrong = useSignal<string | undefined>(undefined);
  const id = useId();

  async function prove(event: SubmitEvent): Promise<void> {
    event.preventDefault();
    if (busy.value) return;
    busy.value = true;
    wrong.value = undefined;
    const refused = await save(enrolment(factor, code.value.trim())).catch(() => "failed");
    busy.value = false;
    code.value = "";
    if (refused === undefined) kept.value = true;
    else wrong.value = explain(refused);
  }
  if (kept.value) return <RecoveryCodes codes={factor.recovery} done={done} />;
  return (
    <form class="rows" onSubmit={(event) => void prove(event)}>
      <Step text={say("factor.scan")} />
      <p>{say("factor.scan.p")}</p>
      <QrCode text={appAddress(factor.secret, name)} label={say("factor.qr")} />
      <p class="small">
        {say("factor.text")} <code class="secret">{secretText(factor.secret)}</code>
      </p>
      <Field label={say("in.code")} kind="code" value={code} wrong={wrong.value && id} />
      <Wrong id={id} text={wrong.value} />
      <div class="buttons">
        <button type="submit" class="pill full" aria-disabled={busy.value}>
          {say("factor.go")}
        </button>
        {cancel !== undefined && (
          <button type="button" class="pill outline" onClick={cancel}>
            {say("step.cancel")}
          </button>
        )}
      </div>
    </form>
  );
}

/** Ten codes, once: printed or written down, and one of them typed back. */
export function RecoveryCodes({ codes, done }: { codes: readonly Uint8Array[]; done: () => void }) {
  const typed = useSignal("");
  const wrong = useSignal<string | undefined>(undefined);
  const id = useId();
  function check(event: SubmitEvent): void {
    event.preventDefault();
    if (isOneOf(codes, typed.value)) done();
    else wrong.value = say("codes.not");
  }
  return (
    <form class="rows" onSubmit={check}>
      <Step text={say("codes")} />
      <p>{say("codes.p")}</p>
      <ol class="paper" aria-label={say("codes")}>
        {codes.map(recoveryText).map((text) => (
          <li key={text}>
            <code>{text}</code>
          </li>
        ))}
      </ol>
      <button type="button" class="pill outline" onClick={() => print()}>
        {say("paper.print")}
      </button>
      <Field label={say("codes.back")} kind="words" value={typed} wrong={wrong.value && id} />
      <Wrong id={id} text={wrong.value} />
      <button type="submit" class="pill full">
        {say("codes.go")}
      </button>
    </form>
  );
}
