/** A moment in a few letters: "23.00" today, "Thursday 10.00" later. */

import { when } from "../ui/day.ts";
import type { LineState } from "./state-lead.ts";
import { language, say } from "./words.ts";

export function soon(minute: number, now: number): string {
  const { day, name, time } = when(minute, now, language.value);
  return day === "today" ? time : say("when.later", { day: name, t: time });
}

/** The same of a day that is to be named, too: "tomorrow at 18.04". */
export function named(minute: number, now: number): string {
  const { day, name, time: t } = when(minute, now, language.value);
  if (day === "today") return say("when.today", { t });
  return day === "tomorrow" ? say("when.tomorrow", { t }) : say("when.later", { day: name, t });
}

export function lineSays(line: LineState, now: number): string {
  if (line.until === undefined) return say(line.open ? "line.open" : "line.closed");
  return say(line.open ? "line.open.till" : "line.closed.till", { t: soon(line.until, now) });
}

/** A minute with its date, in the reader's own. */
export function moment(minute: number): string {
  const style = { dateStyle: "short", timeStyle: "short" } as const;
  return new Intl.DateTimeFormat(language.value, style).format(new Date(minute * 60_000));
}

/** The day on which conversations that begin now count, for a date box. Their days are those of UTC. */
export const today = (minute: number): string => new Date(minute * 60_000).toISOString().slice(0, 10);

/** Days since 1970 of what a date box holds. */
export const dayOf = (date: string): number => Math.floor(Date.parse(date) / 86_400_000);
