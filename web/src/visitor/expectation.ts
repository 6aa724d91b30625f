/** How long it takes, in a sentence that never says more than we know. */

import { say } from "./words.ts";

interface Range {
  readonly low: number;
  readonly high: number;
}

/** The upper end: to be answered sooner disappoints nobody. */
export function expectation(range: Range | undefined): string {
  if (range === undefined) return say("open.unknown");
  const n = Math.ceil(range.high);
  if (n < 1) return say("open.now");
  return n === 1 ? say("open.one") : say("open", { n });
}

export function remaining(low: number | undefined, high: number | undefined): string {
  if (low === undefined || high === undefined) return say("wait.unknown");
  const [a, b] = [Math.max(0, Math.floor(low)), Math.max(1, Math.ceil(high))];
  return a === b ? say("wait.t.one", { b }) : say("wait.t", { a, b });
}
