/** Messages that belong together stand close and share one time. */

export interface Placed<Line> {
  readonly line: Line;
  readonly first: boolean;
  readonly last: boolean;
}

export function runs<Line>(
  lines: readonly Line[],
  together: (earlier: Line, later: Line) => boolean,
): readonly Placed<Line>[] {
  const joined = (a: Line | undefined, b: Line | undefined): boolean =>
    a !== undefined && b !== undefined && together(a, b);
  return lines.map((line, i) => ({ line, first: !joined(lines[i - 1], line), last: !joined(line, lines[i + 1]) }));
}
