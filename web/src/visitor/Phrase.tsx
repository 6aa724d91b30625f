/** The return phrase: asked for, shown once, answered with one of two buttons; later it can be replaced or ended. */

import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { alarm, announce } from "../ui/announce.ts";
import { Sheet } from "./Sheet.tsx";
import type { VisitorSession } from "./state.ts";
import { say } from "./words.ts";

interface PhraseProps {
  readonly session: VisitorSession;
  readonly leave: () => void;
  readonly close: () => void;
}

type Asked = "nothing" | "waiting" | "failed";

/** Ask the server for something that takes a moment; what it could not do is said, and can be asked again. */
function useAsking() {
  const asked = useSignal<Asked>("nothing");
  function ask(deed: () => Promise<void>, done: () => void): void {
    if (asked.value === "waiting") return;
    asked.value = "waiting";
    announce(say("ph.wait"));
    deed().then(
      () => {
        asked.value = "nothing";
        done();
      },
      () => {
        asked.value = "failed";
        alarm(say("ph.fail"));
      },
    );
  }
  return { asked, ask };
}

const Outcome = ({ asked }: { asked: Asked }) => (
  <>
    {asked === "failed" && <p class="card warn">{say("ph.fail")}</p>}
    {asked === "waiting" && <p class="small centre">{say("ph.wait")}</p>}
  </>
);

/** The words, with how to keep them. They cannot be copied, and no printer gets them. */
function Words({ session, close }: Omit<PhraseProps, "leave">) {
  const { asked, ask } = useAsking();
  const words = session.phrase.words.value;
  const waiting = asked.value === "waiting";
  function keep(): void {
    ask(
      () => session.phrase.keep(),
      () => {
        close();
        announce(say("ph.works"));
      },
    );
  }
  return (
    <>
      <p>{say("ph.p", { n: words.length })}</p>
      <ol class="phrase" translate={false} lang="en" onCopy={(event) => event.preventDefault()}>
        {words.map((word, n) => (
          <li key={n}>{word}</li>
        ))}
      </ol>
      <p>{say("ph.once")}</p>
      <p>{say("ph.safe")}</p>
      <Outcome asked={asked.value} />
      <button type="button" class="pill outline go" aria-disabled={waiting} onClick={keep}>
        {say("ph.ok")}
      </button>
      <button type="button" class="pill outline go" aria-disabled={waiting} onClick={() => !waiting && close()}>
        {say("ph.skip")}
      </button>
    </>
  );
}

/** There is one already: it is not shown again. */
function Known({ session, close, renew }: Omit<PhraseProps, "leave"> & { renew: () => void }) {
  return (
    <>
      <p>{say("ph.have.p")}</p>
      <button type="button" class="pill outline go" onClick={renew}>
        {say("ph.new")}
      </button>
      <EndPhrase session={session} done={close} />
      <button type="button" class="pill outline go" onClick={close}>
        {say("ph.back")}
      </button>
    </>
  );
}

export function EndPhrase({ session, done }: { session: VisitorSession; done: () => void }) {
  const { asked, ask } = useAsking();
  function end(): void {
    ask(
      () => session.phrase.end(),
      () => {
        done();
        announce(say("ph.stopped"));
      },
    );
  }
  return (
    <>
      <Outcome asked={asked.value} />
      <button type="button" class="pill outline go" aria-disabled={asked.value === "waiting"} onClick={end}>
        {say("ph.stop")}
      </button>
    </>
  );
}

export function PhraseDialog({ session, leave, close }: PhraseProps) {
  const renews = useSignal(!session.phrase.has.peek());
  useEffect(() => {
    if (renews.value) void session.phrase.draw().catch(() => alarm(say("ph.fail")));
  }, [renews.value]);
  useEffect(() => () => session.phrase.drop(), []);
  const title = say(renews.value ? "ph.h" : "ph.have.h");
  return (
    <Sheet id="phrase" title={title} leave={leave} close={close}>
      {renews.value ? (
        <Words session={session} close={close} />
      ) : (
        <Known session={session} close={close} renew={() => (renews.value = true)} />
      )}
    </Sheet>
  );
}

/** Offered from the first moment, and never in the way. */
export function PhraseButton({ session, open }: { session: VisitorSession; open: () => void }) {
  return (
    <button type="button" class="pill soft" onClick={open}>
      {say(session.phrase.has.value ? "ph.have" : "ph.get")}
    </button>
  );
}
