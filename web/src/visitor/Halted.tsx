/** Something does not add up, and it stays on the screen: from here nothing is sent any more. */

import { useEffect } from "preact/hooks";
import { alarm } from "../ui/announce.ts";
import { Icon } from "../ui/Icon.tsx";
import type { Trouble, VisitorSession } from "./state.ts";
import { say } from "./words.ts";

type Halting = "fork" | "stuck" | "untrusted" | "gone" | "elsewhere" | "nocrypto";

export const isHalted = (trouble: Trouble | undefined): trouble is Halting =>
  trouble !== undefined && trouble !== "busy" && trouble !== "closed" && trouble !== "failed";

export function Halted({ session }: { session: VisitorSession }) {
  const trouble = session.trouble.value;
  const text =
    trouble === undefined || trouble === "busy" || trouble === "closed"
      ? undefined
      : say(trouble === "failed" ? "err" : trouble);
  useEffect(() => {
    if (text !== undefined) alarm(text);
  }, [text]);
  if (text === undefined) return null;
  return (
    <p class="halted warn with-icon">
      <Icon name="warn" />
      {text}
    </p>
  );
}
