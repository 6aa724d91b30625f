/**
 * The order on the screen while somebody is about to press.
 *
 * A list that moves under a pointer or the focus makes people take the wrong conversation. While it is
 * held, rows keep their places: who left stays as an empty place, who came is added at the end.
 */

export interface Shown<Row> {
  readonly row: Row;
  /** No longer in the queue; its button does nothing. */
  readonly gone: boolean;
}

export interface Settled<Row> {
  readonly rows: readonly Shown<Row>[];
  /** What is shown is not the order of the queue. */
  readonly differs: boolean;
}

interface Named {
  readonly conv: string;
  /** It keeps its place and cannot be taken. */
  readonly away?: boolean;
}

export function settle<Row extends Named>(
  shown: readonly Shown<Row>[],
  queue: readonly Row[],
  held: boolean,
): Settled<Row> {
  if (!held) return { rows: queue.map((row) => ({ row, gone: false })), differs: false };
  const fresh = new Map(queue.map((row) => [row.conv, row]));
  const kept = shown.map(({ row }) => ({ row: fresh.get(row.conv) ?? row, gone: !fresh.has(row.conv) }));
  const known = new Set(shown.map(({ row }) => row.conv));
  const added = queue.filter((row) => !known.has(row.conv)).map((row) => ({ row, gone: false }));
  const rows = [...kept, ...added];
  const live = rows.filter(({ gone }) => !gone);
  return { rows, differs: live.some(({ row }, i) => row.conv !== queue[i]?.conv) };
}

/** Where the focus goes when the row *conv* cannot be taken: the next that can, or the last before it. */
export function nextFree<Row extends Named>(rows: readonly Shown<Row>[], conv: string): string | undefined {
  const at = rows.findIndex(({ row }) => row.conv === conv);
  const free = ({ row, gone }: Shown<Row>): boolean => !gone && row.away !== true && row.conv !== conv;
  const chosen = rows.slice(at + 1).find(free) ?? rows.slice(0, Math.max(0, at)).findLast(free);
  return chosen?.row.conv;
}
