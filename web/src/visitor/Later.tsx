/** A message for later: written on a closed page, read when somebody is there, answered to whoever has the phrase. */

import { type Signal, useSignal } from "@preact/signals";
import { Composer } from "../ui/Composer.tsx";
import { Icon } from "../ui/Icon.tsx";
import { Heading } from "./Heading.tsx";
import { isOnlyHere, type VisitorSession } from "./state.ts";
import { when } from "./when.ts";
import { boxWords, say } from "./words.ts";

/** The box comes only after pressing: nobody is asked for anything. */
export function WriteForLater({ session, draft }: { session: VisitorSession; draft: Signal<string> }) {
  const writes = useSignal(false);
  if (!writes.value && draft.value === "")
    return (
      <button type="button" class="pill outline go" onClick={() => (writes.value = true)}>
        {say("closed.msg")}
      </button>
    );
  return (
    <section class="card rows later">
      <p>{say("closed.how")}</p>
      <Composer words={boxWords()} draft={draft} send={(text) => session.leaveMessage(text)} enterSends={false} />
    </section>
  );
}

/** In the place of the queue: nobody has to wait, and what it takes to read the answer is said plainly. */
export function Left({ session }: { session: VisitorSession }) {
  const sending = session.lines.value.some(isOnlyHere);
  const at = session.place.value;
  const until = session.prospect.value?.until;
  const closed = at === undefined && until !== undefined && session.prospect.value?.open === false;
  return (
    <section class="queue">
      <Heading>{say(sending ? "later.sending" : "later.h")}</Heading>
      <p>{say("later.p")}</p>
      {closed && <p>{say("closed", { when: when(until, session.now()) })}</p>}
      {at !== undefined && <p>{say("wait.n", { n: at.place })}</p>}
      <p class="card with-icon">
        <Icon name={session.phrase.has.value ? "check" : "warn"} />
        <b>{say(session.phrase.has.value ? "later.with" : "later.without")}</b>
      </p>
    </section>
  );
}
