/** Erasing: nothing is left on the page at once, and "erased" is said when the server has said so, and never before. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { encode } from "@msgpack/msgpack";
import { hex } from "../../src/crypto/bytes.ts";
import { breathe, until } from "../wire/fake-world.ts";
import { said, scene, talking, waiting } from "./scene.ts";

test("whoever waits, talks or has stopped can erase, and is told when it is done", async () => {
  for (const begin of [
    waiting,
    talking,
    async () => {
      const one = await talking();
      await one.visit.end();
      return one;
    },
  ]) {
    const one = await begin();
    const conv = hex(one.conv().id);
    await one.visit.erase();
    assert.equal(one.visit.phase.value, "erased");
    assert.ok(one.server.erased.has(conv));
    assert.equal(one.server.convs.size, 0);
  }
});

test("what was said is off the page before the server hears of it", async () => {
  const one = await talking();
  await one.visit.send("canary");
  await said(one, 1);
  one.server.isDown = true;
  one.server.cut();
  void one.visit.erase();
  await until(() => one.visit.phase.value === "erasing", "erasing");
  assert.deepEqual(one.texts(), []);
  assert.equal(await one.visit.send("more"), false);
});

test("while the server does not confirm, the page says that it goes on trying, through cuts and restarts", async () => {
  const one = await talking();
  one.server.confirms = false;
  void one.visit.erase();
  await until(() => one.server.erased.size === 1, "the first request");
  assert.equal(one.visit.eraseIsLate.value, false);
  one.world.clock.advance(11_000);
  assert.equal(one.visit.eraseIsLate.value, true);
  for (let cut = 0; cut < 3; cut++) {
    one.server.cut();
    one.world.clock.advance(3_000);
    await until(() => one.server.links.size === 1, "back");
    await breathe();
    assert.equal(one.visit.phase.value, "erasing");
  }
  one.server.confirms = true;
  one.server.cut();
  one.world.clock.advance(3_000);
  await until(() => one.visit.phase.value === "erased", "erased");
});

test("M-16: a confirmation for another conversation, or none at all, is not believed", async () => {
  const one = await talking();
  one.server.meddle = (frame) => (frame.t === "erased" ? [{ t: "erased", conv: new Uint8Array(16) }] : [frame]);
  void one.visit.erase();
  await until(() => one.server.erased.size === 1, "the request");
  await breathe();
  assert.equal(one.visit.phase.value, "erasing");
});

test("a server that has never heard of it says so, and the page says no more than that", async () => {
  const one = await talking();
  one.server.convs.clear();
  await one.visit.erase();
  assert.deepEqual([one.visit.phase.value, one.visit.trouble.value], ["refused", "gone"]);
});

test("a page whose conversation was erased from elsewhere forgets it, too", async () => {
  const one = await talking();
  await one.visit.send("canary");
  await said(one, 1);
  for (const link of one.server.links)
    if (link.side === "visitor") one.server.say(link, { t: "erased", conv: one.conv().id });
  await until(() => one.visit.phase.value === "erased", "erased");
  assert.deepEqual(one.texts(), []);
});

test("before there is a conversation there is nothing to erase; and leaving stops all of it", async () => {
  const fresh = await scene();
  await fresh.visit.erase();
  assert.equal(fresh.visit.phase.value, "start");
  const one = await talking();
  one.server.confirms = false;
  void one.visit.erase();
  await until(() => one.visit.phase.value === "erasing", "erasing");
  one.visit.wipe();
  assert.equal(one.visit.phase.value, "start");
  assert.ok(one.world.sockets.every((socket) => socket.state === "closed"));
});

test("M-16: an erased conversation does not come back to the page, whatever the server says", async () => {
  const one = await talking();
  await one.visit.send("canary");
  await said(one, 1);
  const conv = one.conv();
  const [stored] = conv.logs[1];
  await one.visit.erase();
  assert.equal(one.visit.phase.value, "erased");
  for (const socket of one.world.sockets) {
    socket.deliver(encode({ t: "resumed", conv: conv.id, last: 1, wraps: [] }));
    socket.deliver(encode({ t: "envelope", log: 1, n: 1, minute: 1, envelope: stored?.envelope }));
    socket.deliver(encode({ t: "claimed", times: 2 }));
  }
  await breathe();
  assert.equal(one.visit.phase.value, "erased");
  assert.deepEqual(one.texts(), []);
  assert.equal(await one.visit.send("hello?"), false);
});
