/** We could not keep a promise here, so nothing was sent. What remains: where help is, and how to leave. */

import { useEffect } from "preact/hooks";
import { alarm } from "../ui/announce.ts";
import { Languages } from "./Header.tsx";
import { Heading } from "./Heading.tsx";
import { Lines } from "./Lines.tsx";
import { DangerCard, SafeCard } from "./Safety.tsx";
import type { Trouble, VisitorSession } from "./state.ts";
import { say } from "./words.ts";

const sentences = {
  nocrypto: "nocrypto",
  untrusted: "untrusted",
  fork: "fork",
  stuck: "stuck",
  gone: "gone",
  elsewhere: "elsewhere",
  busy: "busy",
  closed: "closed.unknown",
  failed: "err.start",
} as const satisfies Record<Trouble, string>;

/** Starting again can help with these; with the others it would be the same page. */
const passes: readonly Trouble[] = ["gone", "elsewhere", "busy", "closed", "failed"];

export function Refused({ session, again }: { session: VisitorSession; again: () => void }) {
  const trouble = session.trouble.value ?? "failed";
  const text = say(sentences[trouble]);
  useEffect(() => alarm(text), [text]);
  return (
    <main class="ended column rows">
      <Heading>{text}</Heading>
      {trouble === "elsewhere" && <p>{say("elsewhere.p")}</p>}
      {passes.includes(trouble) && (
        <button type="button" class="pill outline go" onClick={again}>
          {say("start.again")}
        </button>
      )}
      <DangerCard />
      <SafeCard />
      {session.lines.value.length > 0 && (
        <section class="log kept" aria-label={say("chat.log")}>
          <Lines lines={session.lines.value} />
        </section>
      )}
      <Languages place="foot" />
    </main>
  );
}
