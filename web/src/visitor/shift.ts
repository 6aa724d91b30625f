/**
 * Shift three times: leaving without finding the button. A rule over values; who listens is in exit.ts.
 *
 * A tap counts when the key comes up with nothing pressed meanwhile. Counting at key-down would take
 * every capital letter for a tap.
 */

export const TAPS = 3;
/** Between one tap and the next. */
export const WITHIN_MS = 5_000;

export interface Taps {
  readonly count: number;
  /** When the last one was, in milliseconds of any steady clock. */
  readonly at: number;
  /** Shift is down and nothing else was pressed since. */
  readonly alone: boolean;
}

export interface Press {
  readonly type: "down" | "up";
  readonly key: string;
  readonly at: number;
}

export const none: Taps = { count: 0, at: 0, alone: false };

export function next(taps: Taps, press: Press): Taps {
  if (press.key !== "Shift") return press.type === "down" ? none : taps;
  if (press.type === "down") return { ...taps, alone: true };
  if (!taps.alone) return taps;
  const fresh = taps.count === 0 || press.at - taps.at > WITHIN_MS;
  return { count: fresh ? 1 : taps.count + 1, at: press.at, alone: false };
}

export const leaves = (taps: Taps): boolean => taps.count >= TAPS;
