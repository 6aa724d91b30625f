/** Told to whoever comes back after their connection was gone too long: nobody was left at an empty desk meanwhile. */

import { useEffect } from "preact/hooks";
import { alarm } from "../ui/announce.ts";
import { Icon } from "../ui/Icon.tsx";
import type { DeskSession, Moved as Gone } from "./state.ts";
import { say } from "./words.ts";

function One({ gone: { conv, number: n }, session }: { gone: Gone; session: DeskSession }) {
  const waits = session.waiting.value.some((row) => row.conv === conv);
  const text = `${say("moved", { n })} ${say(waits ? "moved.queue" : "moved.on")}`;
  useEffect(() => alarm(text), []);
  return (
    <div class="card warn with-icon moved">
      <Icon name="warn" />
      <p>{text}</p>
      <button type="button" class="pill outline" onClick={() => session.dismissMoved(conv)}>
        {say("end.away")}
      </button>
    </div>
  );
}

export function Moved({ session }: { session: DeskSession }) {
  return session.moved.value.map((gone) => <One key={gone.conv} gone={gone} session={session} />);
}
