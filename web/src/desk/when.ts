/** A moment in a few letters: "23.00" today, "Thursday 10.00" later. */

import { when } from "../ui/day.ts";
import type { LineState } from "./state-lead.ts";
import { language, say } from "./words.ts";

export function soon(minute: number, now: number): string {
  const { day, name, time } = when(minute, now, language.value);
  return day === "today" ? time : say("when.later", { day: name, t: time });
}

export function lineSays(line: LineState, now: number): string {
  if (line.until === undefined) return say(line.open ? "line.open" : "line.closed");
  return say(line.open ? "line.open.till" : "line.closed.till", { t: soon(line.until, now) });
}
