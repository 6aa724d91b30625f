/** Being erased, and erased: said when the server has confirmed it, and not before. */

import { useEffect } from "preact/hooks";
import { announce } from "../ui/announce.ts";
import { Languages } from "./Header.tsx";
import { Heading } from "./Heading.tsx";
import { DangerCard } from "./Safety.tsx";
import type { VisitorSession } from "./state.ts";
import { say } from "./words.ts";

export function Erased({ session, again }: { session: VisitorSession; again: () => void }) {
  const done = session.phase.value === "erased";
  const text = say(done ? "end.erased" : session.eraseIsLate.value ? "end.fail" : "erase.wait");
  useEffect(() => announce(text), [text]);
  return (
    <main class="ended column rows">
      <Heading>{text}</Heading>
      {done && <p>{say("end.bye")}</p>}
      {done && (
        <button type="button" class="pill outline go" onClick={again}>
          {say("start.again")}
        </button>
      )}
      <DangerCard />
      <Languages place="foot" />
    </main>
  );
}
