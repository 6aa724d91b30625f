/** Why nothing that is written arrives, for as long as that is so. It tells what is, and blames nobody. */

import { useEffect } from "preact/hooks";
import { announce } from "../ui/announce.ts";
import { Icon } from "../ui/Icon.tsx";
import type { VisitorSession } from "./state.ts";
import { say } from "./words.ts";

export function Muted({ session }: { session: VisitorSession }) {
  const on = session.muted.value;
  useEffect(() => {
    if (on) announce(say("muted"));
  }, [on]);
  if (!on) return null;
  return (
    <p class="network with-icon">
      <Icon name="clock" />
      {say("muted")}
    </p>
  );
}
