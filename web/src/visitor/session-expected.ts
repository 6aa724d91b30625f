/** How long it may take until somebody answers, asked until a conversation begins. */

import { flag, orNil, record, whole } from "../wire/shape.ts";
import type { Surroundings } from "../wire/surroundings.ts";

export type Expected = { low: number; high: number } | undefined;

const ASK_EVERY = 60_000;
const readStatus = record({ open: flag, place: whole, low: orNil(whole), high: orNil(whole) });

/** Ask now and every minute; the returned function ends it. An answer is a kindness, so its lack is no trouble. */
export function askExpected(world: Surroundings, path: string, tell: (expected: Expected) => void): () => void {
  let isOver = false;
  let cancel = () => {};
  async function ask(): Promise<void> {
    cancel = world.after(ASK_EVERY, () => void ask());
    const answer = await world.http("GET", path).catch(() => undefined);
    const status = answer?.status === 200 ? readStatus(answer.body) : undefined;
    const { low, high } = status ?? { low: null, high: null };
    if (!isOver) tell(low === null || high === null ? undefined : { low, high });
  }
  void ask();
  return () => {
    isOver = true;
    cancel();
  };
}
