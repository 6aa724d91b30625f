/** When something will be, in the reader's own days: today, tomorrow, a weekday, a date. */

import { clock } from "./clock.ts";

export type Day = "today" | "tomorrow" | "later";

export interface When {
  readonly day: Day;
  /** "Monday", or "25 December" when it is a week or more away; for "later" only. */
  readonly name: string;
  readonly time: string;
}

const midnight = (minute: number): number => new Date(minute * 60_000).setHours(0, 0, 0, 0);

/** Days on the reader's calendar between two Unix minutes; a day of 23 or 25 hours is one day. */
function daysBetween(now: number, minute: number): number {
  return Math.round((midnight(minute) - midnight(now)) / 86_400_000);
}

export function when(minute: number, now: number, language: string): When {
  const days = daysBetween(now, minute);
  const style: Intl.DateTimeFormatOptions =
    days >= 0 && days < 7 ? { weekday: "long" } : { day: "numeric", month: "long" };
  const name = new Intl.DateTimeFormat(language, style).format(new Date(minute * 60_000));
  return { day: days === 0 ? "today" : days === 1 ? "tomorrow" : "later", name, time: clock(minute) };
}
