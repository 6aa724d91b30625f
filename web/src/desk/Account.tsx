/** One's own account: what protects it, and where one is signed in. What changes a key asks for the passphrase first. */

import { useSignal } from "@preact/signals";
import { useEffect, useId, useMemo } from "preact/hooks";
import { announce } from "../ui/announce.ts";
import type { Desk } from "./desk.ts";
import { Field } from "./Field.tsx";
import { newRecoveryCodes } from "./factor.ts";
import { useModal } from "./modal.ts";
import { RecoveryCodes, SecondFactor, Step, Wrong } from "./SecondFactor.tsx";
import type { Own, OwnAccount, OwnSession } from "./state-account.ts";
import { explain } from "./trouble.ts";
import { NewPassphrase, NewSheet, useKeep } from "./WrittenDown.tsx";
import { moment } from "./when.ts";
import { say } from "./words.ts";

type Task = "factor" | "codes" | "phrase" | "sheet";

interface TaskProps {
  readonly account: OwnAccount;
  readonly passphrase: string;
  /** It is done: in these words. */
  readonly done: (told: string) => void;
  readonly cancel: () => void;
}

function NewCodes({ account, passphrase, done }: TaskProps) {
  const codes = useMemo(newRecoveryCodes, []);
  const id = useId();
  const { wrong, go } = useKeep(
    () => account.setRecoveryCodes(passphrase, codes),
    () => done(say("own.codes.new")),
  );
  return (
    <>
      <RecoveryCodes codes={codes} done={() => void go()} />
      <Wrong id={id} text={wrong.value} />
    </>
  );
}

function OtherPassphrase({ account, passphrase, done, cancel }: TaskProps) {
  return (
    <NewPassphrase
      keep={(fresh) => account.setPassphrase(passphrase, fresh)}
      done={() => done(say("own.phrase.done"))}
      cancel={cancel}
    />
  );
}

function OtherSheet({ account, passphrase, done, cancel }: TaskProps) {
  return (
    <NewSheet
      title={say("own.sheet")}
      about={say("own.sheet.p")}
      keep={(sheet) => account.setSheet(passphrase, sheet)}
      done={() => done(say("own.sheet.done"))}
      cancel={cancel}
    />
  );
}

function Doing({ task, name, ...rest }: TaskProps & { readonly task: Task; readonly name: string }) {
  switch (task) {
    case "factor":
      return (
        <SecondFactor
          name={name}
          save={(made) => rest.account.setSecondFactor(rest.passphrase, made)}
          done={() => rest.done(say("own.factor.done"))}
          cancel={rest.cancel}
        />
      );
    case "codes":
      return <NewCodes {...rest} />;
    case "phrase":
      return <OtherPassphrase {...rest} />;
    case "sheet":
      return <OtherSheet {...rest} />;
  }
}

/** The passphrase first, and at once whether it is right: nobody writes ten codes down in vain. */
function Again(props: { readonly account: OwnAccount; readonly proven: (passphrase: string) => void; cancel(): void }) {
  const [typed, busy] = [useSignal(""), useSignal(false)];
  const wrong = useSignal<string | undefined>(undefined);
  const id = useId();
  async function prove(event: SubmitEvent): Promise<void> {
    event.preventDefault();
    if (busy.value) return;
    busy.value = true;
    wrong.value = undefined;
    const refused = await props.account.knows(typed.value);
    busy.value = false;
    if (refused === undefined) props.proven(typed.value);
    else wrong.value = explain(refused);
    typed.value = "";
  }
  return (
    <form class="rows" onSubmit={(event) => void prove(event)}>
      <Step text={say("own.again")} />
      <Field label={say("in.phrase")} kind="passphrase" value={typed} wrong={wrong.value && id} first />
      <Wrong id={id} text={wrong.value} />
      <div class="buttons">
        <button type="submit" class="pill full" aria-disabled={busy.value}>
          {say("factor.go")}
        </button>
        <button type="button" class="pill outline" onClick={props.cancel}>
          {say("step.cancel")}
        </button>
      </div>
      {busy.value && <p class="small">{say("in.busy")}</p>}
    </form>
  );
}

function Sessions({ sessions, end }: { sessions: readonly OwnSession[]; end: (id: string | undefined) => void }) {
  const others = sessions.filter((one) => !one.here);
  return (
    <section class="rows" aria-label={say("own.sessions")}>
      <h3>{say("own.sessions")}</h3>
      <ul class="sessions">
        {sessions.map((one) => (
          <li key={one.id}>
            <span>{say(one.here ? "own.here" : "own.since", { t: moment(one.began) })}</span>
            {!one.here && (
              <button type="button" class="pill outline" onClick={() => end(one.id)}>
                {say("own.end")}
                <span class="spoken"> {moment(one.began)}</span>
              </button>
            )}
          </li>
        ))}
      </ul>
      {others.length > 0 && (
        <button type="button" class="pill outline" onClick={() => end(undefined)}>
          {say("own.end.all")}
        </button>
      )}
    </section>
  );
}

function Overview({ own, begin, end }: OverviewProps) {
  const go = (task: Task, text: string) => (
    <button type="button" class="pill outline" onClick={() => begin(task)}>
      {text}
    </button>
  );
  return (
    <div class="rows">
      <section class="rows" aria-label={say("own.factor")}>
        <h3>{say("own.factor")}</h3>
        <p>{own.secondFactor ? say("own.factor.on", { n: own.recoveryCodes }) : say("own.factor.off")}</p>
        <div class="buttons">
          {go("factor", say(own.secondFactor ? "own.factor.other" : "own.factor.set"))}
          {own.secondFactor && go("codes", say("own.codes"))}
        </div>
      </section>
      <section class="rows" aria-label={say("own.phrase")}>
        <h3>{say("in.phrase")}</h3>
        <div class="buttons">{go("phrase", say("own.phrase"))}</div>
      </section>
      <section class="rows" aria-label={say("own.sheet")}>
        <h3>{say("own.sheet")}</h3>
        <p>{say(own.sheet ? "own.sheet.on" : "own.sheet.off")}</p>
        <div class="buttons">{go("sheet", say(own.sheet ? "own.sheet.other" : "own.sheet.set"))}</div>
      </section>
      <Sessions sessions={own.sessions} end={end} />
    </div>
  );
}

interface OverviewProps {
  readonly own: Own;
  readonly begin: (task: Task) => void;
  readonly end: (id: string | undefined) => void;
}

export function AccountDialog({ desk }: { desk: Desk }) {
  const { account, name } = desk.session;
  const { dialog, shut, restore } = useModal();
  const own = useSignal<Own | undefined>(undefined);
  const task = useSignal<Task | undefined>(undefined);
  const passphrase = useSignal<string | undefined>(undefined);
  const [wrong, told] = [useSignal<string | undefined>(undefined), useSignal<string | undefined>(undefined)];
  const id = useId();

  async function look(): Promise<void> {
    const found = await account.look();
    if (typeof found === "string") wrong.value = explain(found);
    else own.value = found;
  }
  function begin(one: Task): void {
    task.value = one;
    told.value = undefined;
    wrong.value = undefined;
  }
  function over(text?: string): void {
    task.value = undefined;
    passphrase.value = undefined;
    told.value = text;
    if (text !== undefined) announce(text);
    void look();
  }
  async function end(which: string | undefined): Promise<void> {
    const refused = await account.endSession(which);
    wrong.value = refused === undefined ? undefined : explain(refused);
    told.value = refused === undefined ? say("own.ended") : undefined;
    if (refused === undefined) announce(say("own.ended"));
    await look();
  }
  useEffect(() => {
    void look();
    return () => {
      desk.minding.value = false;
    };
  }, []);
  const [doing, known] = [task.value, passphrase.value];
  return (
    <dialog
      ref={dialog}
      class="commands own"
      aria-label={say("own")}
      onClose={() => {
        restore();
        desk.minding.value = false;
      }}
    >
      <h2>{say("own")}</h2>
      {doing !== undefined && known === undefined && (
        <Again account={account} proven={(typed) => (passphrase.value = typed)} cancel={() => over()} />
      )}
      {doing !== undefined && known !== undefined && (
        <Doing task={doing} name={name.value} account={account} passphrase={known} done={over} cancel={() => over()} />
      )}
      {doing === undefined && (
        <>
          {told.value !== undefined && <p class="card">{told.value}</p>}
          <Wrong id={id} text={wrong.value} />
          {own.value !== undefined && <Overview own={own.value} begin={begin} end={(which) => void end(which)} />}
          <button type="button" class="pill" onClick={shut}>
            {say("own.close")}
          </button>
        </>
      )}
    </dialog>
  );
}
