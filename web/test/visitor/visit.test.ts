/** A visit with an honest server: from the first word to the last, over good and bad lines. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { decode } from "@msgpack/msgpack";
import { secretOf, visitorTexts } from "../wire/counsellor.ts";
import { breathe, passing, until } from "../wire/fake-world.ts";
import { occurs } from "../wire/house.ts";
import { allSent, said, scene, talking, waiting } from "./scene.ts";

test("what is typed while the line opens arrives, in order, under the opening's key", async () => {
  const one = await scene();
  void one.visit.start();
  assert.equal(await one.visit.send("first"), true);
  assert.equal(await one.visit.send("second"), true);
  assert.deepEqual(one.texts(), ["me first", "me second"]);
  await said(one, 2);
  assert.equal(one.visit.phase.value, "waiting");
  assert.deepEqual(one.visit.place.value, { place: 1, low: undefined, high: undefined });
  assert.deepEqual(await visitorTexts(one.house, one.conv()), ["0 first", "0 second"]);
});

test("the expected wait is asked before a start, and again each minute until then", async () => {
  const one = await scene();
  await until(() => one.visit.expected.value !== undefined);
  assert.deepEqual(one.visit.expected.value, { low: 2, high: 5 });
  one.world.clock.advance(60_000);
  await breathe();
  assert.equal(one.world.posted.length, 2);
  await one.visit.start();
  one.world.clock.advance(300_000);
  assert.equal(one.world.posted.length, 2);
});

test("after a counsellor came both sides speak under the talk's key", async () => {
  const one = await talking();
  await one.anna.says(one.conv(), "hello, I am Anna");
  await until(() => one.texts().length === 1);
  await one.visit.send("hi");
  await said(one, 2);
  assert.deepEqual(one.texts(), ["them hello, I am Anna", "me hi"]);
  assert.deepEqual(await visitorTexts(one.house, one.conv()), ["1 hi"]);
});

test("what was under way when the counsellor came is sealed anew under the talk's key, once and in order", async () => {
  const one = await waiting();
  await one.visit.send("a");
  await said(one, 1);
  one.server.isDown = true;
  one.server.cut((link) => link.side === "visitor");
  for (const text of ["b", "c", "d"]) await one.visit.send(text);
  one.server.isDown = false;
  await one.counsellor().takes(one.conv());
  one.world.clock.advance(6_000);
  await said(one, 4);
  assert.deepEqual(await visitorTexts(one.house, one.conv()), ["0 a", "1 b", "1 c", "1 d"]);
});

test("a message sealed for the opening and refused after the take is sealed anew", async () => {
  const one = await waiting();
  const [link] = [...one.server.links];
  assert.ok(link);
  // The appends are held on their way until the counsellor has taken the conversation.
  const original = link.socket.heard;
  const late: Uint8Array[] = [];
  link.socket.heard = (bytes) => late.push(bytes);
  for (const text of ["a", "b", "c"]) await one.visit.send(text);
  await until(() => late.length === 3);
  link.isHeld = true;
  await one.counsellor().takes(one.conv());
  link.socket.heard = original;
  for (const bytes of late) original?.(bytes);
  link.isHeld = false;
  link.flush();
  await said(one, 3);
  assert.deepEqual(await visitorTexts(one.house, one.conv()), ["1 a", "1 b", "1 c"]);
});

test("after a lost acknowledgement the same bytes are said again, and the message is there once", async () => {
  const one = await waiting();
  for (const link of one.server.links) link.isHeld = true;
  await one.visit.send("once");
  await until(() => one.conv().logs[1].length === 1);
  one.server.cut();
  assert.equal(one.visit.lines.value[0]?.delivery, "retrying");
  one.world.clock.advance(1_000);
  await said(one, 1);
  await breathe();
  assert.equal(one.conv().logs[1].length, 1);
});

test("a busy server gets the same bytes later, and the order stays", async () => {
  const one = await waiting();
  one.server.busy = 2;
  for (const text of ["a", "b", "c", "d"]) await one.visit.send(text);
  for (let i = 0; i < 200 && !(one.conv().logs[1].length === 4 && allSent(one)); i++) {
    await sleep(2); // real time, for the cryptography
    one.world.clock.advance(200);
  }
  assert.deepEqual(await visitorTexts(one.house, one.conv()), ["0 a", "0 b", "0 c", "0 d"]);
  const said = one.world.sockets
    .flatMap((socket) => socket.said)
    .map((raw) => decode(raw) as { t: string; envelope: Uint8Array });
  const envelopes = said.filter(({ t }) => t === "append").map(({ envelope }) => Buffer.from(envelope).toString("hex"));
  assert.ok(envelopes.length > 4);
  assert.equal(new Set(envelopes).size, 4);
});

test("delivered and read are told in both directions", async () => {
  const one = await talking();
  await one.visit.send("hi");
  await said(one, 1);
  one.anna.say({ t: "delivered", conv: one.conv().id, n: 1 });
  await until(() => one.visit.lines.value[0]?.delivery === "delivered");
  one.anna.say({ t: "read", conv: one.conv().id, n: 1_000 });
  await until(() => one.visit.lines.value[0]?.delivery === "read");
  await one.anna.says(one.conv(), "hello");
  await until(() => one.anna.heard.some((frame) => frame.t === "delivered" && frame.n === 2));
  assert.ok(!one.anna.heard.some((frame) => frame.t === "read"));
  one.visit.seen();
  await until(() => one.anna.heard.some((frame) => frame.t === "read" && frame.n === 2));
  // What comes later is not read by a promise from before.
  await one.visit.send("more");
  await said(one, 3);
  assert.equal(one.visit.lines.value[2]?.delivery, "sent");
});

test("on a new socket nothing is said before the server was asked to resume", async () => {
  const one = await talking();
  for (const text of ["a", "b", "c"]) await one.anna.says(one.conv(), text);
  await until(() => one.texts().length > 0);
  one.server.cut((link) => link.side === "visitor");
  await one.visit.send("d");
  one.world.clock.advance(1_000);
  one.visit.seen();
  one.world.wake();
  await said(one, 4);
  one.visit.seen();
  for (const socket of one.world.sockets.filter(({ path }) => !path.startsWith("/desk/"))) {
    const [first] = socket.said.map((raw) => (decode(raw) as { t: string }).t);
    if (first !== undefined) assert.match(first, /^(start|resume)$/); // one that was left while it opened said nothing
  }
});

test("a colleague who goes on is announced by a line, in its place", async () => {
  const one = await talking();
  await one.anna.says(one.conv(), "I must go");
  await until(() => one.texts().length === 1);
  one.server.unseat(one.conv());
  await until(() => one.visit.phase.value === "waiting");
  const bram = one.counsellor(1);
  await bram.takes(one.conv());
  await until(() => one.visit.phase.value === "talking");
  await bram.says(one.conv(), "I am Bram");
  await until(() => one.texts().length === 3);
  assert.deepEqual(one.texts(), ["them I must go", "them swap", "them I am Bram"]);
  one.server.cut();
  one.world.clock.advance(1_000);
  await until(() => [...one.server.links].some((link) => link.side === "visitor"));
  await breathe();
  assert.equal(one.texts().length, 3);
});

test("a visitor whose counsellor left is told so, until the next one comes", async () => {
  const one = await talking();
  assert.equal(one.visit.again.value, false);
  one.anna.say({ t: "typing", conv: one.conv().id });
  await until(() => one.visit.theyType.value);
  one.server.unseat(one.conv());
  await until(() => one.visit.phase.value === "waiting");
  assert.deepEqual([one.visit.again.value, one.visit.theyType.value], [true, false]);
  await one.counsellor(1).takes(one.conv());
  await until(() => one.visit.phase.value === "talking");
  assert.equal(one.visit.again.value, false);
});

test("who only waits is not told that somebody left, not after a cut either", async () => {
  const one = await waiting();
  one.server.cut();
  one.world.clock.advance(1_000);
  await until(() => [...one.server.links].some((link) => link.side === "visitor" && link.conv !== undefined));
  await breathe();
  assert.equal(one.visit.again.value, false);
});

test("typing of the counsellor shows for a moment", async () => {
  const one = await talking();
  one.anna.say({ t: "typing", conv: one.conv().id });
  await until(() => one.visit.theyType.value);
  one.world.clock.advance(6_001);
  assert.equal(one.visit.theyType.value, false);
});

for (const by of ["visitor", "team"] as const) {
  test(`the ${by} stops, and nothing more is taken`, async () => {
    const one = await talking();
    await one.visit.send("bye");
    await said(one, 1);
    if (by === "visitor") await one.visit.end();
    else one.anna.say({ t: "end", conv: one.conv().id, reason: "completed" });
    await until(() => one.visit.phase.value === "ended");
    assert.equal(one.visit.endedBy.value, by);
    assert.equal(await one.visit.send("more"), false);
    one.server.cut(() => true, 1000);
    one.world.clock.advance(60_000);
    assert.equal(one.world.sockets.length, 1);
  });
}

test("an end that the server does not hear of fails, and the conversation goes on", async () => {
  const one = await talking();
  one.server.isDown = true;
  one.server.cut();
  const ending = one.visit.end();
  await breathe();
  one.world.clock.advance(10_000);
  await assert.rejects(ending);
  one.server.isDown = false;
  await one.visit.send("still here");
  await passing(one.world.clock, () => one.texts().length === 1 && allSent(one), "a message that was sent");
  assert.equal(one.visit.phase.value, "talking");
});

test("what did not get through when the chat ended says so, and is not called on its way", async () => {
  const one = await talking();
  await one.visit.send("through");
  await said(one, 1);
  one.server.meddle = (frame) => (frame.t === "ack" ? [] : [frame]);
  await one.visit.send("too late");
  for (const link of one.server.links) if (link.side === "visitor") one.server.say(link, { t: "ended", by: "team" });
  await until(() => one.visit.phase.value === "ended");
  assert.deepEqual(
    one.visit.lines.value.map((line) => line.delivery),
    ["sent", "unsent"],
  );
});

test("a conversation that the server does not know any more is gone", async () => {
  const one = await talking();
  one.server.convs.clear();
  one.server.cut();
  one.world.clock.advance(1_000);
  await until(() => one.visit.phase.value === "refused");
  assert.equal(one.visit.trouble.value, "gone");
});

test("a text that is too long is not taken, one that just fits arrives whole", async () => {
  const one = await waiting();
  assert.equal(await one.visit.send("é".repeat(8_190)), false);
  assert.equal(await one.visit.send(" \n"), false);
  assert.deepEqual(one.texts(), []);
  const most = "é".repeat(8_189);
  assert.equal(await one.visit.send(most), true);
  await said(one, 1);
  assert.deepEqual(await visitorTexts(one.house, one.conv()), [`0 ${most}`]);
});

test("nothing that leaves the page holds a secret or a word of it", async () => {
  const one = await talking();
  const canaries = ["canary-one", "canary-two"];
  for (const text of canaries) await one.visit.send(text);
  await said(one, 2);
  const secrets = [await secretOf(one.house, one.conv(), 0), await secretOf(one.house, one.conv(), 1)];
  for (const needle of [...canaries.map((text) => new TextEncoder().encode(text)), ...secrets]) {
    assert.equal(occurs(needle, one.server.captured), false);
  }
});
