/** A number that stays away: asked for once, then a fork; but a page that was frozen has not been lied to. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { GapWatch } from "../../src/wire/gap.ts";
import { fakeWorld } from "./fake-world.ts";

function watching() {
  const world = fakeWorld();
  const seen = { missing: 8 as number | undefined, asked: 0, forks: 0 };
  const watch = new GapWatch(world.surroundings, {
    missing: () => seen.missing,
    again: () => {
      seen.asked += 1;
    },
    fork: () => {
      seen.forks += 1;
    },
  });
  watch.up();
  return { world, seen, watch };
}

test("what a server withholds on a live connection is asked for once, and then it is a fork", () => {
  const { world, seen } = watching();
  world.clock.advance(5_000);
  assert.deepEqual([seen.asked, seen.forks], [1, 0]);
  world.clock.advance(49_999);
  assert.equal(seen.forks, 0);
  world.clock.advance(1);
  assert.deepEqual([seen.asked, seen.forks], [1, 1]);
});

test("a page that was frozen meanwhile gives it the whole time again", () => {
  const { world, seen, watch } = watching();
  world.clock.advance(6_000);
  world.clock.freeze(600_000);
  assert.equal(seen.forks, 0);
  world.clock.advance(49_999);
  assert.equal(seen.forks, 0);
  world.clock.advance(1);
  assert.equal(seen.forks, 1);
  assert.equal(seen.asked, 1);
  watch.end();
});

test("and what comes after that was never withheld", () => {
  const { world, seen, watch } = watching();
  world.clock.advance(6_000);
  world.clock.freeze(600_000);
  seen.missing = undefined;
  watch.look();
  world.clock.advance(600_000);
  assert.equal(seen.forks, 0);
});
