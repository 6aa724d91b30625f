/** A line that is closed, or closes: what the visitor's page knows of it. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { until } from "../wire/fake-world.ts";
import { scene, waiting } from "./scene.ts";

const PLACE = {
  name: "Elsewhere",
  about: { nl: "Praten", en: "Talking" },
  phone: "0800-0000",
  until: null,
  source: "example.org",
  checked: "2026-11-25",
};
const OPEN = { open: true, place: 1, low: 2, high: 5, until: null, late: "no", places: [PLACE] };

test("the page knows whether it is open, until when, and where else somebody is", async () => {
  const one = await scene();
  one.server.status = { ...OPEN, open: false, until: 30_000_000 };
  one.world.clock.advance(60_000);
  await until(() => one.visit.prospect.value?.open === false, "closed");
  assert.equal(one.visit.prospect.value?.until, 30_000_000);
  assert.deepEqual(one.visit.prospect.value?.places, [{ ...PLACE, until: undefined }]);
  assert.deepEqual(one.visit.expected.value, { low: 2, high: 5 });
});

test("an answer that is none says nothing, and nobody is kept out by it", async () => {
  for (const wrong of [
    { ...OPEN, late: "perhaps" },
    { ...OPEN, places: [{ ...PLACE, phone: 113 }] },
    { ...OPEN, surplus: 1 },
  ]) {
    const one = await scene();
    one.server.status = wrong;
    one.world.clock.advance(60_000);
    await until(() => one.visit.prospect.value === undefined);
    void one.visit.start();
    await until(() => one.visit.phase.value === "waiting", "waiting");
  }
});

test("pressing Start on a line that has just closed says that it is closed", async () => {
  const one = await scene();
  one.server.meddle = (frame) => (frame.t === "started" ? [{ t: "refused", code: "closed", says: "no" }] : [frame]);
  await one.visit.start();
  assert.deepEqual([one.visit.phase.value, one.visit.trouble.value], ["refused", "closed"]);
});

test("who waits is told that it closed meanwhile, keeps the place, and is told when it opens again", async () => {
  const one = await waiting();
  const [link] = [...one.server.links].filter((found) => found.side === "visitor");
  assert.ok(link);
  one.server.say(link, { t: "line", open: false });
  await until(() => one.visit.closedMeanwhile.value, "told");
  assert.equal(one.visit.phase.value, "waiting");
  one.server.say(link, { t: "line", open: true });
  await until(() => !one.visit.closedMeanwhile.value, "told again");
  one.server.say(link, { t: "line", open: false });
  await until(() => one.visit.closedMeanwhile.value);
  one.visit.wipe();
  assert.deepEqual([one.visit.closedMeanwhile.value, one.visit.prospect.value], [false, undefined]);
});
