/** Which screen is up. Waiting and talking are one: somebody who arrives must not take the text box away. */

import { type Signal, useSignal } from "@preact/signals";
import { ComeBack } from "./ComeBack.tsx";
import { EndDialog } from "./EndDialog.tsx";
import { Ended } from "./Ended.tsx";
import { Header } from "./Header.tsx";
import { PhraseDialog } from "./Phrase.tsx";
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
  /** Ask for a return phrase. */
  readonly phrase: () => void;
}

function Screen({ session, again, draft, end, phrase }: ScreenProps) {
  const comesBack = useSignal(false);
  switch (session.phase.value) {
    case "start":
    case "opening":
      if (comesBack.value) return <ComeBack session={session} back={() => (comesBack.value = false)} />;
      return <Start session={session} again={again} draft={draft} comeBack={() => (comesBack.value = true)} />;
    case "waiting":
    case "talking":
      return <Talk session={session} draft={draft} end={end} phrase={phrase} />;
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
  const dialog = useSignal<"end" | "phrase" | undefined>(undefined);
  const phase = session.phase.value;
  const asks = phase === "waiting" || phase === "talking" ? dialog.value : undefined;
  const close = (): void => {
    dialog.value = undefined;
  };
  return (
    <div class="page" data-phase={phase}>
      {/* The dialog has its own exit, at the same place; one of the two is there at a time. */}
      <div class={asks ? "cloaked" : "screen"}>
        <Header leave={leave} />
        <Screen
          session={session}
          again={again}
          draft={draft}
          end={() => (dialog.value = "end")}
          phrase={() => (dialog.value = "phrase")}
        />
      </div>
      {asks === "end" && <EndDialog session={session} leave={leave} close={close} />}
      {asks === "phrase" && <PhraseDialog session={session} leave={leave} close={close} />}
    </div>
  );
}
