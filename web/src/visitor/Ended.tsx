/** After the end: by whom, a word of goodbye, and what was said for as long as the page is open. */

import type { Signal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { announce } from "../ui/announce.ts";
import type { Asks } from "./EndDialog.tsx";
import { Languages } from "./Header.tsx";
import { Heading } from "./Heading.tsx";
import { Lines } from "./Lines.tsx";
import { DangerCard } from "./Safety.tsx";
import type { VisitorSession } from "./state.ts";
import { say } from "./words.ts";

interface EndedProps {
  readonly session: VisitorSession;
  readonly draft: Signal<string>;
  readonly again: () => void;
  readonly asks: Signal<Asks | undefined>;
}

function Unsent({ text }: { text: string }) {
  return (
    <div class="unsent">
      <p class="small">{say("end.unsent")}</p>
      <p class="bubble waits" dir="auto">
        {text}
      </p>
    </div>
  );
}

export function Ended({ session, draft, again, asks }: EndedProps) {
  const byTeam = session.endedBy.value === "team";
  const title = say(byTeam ? "end.team" : "end.you");
  useEffect(() => {
    if (byTeam) announce(title);
  }, []);
  return (
    <main class="ended column rows">
      <Heading>{title}</Heading>
      <p>{say("end.bye")}</p>
      {draft.value.trim() !== "" && <Unsent text={draft.value} />}
      {byTeam && session.lines.value.length > 0 && (
        <section class="log kept" aria-label={say("chat.log")}>
          <Lines lines={session.lines.value} />
        </section>
      )}
      <button type="button" class="pill outline go" onClick={again}>
        {say("start.again")}
      </button>
      <button type="button" class="pill outline go" onClick={() => (asks.value = "erase")}>
        {say("erase")}
      </button>
      <DangerCard />
      <Languages place="foot" />
    </main>
  );
}
