/** What may be known before a conversation begins: open or not, how long it may take, who else is there. Asked each minute. */

import { flag, list, oneOf, orNil, record, whole, words } from "../wire/shape.ts";
import type { Surroundings } from "../wire/surroundings.ts";
import type { Expected, Prospect } from "./state.ts";

const ASK_EVERY = 60_000;
const text = words(300);
const place = record({
  name: text,
  about: record({ nl: text, en: text }),
  phone: text,
  until: orNil(whole),
  source: text,
  checked: text,
});
const readStatus = record({
  open: flag,
  place: whole,
  low: orNil(whole),
  high: orNil(whole),
  until: orNil(whole),
  late: oneOf("no", "maybe", "yes"),
  places: list(place, 50),
});

/** Ask now and every minute; the returned function ends it. An answer is a kindness, so its lack is no trouble. */
export function askProspect(
  world: Surroundings,
  line: string,
  tell: (expected: Expected, prospect: Prospect | undefined) => void,
): () => void {
  let isOver = false;
  let cancel = () => {};
  async function ask(): Promise<void> {
    cancel = world.after(ASK_EVERY, () => void ask());
    const answer = await world.http("GET", `${line}/status/2`).catch(() => undefined);
    const status = answer?.status === 200 ? readStatus(answer.body) : undefined;
    if (isOver) return;
    const { low, high } = status ?? { low: null, high: null };
    const expected = low === null || high === null ? undefined : { low, high };
    tell(expected, status === undefined ? undefined : prospectOf(status));
  }
  void ask();
  return () => {
    isOver = true;
    cancel();
  };
}

function prospectOf({ open, until, late, places }: NonNullable<ReturnType<typeof readStatus>>): Prospect {
  return {
    open,
    until: until ?? undefined,
    late,
    places: places.map((one) => ({ ...one, until: one.until ?? undefined })),
  };
}
