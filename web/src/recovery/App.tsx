/** Two people and a computer without a network: one thing on each screen, from a file to a file. */

import { type Signal, signal, useSignal } from "@preact/signals";
import { useEffect, useId, useMemo, useRef } from "preact/hooks";
import { LINES, SharedKey } from "../crypto/shares.ts";
import { Line, Shares } from "../desk/Shares.tsx";
import { Digits, Sheet, save } from "../desk/Sheet.tsx";
import { language, say as sayAtDesk } from "../desk/words.ts";
import { alarm } from "../ui/announce.ts";
import { Icon } from "../ui/Icon.tsx";
import { Mark } from "../ui/Mark.tsx";
import { languages, ownName } from "../words/speak.ts";
import { keyOf, type Recovery, type Step, type Task, type Wrong } from "./session.ts";
import { day, say } from "./words.ts";

type At<Name extends Step["at"]> = Extract<Step, { at: Name }>;

interface Props<Name extends Step["at"]> {
  readonly recovery: Recovery;
  readonly step: At<Name>;
}

const sentences = {
  claims: "w.claims",
  other_key: "w.other_key",
  other_set: "w.other_set",
  twice: "w.twice",
  wrong: "w.wrong",
  few: "w.few",
  version: "w.version",
  wraps: "w.wraps",
  unready: "w.unready",
  ended: "w.ended",
} as const;

const isKnown = (code: string): code is keyof typeof sentences => Object.hasOwn(sentences, code);

function explain(wrong: Wrong | undefined): string | undefined {
  if (wrong === undefined) return undefined;
  return say(isKnown(wrong.code) ? sentences[wrong.code] : "w.failed");
}

const state = (recovery: Recovery) => ({
  busy: recovery.busy.value ? say("busy") : undefined,
  wrong: explain(recovery.wrong.value),
});

const Back = ({ recovery }: { recovery: Recovery }) => (
  <button type="button" class="pill outline" onClick={() => recovery.leave()}>
    {say("back")}
  </button>
);

/** The other language, in its own words. */
function Languages() {
  const others = languages.filter((one) => one !== language.value);
  return (
    <p class="buttons">
      {others.map((one) => (
        <button key={one} type="button" class="pill outline" lang={one} onClick={() => (language.value = one)}>
          {ownName[one]}
        </button>
      ))}
    </p>
  );
}

/** Whether the browser knows of a network: no proof that there is none. */
function useOnline(): Signal<boolean> {
  const online = useSignal(navigator.onLine);
  useEffect(() => {
    const look = (): void => {
      online.value = navigator.onLine;
    };
    addEventListener("online", look);
    addEventListener("offline", look);
    return () => {
      removeEventListener("online", look);
      removeEventListener("offline", look);
    };
  }, []);
  return online;
}

function Start({ recovery }: Props<"start">) {
  const online = useOnline();
  const id = useId();
  const input = useRef<HTMLInputElement>(null);
  async function open(): Promise<void> {
    const file = input.current?.files?.[0];
    if (file !== undefined) await recovery.open(await file.text());
  }
  return (
    <Sheet {...state(recovery)} title={say("h")} go={say("go")} deed={open}>
      <Languages />
      <p>{say("start.p")}</p>
      {online.value && (
        <p class="card warn with-icon">
          <Icon name="warn" />
          {say("start.online")}
        </p>
      )}
      <p>{say("start.alone")}</p>
      <p>{say("start.clock", { t: day(Date.now() / 1000) })}</p>
      <div class="field">
        <label for={id}>{say("start.file")}</label>
        <input id={id} ref={input} class="box" type="file" accept=".json" required />
      </div>
    </Sheet>
  );
}

function Compare({ recovery, step }: Props<"compare">) {
  return (
    <Sheet
      {...state(recovery)}
      title={say("compare")}
      go={say("compare.go")}
      deed={() => recovery.compared()}
      more={<Back recovery={recovery} />}
    >
      <p>{say("compare.p", { name: step.from.name })}</p>
      <Digits fingerprint={step.fingerprint} />
      <p class="small">{say("compare.no")}</p>
    </Sheet>
  );
}

interface Offer {
  readonly id: string;
  readonly task: Task;
  readonly text: string;
  readonly about: string;
}

function offers({ from }: At<"task">): readonly Offer[] {
  const leads =
    from.file.adminWrap === undefined
      ? []
      : from.waits.map((who) => ({
          id: who.account,
          task: { what: "lead", who } as const,
          text: say("task.lead", { name: who.name }),
          about: say("task.lead.p"),
        }));
  return [
    ...leads,
    {
      id: "days",
      task: { what: "days" },
      text: say("task.days"),
      about: say("task.days.p", { t: day(from.file.admin.notAfter) }),
    },
    { id: "look", task: { what: "look" }, text: say("task.look"), about: say("task.look.p") },
    { id: "root", task: { what: "root" }, text: say("task.root"), about: say("task.root.p") },
    {
      id: "p1",
      task: { what: "papers", key: SharedKey.ROOT },
      text: say("task.papers.1"),
      about: say("task.papers.p"),
    },
    {
      id: "p2",
      task: { what: "papers", key: SharedKey.RECOVERY },
      text: say("task.papers.2"),
      about: say("task.papers.p"),
    },
    { id: "lost", task: { what: "lost" }, text: say("task.lost"), about: say("task.lost.p") },
  ];
}

function Choose({ recovery, step }: Props<"task">) {
  const chosen = useSignal<Offer | undefined>(undefined);
  const id = useId();
  const { adminWrap } = step.from.file;
  const none =
    adminWrap === undefined ? say("task.unready") : step.from.waits.length === 0 ? say("task.none") : undefined;
  return (
    <Sheet
      {...state(recovery)}
      title={say("task")}
      go={say("go")}
      off={chosen.value === undefined}
      deed={() => (chosen.value === undefined ? undefined : recovery.choose(chosen.value.task))}
      more={<Back recovery={recovery} />}
    >
      {none !== undefined && <p class="small">{none}</p>}
      <fieldset class="rows">
        <legend class="spoken">{say("task")}</legend>
        {offers(step).map((one) => (
          <div key={one.id}>
            <label class="choice">
              <input
                type="radio"
                name={id}
                checked={chosen.value?.id === one.id}
                aria-describedby={`${id}-${one.id}`}
                onChange={() => (chosen.value = one)}
              />
              {one.text}
            </label>
            <p id={`${id}-${one.id}`} class="small">
              {one.about}
            </p>
          </div>
        ))}
      </fieldset>
    </Sheet>
  );
}

function Applicant({ recovery, step }: Props<"applicant">) {
  const { name } = step.who;
  return (
    <Sheet
      {...state(recovery)}
      title={say("who", { name })}
      go={say("who.go")}
      deed={() => recovery.isThem()}
      more={<Back recovery={recovery} />}
    >
      <p>{say("who.p", { name })}</p>
      <Digits fingerprint={step.fingerprint} />
      <p class="small">{say("who.no")}</p>
    </Sheet>
  );
}

/** One paper, line by line. What was typed goes with the screen. */
function Typed({ recovery, step }: Props<"share">) {
  const ready = useSignal(false);
  const lines = useMemo(() => Array.from({ length: LINES }, () => signal("")), []);
  const key = sayAtDesk(keyOf(step.task) === SharedKey.ROOT ? "share.root" : "share.recovery");
  const wrong = recovery.wrong.value;
  const slip = wrong?.code === "slip" ? wrong.line : undefined;
  useEffect(() => {
    if (slip !== undefined) alarm(say("w.slip", { n: slip }));
  }, [wrong]);
  const shown = { ...state(recovery), ...(slip === undefined ? {} : { wrong: undefined }) };
  const more = (
    <>
      {step.turn === 2 && (
        <button type="button" class="pill outline" onClick={() => void recovery.again()}>
          {say("share.first")}
        </button>
      )}
      <Back recovery={recovery} />
    </>
  );
  const title = say(step.turn === 1 ? "share.1" : "share.2", { key });
  if (!ready.value) {
    return (
      <Sheet
        {...state(recovery)}
        title={title}
        go={say("share.show")}
        deed={() => {
          ready.value = true;
        }}
        more={more}
      >
        <p>{say("share.p")}</p>
      </Sheet>
    );
  }
  return (
    <Sheet
      {...shown}
      title={title}
      go={say("go")}
      deed={() => recovery.typed(lines.map((one) => one.value))}
      more={more}
    >
      <p>{say("share.p")}</p>
      {lines.map((value, line) => (
        <Line key={line} line={line} value={value} wrong={slip === line + 1} says={say("w.slip", { n: line + 1 })} />
      ))}
    </Sheet>
  );
}

function Papers({ recovery, step }: Props<"papers">) {
  const isUnsigned = step.next.at === "done" && step.next.what === "lost";
  return (
    <main class="door">
      <Mark />
      <div class="card rows broad">
        <h1>{say("h")}</h1>
        <p>{say("papers.p")}</p>
        {isUnsigned && (
          <p class="card warn with-icon">
            <Icon name="warn" />
            {say("lost.p")}
          </p>
        )}
        <div class="buttons">
          <Back recovery={recovery} />
        </div>
      </div>
      <Shares papers={step.papers} onDone={() => void recovery.wrote()} />
    </main>
  );
}

const outcomes = { signed: "look.signed", opens: "look.opens", fails: "look.fails" } as const;

function Looked({ recovery, step: { tried } }: Props<"looked">) {
  const isWhole = tried.every(({ found }) => found !== "fails");
  return (
    <Sheet {...state(recovery)} title={say("look")} go={say("back")} deed={() => recovery.leave()}>
      <p class={isWhole ? undefined : "card warn with-icon"}>
        {!isWhole && <Icon name="warn" />}
        {say(isWhole ? "look.whole" : "look.broken")}
      </p>
      <ul>
        {tried.map(({ team, epoch, found }) => (
          <li key={`${team ?? ""} ${epoch}`}>
            {team === undefined ? say("look.admin") : say("look.team", { team, n: epoch })}: {say(outcomes[found])}
          </li>
        ))}
      </ul>
      <p>{say("done.close")}</p>
    </Sheet>
  );
}

const next = { lead: "done.lead", days: "done.days", root: "done.root", lost: "done.root" } as const;

function Done({ recovery, step }: Props<"done">) {
  const { files, what, fingerprint } = step;
  return (
    <Sheet
      {...state(recovery)}
      title={say(what === "papers" ? "done.papers" : "done")}
      go={say("back")}
      deed={() => recovery.leave()}
    >
      {what === "papers" ? (
        <p>{say("done.papers.p")}</p>
      ) : (
        <>
          <p>{say("done.p")}</p>
          <div class="buttons">
            {files.map(({ name, text }) => (
              <button key={name} type="button" class="pill outline" onClick={() => save(name, text)}>
                {say("done.save", { file: name })}
              </button>
            ))}
          </div>
          <p>{say(next[what])}</p>
        </>
      )}
      {fingerprint !== undefined && <Digits fingerprint={fingerprint} />}
      <p>{say("done.close")}</p>
    </Sheet>
  );
}

export function App({ recovery }: { recovery: Recovery }) {
  const step = recovery.step.value;
  switch (step.at) {
    case "start":
      return <Start recovery={recovery} step={step} />;
    case "compare":
      return <Compare recovery={recovery} step={step} />;
    case "task":
      return <Choose recovery={recovery} step={step} />;
    case "applicant":
      return <Applicant recovery={recovery} step={step} />;
    case "share":
      return <Typed key={`${step.turn}`} recovery={recovery} step={step} />;
    case "papers":
      return <Papers recovery={recovery} step={step} />;
    case "looked":
      return <Looked recovery={recovery} step={step} />;
    case "done":
      return <Done recovery={recovery} step={step} />;
  }
}
