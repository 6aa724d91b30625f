/** Which conversations stand side by side when there are more than fit. */

/**
 * The *room* most recently chosen, in the order of the list: a conversation keeps its side of the
 * screen for as long as it is there. What was never chosen fills up from the front.
 */
export function inSight(all: readonly string[], chosen: readonly string[], room: number): readonly string[] {
  const there = chosen.filter((conv) => all.includes(conv));
  const rest = all.filter((conv) => !there.includes(conv));
  const picked = new Set([...there, ...rest].slice(0, room));
  return all.filter((conv) => picked.has(conv));
}

/** *conv* to the front of what was chosen. */
export const choose = (chosen: readonly string[], conv: string): readonly string[] => [
  conv,
  ...chosen.filter((other) => other !== conv),
];

export const room = (width: number): number => (width < 1000 ? 1 : width <= 1700 ? 2 : 3);
