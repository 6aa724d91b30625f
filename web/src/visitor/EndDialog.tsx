/** Stopping, asked once. It covers the page, so it carries an exit of its own at the same place. */

import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { org } from "/org.js";
import { Header } from "./Header.tsx";
import type { VisitorSession } from "./state.ts";
import { say } from "./words.ts";

interface EndDialogProps {
  readonly session: VisitorSession;
  readonly leave: () => void;
  readonly close: () => void;
}

function Answers({ session, close }: Omit<EndDialogProps, "leave">) {
  const waiting = session.phase.value === "waiting";
  const failed = useSignal(false);
  function stop(): void {
    session.end().then(close, () => (failed.value = true));
  }
  return (
    <>
      {failed.value && <p role="alert">{say("err")}</p>}
      <button type="button" class="pill outline go" onClick={close}>
        {say(waiting ? "wait.out.stay" : "end.stay")}
      </button>
      <button type="button" class="pill outline go" onClick={stop}>
        {say(waiting ? "wait.out" : "end.keep")}
      </button>
    </>
  );
}

export function EndDialog({ session, leave, close }: EndDialogProps) {
  const dialog = useRef<HTMLDialogElement>(null);
  const heading = useRef<HTMLHeadingElement>(null);
  const waiting = session.phase.value === "waiting";
  useEffect(() => {
    const before = document.activeElement;
    dialog.current?.showModal();
    heading.current?.focus();
    return () => before instanceof HTMLElement && before.isConnected && before.focus();
  }, []);
  return (
    <dialog ref={dialog} class="ending" aria-labelledby="ending" onClose={close}>
      <Header leave={leave} />
      <div class="column rows">
        <h2 id="ending" ref={heading} tabIndex={-1}>
          {say(waiting ? "wait.out.h" : "end.h")}
        </h2>
        <p>{waiting ? say("wait.stay") : `${say("keep")} ${say("keep.p", { n: org.retentionDays })}`}</p>
        <Answers session={session} close={close} />
      </div>
    </dialog>
  );
}
