/** Which screen is up. Waiting and talking are one: somebody who arrives must not take the text box away. */

import { type Signal, useSignal } from "@preact/signals";
import { EndDialog } from "./EndDialog.tsx";
import { Ended } from "./Ended.tsx";
import { Header } from "./Header.tsx";
import { Hide } from "./Hide.tsx";
import { hiding } from "./hiding.ts";
import { Refused } from "./Refused.tsx";
import { Start } from "./Start.tsx";
import type { VisitorSession } from "./state.ts";
import { Talk } from "./Talk.tsx";

interface ScreenProps {
  readonly session: VisitorSession;
  /** A new, plain start. */
  readonly again: () => void;
  readonly draft: Signal<string>;
  readonly end: () => void;
}

function Screen({ session, again, draft, end }: ScreenProps) {
  switch (session.phase.value) {
    case "start":
    case "opening":
      return <Start session={session} again={again} />;
    case "waiting":
    case "talking":
      return <Talk session={session} draft={draft} end={end} />;
    case "ended":
      return <Ended session={session} draft={draft} again={again} />;
    case "refused":
      return <Refused session={session} again={again} />;
  }
}

export interface AppProps {
  readonly session: VisitorSession;
  readonly leave: () => void;
  readonly again: () => void;
}

export function App({ session, leave, again }: AppProps) {
  const draft = useSignal("");
  const ending = useSignal(false);
  const phase = session.phase.value;
  const asks = ending.value && (phase === "waiting" || phase === "talking");
  return (
    <div class="page" data-phase={phase}>
      {/* A dialog has its own exit, at the same place; one of the two is there at a time. */}
      <div class={asks || hiding.value ? "cloaked" : "screen"}>
        <Header leave={leave} />
        <Screen session={session} again={again} draft={draft} end={() => (ending.value = true)} />
      </div>
      {asks && <EndDialog session={session} leave={leave} close={() => (ending.value = false)} />}
      {hiding.value && <Hide leave={leave} />}
    </div>
  );
}
