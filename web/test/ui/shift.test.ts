/** Leaving by Shift, three times: the rule alone, played with keys in every order. */

import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { leaves, next, none, type Press, type Taps, WITHIN_MS } from "../../src/visitor/shift.ts";

const play = (presses: readonly Press[]): Taps => presses.reduce(next, none);
const tap = (at: number): Press[] => [
  { type: "down", key: "Shift", at },
  { type: "up", key: "Shift", at: at + 1 },
];

test("three taps leave", () => {
  assert.ok(leaves(play([...tap(0), ...tap(300), ...tap(600)])));
  assert.ok(!leaves(play([...tap(0), ...tap(300)])));
});

test("a capital letter is no tap", () => {
  const capital = (at: number): Press[] => [
    { type: "down", key: "Shift", at },
    { type: "down", key: "A", at: at + 1 },
    { type: "up", key: "A", at: at + 2 },
    { type: "up", key: "Shift", at: at + 3 },
  ];
  assert.equal(play([...capital(0), ...capital(200), ...capital(400), ...capital(600)]).count, 0);
});

test("another key between begins again", () => {
  const a: Press = { type: "down", key: "a", at: 500 };
  assert.ok(!leaves(play([...tap(0), ...tap(300), a, ...tap(600)])));
});

test("a pause of more than 5 s begins again, exactly 5 s does not", () => {
  const gap = (ms: number): Press[] => [...tap(0), ...tap(300), ...tap(300 + ms)];
  assert.ok(leaves(play(gap(WITHIN_MS))));
  assert.ok(!leaves(play(gap(WITHIN_MS + 1))));
  assert.equal(play(gap(WITHIN_MS + 1)).count, 1);
});

/** The slow, obvious twin: look back from the end over whole taps. */
function obvious(presses: readonly Press[]): boolean {
  const taps: number[] = [];
  let alone = false;
  let count = 0;
  for (const { type, key, at } of presses) {
    if (key !== "Shift") {
      if (type === "down") {
        taps.length = 0;
        alone = false;
      }
    } else if (type === "down") alone = true;
    else if (alone) {
      alone = false;
      taps.push(at);
      const recent = taps.slice(-3);
      const close = recent.every((t, i) => i === 0 || t - (recent[i - 1] ?? t) <= WITHIN_MS);
      if (recent.length === 3 && close) count += 1;
    }
  }
  return count > 0;
}

test("whatever is pressed, it leaves exactly when three lone taps lie close together", () => {
  const press = fc.record({
    type: fc.constantFrom<"down" | "up">("down", "up"),
    key: fc.constantFrom("Shift", "Shift", "Shift", "a", "Enter"),
    wait: fc.oneof(fc.integer({ min: 0, max: 900 }), fc.constantFrom(WITHIN_MS, WITHIN_MS + 1)),
  });
  fc.assert(
    fc.property(fc.array(press, { maxLength: 40 }), (steps) => {
      let at = 0;
      const presses = steps.map(({ wait, type, key }) => {
        at += wait;
        return { type, key, at };
      });
      // The page is gone at the first time it leaves, so ask whether it ever did.
      let taps = none;
      let left = false;
      for (const one of presses) {
        taps = next(taps, one);
        left ||= leaves(taps);
      }
      assert.equal(left, obvious(presses));
    }),
  );
});
