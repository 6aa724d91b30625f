/** A conversation that its visitor erases leaves a desk, too: its words and its keys, and a line says so. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { breathe, until } from "../wire/fake-world.ts";
import type { Frame } from "../wire/model-server.ts";
import { linesOf, room, signedIn, takesNext, visitorWho } from "./scene.ts";

test("the desk that has it keeps nothing but a line, and takes no more for it", async () => {
  const one = await room();
  const desk = await signedIn(one);
  const visit = await visitorWho(one, "canary");
  const talk = await takesNext(desk);
  await until(() => linesOf(talk).join() === "visitor canary");
  await visit.erase();
  await until(() => talk.erased.value, "the desk is told");
  assert.deepEqual([talk.lines.value, talk.ended.value, talk.unread.value], [[], "visitor", 0]);
  assert.equal(await desk.send(talk.conv, "are you there?"), false);
  desk.lock();
  await desk.unlock(one.house.accounts[0]?.passphrase ?? "");
  await breathe();
  assert.deepEqual(talk.lines.value, [], "nothing comes back with the keys");
  desk.dismiss(talk.conv);
  assert.deepEqual(desk.conversations.value, []);
});

test("one that has ended and is still on the screen goes as well", async () => {
  const one = await room();
  const desk = await signedIn(one);
  const visit = await visitorWho(one, "canary");
  const talk = await takesNext(desk);
  await desk.end(talk.conv, "completed");
  await until(() => visit.phase.value === "ended", "ended");
  await visit.erase();
  await until(() => talk.erased.value, "the desk is told");
  assert.deepEqual([talk.lines.value, talk.ended.value], [[], "team"]);
});

test("M-16: one that comes back after it was erased shows nothing at the desk that was told", async () => {
  const one = await room();
  const desk = await signedIn(one);
  const visit = await visitorWho(one, "canary");
  let taken: Frame | undefined;
  one.server.meddle = (frame) => {
    if (frame.t === "taken") taken = frame;
    return [frame];
  };
  const talk = await takesNext(desk);
  await until(() => linesOf(talk).join() === "visitor canary");
  const stored = [...one.server.convs.values()][0]?.logs[1][0];
  assert.ok(taken && stored);
  await visit.erase();
  await until(() => talk.erased.value, "the desk is told");
  for (const link of one.server.links) {
    if (link.side !== "desk") continue;
    one.server.say(link, taken);
    one.server.say(link, { t: "envelope", conv: taken.conv, log: 1, n: 1, minute: 1, envelope: stored.envelope });
  }
  await breathe();
  assert.deepEqual([talk.lines.value, talk.erased.value, desk.conversations.value.length], [[], true, 1]);
  assert.equal(await desk.send(talk.conv, "are you there?"), false);
});
