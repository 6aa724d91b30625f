/** When something will be, in the reader's own days. */

import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { when } from "../../src/ui/day.ts";

const at = (...parts: [number, number, number, number, number]): number =>
  Math.floor(new Date(...parts).getTime() / 60_000);
const NOW = at(2026, 10, 25, 22, 30);

test("today, tomorrow, a weekday within the week, a date beyond it", () => {
  assert.deepEqual(when(at(2026, 10, 25, 23, 5), NOW, "en"), { day: "today", name: "Wednesday", time: "23.05" });
  assert.deepEqual(when(at(2026, 10, 26, 0, 0), NOW, "nl"), { day: "tomorrow", name: "donderdag", time: "00.00" });
  assert.deepEqual(when(at(2026, 11, 1, 10, 0), NOW, "en"), { day: "later", name: "Tuesday", time: "10.00" });
  assert.deepEqual(when(at(2026, 11, 2, 10, 0), NOW, "nl"), { day: "later", name: "2 december", time: "10.00" });
});

test("the day after a day is tomorrow, also when the clock was changed in the night", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 800 }),
      fc.integer({ min: 0, max: 23 }),
      fc.integer({ min: 0, max: 23 }),
      (n, h, g) => {
        const now = at(2026, 0, 1 + n, h, 30);
        assert.equal(when(at(2026, 0, 2 + n, g, 0), now, "en").day, "tomorrow");
        assert.equal(when(at(2026, 0, 1 + n, 23, 59), now, "en").day, "today");
      },
    ),
  );
});
