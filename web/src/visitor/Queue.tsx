/** What somebody in the queue wants to know: where am I, how long, what if I close this. */

import { Icon } from "../ui/Icon.tsx";
import { remaining } from "./expectation.ts";
import { Heading } from "./Heading.tsx";
import type { VisitorSession } from "./state.ts";
import { say } from "./words.ts";

export function Queue({ session }: { session: VisitorSession }) {
  const at = session.place.value;
  return (
    <section class="queue">
      <Heading>{say("wait.h")}</Heading>
      {at !== undefined && (
        <p>
          {/* Who had a counsellor finds it above the text box, with the reason. */}
          {!session.again.value && <b>{say("wait.n", { n: at.place })} </b>}
          {remaining(at.low, at.high)}
        </p>
      )}
      {session.closedMeanwhile.value && <p>{say("closed.wait")}</p>}
      <p class="small">
        {say("wait.ord")} {say("112.where")}
      </p>
      <p class="card with-icon">
        <Icon name="clock" />
        <span>
          {say("wait.stay")} {say("wait.away")}
        </span>
      </p>
      <p>{say("wait.write")}</p>
      {!session.phrase.has.value && <p class="small">{say("ph.why")}</p>}
    </section>
  );
}
