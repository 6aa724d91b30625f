/** Minutes, and messages that stand together. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { clock, span } from "../../src/ui/clock.ts";
import { runs } from "../../src/ui/runs.ts";

const minute = (hour: number, min: number): number => Math.floor(new Date(2026, 10, 3, hour, min).getTime() / 60_000);

test("a minute reads as the reader's own clock does", () => {
  assert.equal(clock(minute(21, 4)), "21.04");
  assert.equal(clock(minute(0, 0)), "00.00");
  assert.equal(clock(minute(9, 30)), "09.30");
});

test("a wait is counted in minutes, and in hours when it is long", () => {
  assert.deepEqual(span(100, 106), { h: 0, n: 6 });
  assert.deepEqual(span(100, 159), { h: 0, n: 59 });
  assert.deepEqual(span(100, 160), { h: 1, n: 0 });
  assert.deepEqual(span(100, 171), { h: 1, n: 11 });
});

test("nobody arrives in the future, though two clocks differ", () => {
  assert.deepEqual(span(107, 100), { h: 0, n: 0 });
});

test("messages that belong together are one run", () => {
  const placed = runs(["a1", "a2", "b1", "a3"], (x, y) => x[0] === y[0]);
  assert.deepEqual(
    placed.map(({ first, last }) => [first, last]),
    [
      [true, false],
      [false, true],
      [true, true],
      [true, true],
    ],
  );
});
