/** Which screen is up. Waiting and talking are one: somebody who arrives must not take the text box away. */

import { type Signal, useSignal } from "@preact/signals";
import { ComeBack } from "./ComeBack.tsx";
import { type Asks, EndDialog } from "./EndDialog.tsx";
import { Ended } from "./Ended.tsx";
import { Erased } from "./Erased.tsx";
import { Header } from "./Header.tsx";
import { Hide } from "./Hide.tsx";
import { hiding } from "./hiding.ts";
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
  readonly asks: Signal<Asks | undefined>;
  /** Ask for a return phrase. */
  readonly phrase: () => void;
}

function Screen({ session, again, draft, asks, phrase }: ScreenProps) {
  const comesBack = useSignal(false);
  switch (session.phase.value) {
    case "start":
    case "opening":
      if (comesBack.value) return <ComeBack session={session} back={() => (comesBack.value = false)} />;
      return <Start session={session} again={again} draft={draft} comeBack={() => (comesBack.value = true)} />;
    case "waiting":
    case "talking":
      return <Talk session={session} draft={draft} asks={asks} phrase={phrase} />;
    case "ended":
      return <Ended session={session} draft={draft} again={again} asks={asks} />;
    case "erasing":
    case "erased":
      return <Erased session={session} again={again} />;
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
  const wantsPhrase = useSignal(false);
  const asks = useSignal<Asks | undefined>(undefined);
  const phase = session.phase.value;
  const goesOn = phase === "waiting" || phase === "talking";
  const isPhrase = wantsPhrase.value && goesOn;
  const isAsked = (asks.value !== undefined && goesOn) || (asks.value === "erase" && phase === "ended");
  function erase(): void {
    asks.value = undefined;
    draft.value = "";
    void session.erase();
  }
  return (
    <div class="page" data-phase={phase}>
      {/* A dialog has its own exit, at the same place; one of the two is there at a time. */}
      <div class={isAsked || isPhrase || hiding.value ? "screen cloaked" : "screen"}>
        <Header leave={leave} />
        <Screen session={session} again={again} draft={draft} asks={asks} phrase={() => (wantsPhrase.value = true)} />
      </div>
      {isAsked && <EndDialog session={session} asks={asks} leave={leave} erase={erase} />}
      {isPhrase && <PhraseDialog session={session} leave={leave} close={() => (wantsPhrase.value = false)} />}
      {hiding.value && <Hide leave={leave} />}
    </div>
  );
}
