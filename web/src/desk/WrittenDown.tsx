/** What a browser drew from chance goes on paper: shown once, typed back, and only then kept. */

import { type ReadonlySignal, useSignal } from "@preact/signals";
import { useEffect, useId } from "preact/hooks";
import { isSamePassphrase, newPassphrase } from "../crypto/passphrase.ts";
import { newPhrase, readPhrase } from "../crypto/phrase.ts";
import { Field } from "./Field.tsx";
import { Step, Wrong } from "./SecondFactor.tsx";
import { explain } from "./trouble.ts";
import { say } from "./words.ts";

/** Something fresh from the browser's own chance, once it is there. */
export function useFresh<T>(make: () => Promise<T>): ReadonlySignal<T | undefined> {
  const fresh = useSignal<T | undefined>(undefined);
  useEffect(() => void make().then((made) => (fresh.value = made)), []);
  return fresh;
}

/** Kept at the end, in one go; what is refused then is told, and nothing has changed. */
export function useKeep(keep: () => Promise<string | undefined>, done: () => void) {
  const [busy, wrong] = [useSignal(false), useSignal<string | undefined>(undefined)];
  async function go(): Promise<void> {
    if (busy.value) return;
    busy.value = true;
    wrong.value = undefined;
    const refused = await keep();
    busy.value = false;
    if (refused === undefined) done();
    else wrong.value = explain(refused);
  }
  return { busy, wrong, go };
}

/** Words on the screen, to be written down; then they are gone from it, and are typed back. */
export function WrittenDown(props: {
  readonly title: string;
  readonly about: string;
  readonly words: readonly string[];
  readonly print: boolean;
  readonly label: string;
  readonly matches: (typed: string) => boolean | Promise<boolean>;
  readonly keep: () => Promise<string | undefined>;
  readonly done: () => void;
  readonly cancel: () => void;
}) {
  const [written, typed] = [useSignal(false), useSignal("")];
  const { busy, wrong, go } = useKeep(props.keep, props.done);
  const id = useId();
  async function check(event: SubmitEvent): Promise<void> {
    event.preventDefault();
    if (await props.matches(typed.value)) await go();
    else wrong.value = say("paper.not");
  }
  if (!written.value) {
    return (
      <div class="rows">
        <Step text={props.title} />
        <p>{props.about}</p>
        <ol class="paper numbered" aria-label={props.label}>
          {props.words.map((word, place) => (
            <li key={place}>
              <code>{word}</code>
            </li>
          ))}
        </ol>
        <div class="buttons">
          <button type="button" class="pill full" onClick={() => (written.value = true)}>
            {say("paper.written")}
          </button>
          {props.print && (
            <button type="button" class="pill outline" onClick={() => print()}>
              {say("paper.print")}
            </button>
          )}
          <button type="button" class="pill" onClick={props.cancel}>
            {say("step.cancel")}
          </button>
        </div>
      </div>
    );
  }
  return (
    <form class="rows" onSubmit={(event) => void check(event)}>
      <Step text={props.title} />
      <Field label={props.label} kind="words" value={typed} wrong={wrong.value && id} first />
      <Wrong id={id} text={wrong.value} />
      <div class="buttons">
        <button type="submit" class="pill full" aria-disabled={busy.value}>
          {say("paper.keep")}
        </button>
        <button type="button" class="pill outline" onClick={() => (written.value = false)}>
          {say("paper.again")}
        </button>
      </div>
      {busy.value && <p class="small">{say("in.busy")}</p>}
    </form>
  );
}

interface NewSheetProps {
  readonly title: string;
  readonly about: string;
  /** The plain code of what was refused, or undefined when it is kept. */
  readonly keep: (sheet: Uint8Array) => Promise<string | undefined>;
  readonly done: () => void;
  readonly cancel: () => void;
}

/** A recovery sheet, drawn here. */
export function NewSheet({ title, about, keep, done, cancel }: NewSheetProps) {
  const fresh = useFresh(newPhrase).value;
  if (fresh === undefined) return null;
  const matches = (typed: string): Promise<boolean> =>
    readPhrase(typed).then(
      (read) => read.every((byte, at) => byte === fresh.entropy[at]),
      () => false,
    );
  return (
    <WrittenDown
      title={title}
      about={about}
      words={fresh.words}
      print
      label={say("own.sheet.words")}
      matches={matches}
      keep={() => keep(fresh.entropy)}
      done={done}
      cancel={cancel}
    />
  );
}

interface NewPassphraseProps {
  /** The plain code of what was refused, or undefined when it is kept. */
  readonly keep: (fresh: string) => Promise<string | undefined>;
  readonly done: () => void;
  readonly cancel: () => void;
}

export function NewPassphrase({ keep, done, cancel }: NewPassphraseProps) {
  const fresh = useFresh(newPassphrase).value;
  if (fresh === undefined) return null;
  return (
    <WrittenDown
      title={say("own.phrase")}
      about={say("own.phrase.p")}
      words={fresh.split(" ")}
      print={false}
      label={say("own.phrase.new")}
      matches={(typed) => isSamePassphrase(typed, fresh)}
      keep={() => keep(fresh)}
      done={done}
      cancel={cancel}
    />
  );
}
