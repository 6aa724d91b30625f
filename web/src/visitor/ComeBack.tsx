/** Where the words of a return phrase are typed. Nothing of them is remembered, corrected or completed. */

import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { alarm, announce } from "../ui/announce.ts";
import { Languages } from "./Header.tsx";
import { Heading } from "./Heading.tsx";
import { DangerCard, SafeCard } from "./Safety.tsx";
import type { Miss, VisitorSession } from "./state.ts";
import { say } from "./words.ts";

/** One answer for a slip, an unknown phrase and an erased conversation; only of the list of words more may be said. */
function missText(found: Miss): string {
  if (found.miss === "failed") return say("err.start");
  const word = found.miss === "typed" && found.word !== undefined ? ` ${say("ph.word", { n: found.word })}` : "";
  return say("ph.bad") + word;
}

export function ComeBack({ session, back }: { session: VisitorSession; back: () => void }) {
  const typed = useSignal("");
  const miss = useSignal<Miss | undefined>(undefined);
  const opening = session.phase.value === "opening";
  useEffect(() => {
    if (opening) announce(say("ph.wait"));
  }, [opening]);

  async function go(): Promise<void> {
    if (opening) return;
    miss.value = undefined;
    const found = await session.comeBack(typed.value);
    miss.value = found;
    if (found === undefined) typed.value = "";
    else alarm(missText(found));
  }
  return (
    <main class="ended column rows">
      <Heading>{say("ph.come")}</Heading>
      <form
        class="rows"
        autocomplete="off"
        onSubmit={(event) => {
          event.preventDefault();
          void go();
        }}
      >
        <label for="phrase-box">
          <b>{say("ph.box")}</b>
        </label>
        <p id="phrase-hint" class="small">
          {say("ph.hint")}
        </p>
        <textarea
          id="phrase-box"
          class="box phrase-box"
          rows={4}
          dir="ltr"
          lang="en"
          translate={false}
          autocomplete="off"
          autocorrect="off"
          autocapitalize="none"
          spellcheck={false}
          aria-describedby={miss.value === undefined ? "phrase-hint" : "phrase-miss phrase-hint"}
          value={typed.value}
          onInput={(event) => (typed.value = event.currentTarget.value)}
        />
        {miss.value !== undefined && (
          <p id="phrase-miss" class="card warn">
            {missText(miss.value)}
          </p>
        )}
        <button type="submit" class="pill full go" aria-disabled={opening}>
          {say("ph.go")}
        </button>
        {opening && <p class="small centre">{say("ph.wait")}</p>}
        <button type="button" class="pill outline go" onClick={() => !opening && back()}>
          {say("ph.back")}
        </button>
      </form>
      <DangerCard />
      <SafeCard />
      <Languages place="foot" />
    </main>
  );
}
