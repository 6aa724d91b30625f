/** Whether a counsellor has room for one more conversation. */

import type { DeskSession } from "./state.ts";

export function isFull(session: DeskSession): boolean {
  const limit = session.handing.limit.value;
  const open = session.conversations.value.filter((talk) => talk.ended.value === undefined).length;
  return limit !== undefined && open >= limit;
}
