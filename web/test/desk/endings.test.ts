/** A lead hears in time what ends: of the key that takes papers, a month before. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { endings } from "../../src/desk/endings.ts";
import { language } from "../../src/desk/words.ts";

const DAY = 24 * 60;
const NOW = 1_000_000 * DAY;

test("five days before an end, and thirty before that of the key with which leads admit", () => {
  language.value = "en";
  const told = (team: number, admin: number, member: number): string[] => {
    const [teamUntil, adminUntil, until] = [NOW + team * DAY, NOW + admin * DAY, NOW + member * DAY];
    const members = [{ account: "a", name: "Kim", role: "lead", until, isMe: false } as const];
    return endings({ teamUntil, adminUntil, members }, NOW).map((text) => text.split(" ends ")[0] ?? "");
  };
  assert.deepEqual(told(5, 30, 5), []);
  assert.deepEqual(told(6, 29, 6), ["The key that admits colleagues"]);
  assert.deepEqual(told(4, 31, 4), ["The team's certificate", "Kim's certificate"]);
  assert.equal(told(-1, -1, -1).length, 3);
});
