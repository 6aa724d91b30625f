/** Stopping and erasing, each asked once more. It covers the page, so it carries an exit of its own at the same place. */

import { type Signal, useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { alarm, announce } from "../ui/announce.ts";
import { Header } from "./Header.tsx";
import { daysKept } from "./kept.ts";
import { isQueueing, type VisitorSession } from "./state.ts";
import { say } from "./words.ts";

export type Asks = "end" | "erase";

interface EndDialogProps {
  readonly session: VisitorSession;
  readonly asks: Signal<Asks | undefined>;
  readonly leave: () => void;
  /** Also what is in the box and was not sent. */
  readonly erase: () => void;
}

type QuestionProps = Omit<EndDialogProps, "leave">;

/** Telling the server can take seconds. Until it is told nothing has ended, and the screen says so. */
function End({ session, asks }: QuestionProps) {
  const waiting = isQueueing(session);
  const state = useSignal<"asked" | "ending" | "failed">("asked");
  const ending = state.value === "ending";
  const close = (): void => {
    asks.value = undefined;
  };
  function stop(): void {
    if (ending) return;
    state.value = "ending";
    announce(say("end.wait"));
    session.end().then(close, () => {
      state.value = "failed";
      alarm(say("end.not"));
    });
  }
  return (
    <>
      <p>{waiting ? say("wait.stay") : `${say("keep")} ${say("keep.p", { n: daysKept() })}`}</p>
      {state.value === "failed" && <p class="card warn">{say("end.not")}</p>}
      <button type="button" class="pill outline go" onClick={close}>
        {say(waiting ? "wait.out.stay" : "end.stay")}
      </button>
      <button type="button" class="pill outline go" aria-disabled={ending} onClick={stop}>
        {say(waiting ? "wait.out" : "end.keep")}
      </button>
      <button type="button" class="pill outline go" onClick={() => (asks.value = "erase")}>
        {say("end.del")}
      </button>
      {ending && <p class="small centre">{say("end.wait")}</p>}
    </>
  );
}

function EraseQuestion({ asks, erase }: QuestionProps) {
  return (
    <>
      <p>{say("end.sure")}</p>
      <button type="button" class="pill outline go" onClick={() => (asks.value = undefined)}>
        {say("erase.stay")}
      </button>
      <button type="button" class="pill outline go" onClick={erase}>
        {say("erase")}
      </button>
    </>
  );
}

export function EndDialog(props: EndDialogProps) {
  const { session, asks, leave } = props;
  const dialog = useRef<HTMLDialogElement>(null);
  const heading = useRef<HTMLHeadingElement>(null);
  const erases = asks.value === "erase";
  useEffect(() => {
    const before = document.activeElement;
    dialog.current?.showModal();
    return () => before instanceof HTMLElement && before.isConnected && before.focus();
  }, []);
  useEffect(() => heading.current?.focus(), [erases]);
  return (
    <dialog ref={dialog} class="ending" aria-labelledby="ending" onClose={() => (asks.value = undefined)}>
      <Header leave={leave} />
      <div class="column rows">
        <h2 id="ending" ref={heading} tabIndex={-1}>
          {say(erases ? "erase.h" : isQueueing(session) ? "wait.out.h" : "end.h")}
        </h2>
        {erases ? <EraseQuestion {...props} /> : <End {...props} />}
      </div>
    </dialog>
  );
}
