/** Which certificates end soon, as a lead is told. */

import type { PeopleView } from "./state-people.ts";
import { moment } from "./when.ts";
import { say } from "./words.ts";

/** Minutes before an end at which a desk says so; of the admin key's, people with papers have to come together. */
const SOON = 5 * 24 * 60;
const SOON_ADMIN = 30 * 24 * 60;

/** One sentence each. *now* is a Unix minute. */
export function endings(view: Pick<PeopleView, "teamUntil" | "adminUntil" | "members">, now: number): string[] {
  const soon = (until: number, minutes = SOON): boolean => until - now < minutes;
  return [
    ...(soon(view.teamUntil) ? [say("people.ends.team", { t: moment(view.teamUntil) })] : []),
    ...(soon(view.adminUntil, SOON_ADMIN) ? [say("people.ends.admin", { t: moment(view.adminUntil) })] : []),
    ...view.members
      .filter((one) => soon(one.until))
      .map((one) => say("people.ends.staff", { name: one.name, t: moment(one.until) })),
  ];
}
