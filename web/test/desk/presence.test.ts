/** Who is away, whose turn it is, and what a desk hears that was gone too long. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { breathe, passing, until } from "../wire/fake-world.ts";
import { linesOf, room, signedIn, takesNext, talkOf, visitorWho } from "./scene.ts";

const openings = (desk: Awaited<ReturnType<typeof signedIn>>): string[] =>
  desk.waiting.value.map((row) => `${row.away ? "away " : ""}${row.opening}`);

test("a page out of sight is away in the list, cannot be taken, and is back when it is in sight again", async () => {
  const one = await room();
  const desk = await signedIn(one);
  await visitorWho(one, "first");
  await until(() => openings(desk).join() === "first");
  one.world.hide(true);
  await until(() => openings(desk).join() === "away first");
  const conv = desk.waiting.value[0]?.conv ?? "";
  assert.equal(await desk.take(conv), false);
  assert.equal(desk.trouble.value, "visitor_away");
  assert.equal(await desk.next(), undefined);
  assert.equal(desk.trouble.value, "nobody_waits");
  one.world.hide(false);
  await until(() => openings(desk).join() === "first");
  assert.equal(await desk.next(), conv);
  await until(() => linesOf(talkOf(desk, conv)).join() === "visitor first");
});

test("a page that comes back behind another says so with its first frame", async () => {
  const one = await room();
  const desk = await signedIn(one);
  const visit = await visitorWho(one, "hello");
  one.world.hide(true);
  await until(() => openings(desk).join() === "away hello");
  const before = one.world.sockets.length;
  one.server.cut((link) => link.side === "visitor");
  await passing(one.clock, () => one.world.sockets.length > before, "another socket");
  await passing(
    one.clock,
    () => [...one.server.links].some((link) => link.side === "visitor" && link.conv),
    "a resume",
  );
  await breathe();
  assert.deepEqual(openings(desk), ["away hello"]);
  one.world.hide(false);
  await until(() => openings(desk).join() === "hello");
  visit.wipe();
  one.world.hide(true);
  await breathe();
  assert.deepEqual(openings(desk), ["hello"]);
});

test("a counsellor in a talk sees whether the visitor is there", async () => {
  const one = await room();
  const desk = await signedIn(one);
  await visitorWho(one, "hello");
  const talk = await takesNext(desk);
  assert.equal(talk.visitorIs.value, "here");
  one.world.hide(true);
  await until(() => talk.visitorIs.value === "away");
  one.world.hide(false);
  await until(() => talk.visitorIs.value === "here");
});

test("what one desk reads in an opening every desk sees, and it can be taken back", async () => {
  const one = await room();
  const [anna, bram] = [await signedIn(one, 0), await signedIn(one, 1)];
  await visitorWho(one, "he is at the door");
  await until(() => anna.waiting.value.length === 1 && bram.waiting.value.length === 1);
  const conv = anna.waiting.value[0]?.conv ?? "";
  anna.mark(conv, "urgent");
  await until(() => bram.waiting.value[0]?.priority === "urgent");
  bram.mark(conv, "normal");
  await until(() => anna.waiting.value[0]?.priority === "normal");
});

test("of two desks that ask for the next each gets another; a second press while one is under way gets nobody", async () => {
  const one = await room();
  const [anna, bram] = [await signedIn(one, 0), await signedIn(one, 1)];
  for (const text of ["a", "b", "c"]) await visitorWho(one, text);
  const given = await Promise.all([anna.next(), anna.next(), bram.next()]);
  assert.equal(given[1], undefined);
  assert.ok(given[0] !== undefined && given[2] !== undefined && given[0] !== given[2]);
  assert.deepEqual([anna.conversations.value.length, bram.conversations.value.length], [1, 1]);
});

test("an answer that never comes is waited for ten seconds, and then one may ask again", async () => {
  const one = await room();
  const desk = await signedIn(one);
  await visitorWho(one, "hello");
  const { meddle } = one.server;
  one.server.meddle = (frame) => (frame.t === "given" ? [] : [frame]);
  const asked = desk.next();
  await breathe();
  one.clock.advance(10_000);
  assert.equal(await asked, undefined);
  one.server.meddle = meddle;
  await visitorWho(one, "another");
  assert.ok(await desk.next());
});

test("who leaves the queue is told apart from who was taken", async () => {
  const one = await room();
  const desk = await signedIn(one);
  await visitorWho(one, "hello");
  await until(() => desk.waiting.value.length === 1);
  const conv = desk.waiting.value[0]?.conv ?? "";
  const [kept] = [...one.server.convs.values()];
  assert.ok(kept);
  one.server.leave(kept);
  await until(() => desk.waiting.value.length === 0);
  assert.deepEqual(desk.left.value, [conv]);
});

test("a desk whose conversation went on without it is told, and no longer once it has it again", async () => {
  const one = await room();
  const [anna, bram] = [await signedIn(one, 0), await signedIn(one, 1)];
  await visitorWho(one, "hello");
  const talk = await takesNext(anna);
  const [conv] = [...one.server.convs.values()];
  assert.ok(conv);
  const gone = [...one.server.links].find((link) => link.account?.id === conv.holder);
  one.server.cut((link) => link === gone);
  one.server.unseat(conv);
  await passing(one.clock, () => anna.moved.value.length === 1, "to be told");
  assert.deepEqual(anna.moved.value, [{ conv: talk.conv, number: talk.number }]);
  assert.deepEqual(anna.conversations.value, []);
  await until(() => bram.waiting.value.length === 1);
  const won = await Promise.all([anna.take(talk.conv), bram.take(talk.conv)]);
  assert.deepEqual(won.toSorted(), [false, true]);
  assert.equal(anna.moved.value.length, won[0] ? 0 : 1);
  anna.dismissMoved(talk.conv);
  assert.deepEqual(anna.moved.value, []);
});
