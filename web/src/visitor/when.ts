/** "today at 18.00", "Monday at 10.00": when we are back, or when somebody closes. */

import { when as parts } from "../ui/day.ts";
import { language, say } from "./words.ts";

export function when(minute: number, now: number): string {
  const { day, name, time } = parts(minute, now, language.value);
  if (day === "later") return say("when.later", { day: name, t: time });
  return say(day === "today" ? "when.today" : "when.tomorrow", { t: time });
}

/** "25 November 2026" from what a file says; as it stands when it is no date. */
export function dated(text: string): string {
  const date = new Date(`${text}T12:00:00`);
  if (Number.isNaN(date.getTime())) return text;
  return new Intl.DateTimeFormat(language.value, { dateStyle: "long" }).format(date);
}
