/** Stopping, asked once. */

import { useSignal } from "@preact/signals";
import { org } from "/org.js";
import { alarm, announce } from "../ui/announce.ts";
import { Sheet } from "./Sheet.tsx";
import { isQueueing, type VisitorSession } from "./state.ts";
import { say } from "./words.ts";

interface EndDialogProps {
  readonly session: VisitorSession;
  readonly leave: () => void;
  readonly close: () => void;
}

/** Telling the server can take seconds. Until it is told nothing has ended, and the screen says so. */
function Answers({ session, close }: Omit<EndDialogProps, "leave">) {
  const waiting = isQueueing(session);
  const state = useSignal<"asked" | "ending" | "failed">("asked");
  const ending = state.value === "ending";
  function stop(): void {
    if (ending) return;
    state.value = "ending";
    announce(say("end.wait"));
    session.end().then(close, () => {
      state.value = "failed";
      alarm(say("end.fail"));
    });
  }
  return (
    <>
      {state.value === "failed" && <p class="card warn">{say("end.fail")}</p>}
      <button type="button" class="pill outline go" onClick={close}>
        {say(waiting ? "wait.out.stay" : "end.stay")}
      </button>
      <button type="button" class="pill outline go" aria-disabled={ending} onClick={stop}>
        {say(waiting ? "wait.out" : "end.keep")}
      </button>
      {ending && <p class="small centre">{say("end.wait")}</p>}
    </>
  );
}

export function EndDialog({ session, leave, close }: EndDialogProps) {
  const waiting = isQueueing(session);
  return (
    <Sheet id="ending" title={say(waiting ? "wait.out.h" : "end.h")} leave={leave} close={close}>
      <p>{waiting ? say("wait.stay") : `${say("keep")} ${say("keep.p", { n: org.retentionDays })}`}</p>
      <Answers session={session} close={close} />
    </Sheet>
  );
}
