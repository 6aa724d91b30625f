/** Minutes as people read them. The server knows no finer time, and neither do we. */

const two = (n: number): string => String(n).padStart(2, "0");

/** Unix minute to "21.04", on the reader's own clock. */
export function clock(minute: number): string {
  const date = new Date(minute * 60_000);
  return `${two(date.getHours())}.${two(date.getMinutes())}`;
}

export interface Span {
  readonly h: number;
  readonly n: number;
}

/** How long ago *since* was. Never negative: two clocks may differ, but nobody arrives in the future. */
export function span(since: number, now: number): Span {
  const minutes = Math.max(0, Math.floor(now - since));
  return { h: Math.floor(minutes / 60), n: minutes % 60 };
}
