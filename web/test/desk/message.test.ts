/** A message that was left for later, at the desk: in the list as what it is, taken, answered, ended; no ghost. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { until } from "../wire/fake-world.ts";
import { linesOf, room, signedIn, talkOf, visitorLeaves } from "./scene.ts";

test("a message stands in the list as a message, and is answered without anybody there", async () => {
  const one = await room();
  const desk = await signedIn(one);
  const visit = await visitorLeaves(one, "I cannot sleep");
  await until(() => desk.waiting.value[0]?.opening === "I cannot sleep");
  assert.equal(desk.waiting.value[0]?.message, false); // somebody is still there
  visit.wipe();
  await until(() => desk.waiting.value[0]?.message === true, "a message");
  const conv = desk.waiting.value[0]?.conv ?? "";
  assert.deepEqual([desk.left.value, desk.waiting.value[0]?.again], [[], false]);

  assert.equal(await desk.take(conv), true);
  await until(() => linesOf(talkOf(desk, conv)).join() === "visitor I cannot sleep");
  assert.ok(desk.messages.value.has(conv));
  assert.equal(await desk.send(conv, "good that you wrote"), true);
  await until(() => linesOf(talkOf(desk, conv)).length === 2);
  await desk.end(conv, "completed");
  assert.equal(talkOf(desk, conv).ended.value, "team");
});

test("which ones are messages is known again after a cut, and forgotten at sign-out", async () => {
  const one = await room();
  const desk = await signedIn(one);
  const visit = await visitorLeaves(one, "for later");
  visit.wipe();
  await until(() => desk.waiting.value[0]?.message === true);
  const conv = desk.waiting.value[0]?.conv ?? "";
  await desk.take(conv);
  one.server.cut((link) => link.side === "desk");
  await until(() => !desk.connected.value);
  one.clock.advance(5_000);
  await until(() => desk.connected.value);
  await until(() => desk.messages.value.has(conv), "known again");
  await desk.signOut();
  assert.equal(desk.messages.value.size, 0);
});
