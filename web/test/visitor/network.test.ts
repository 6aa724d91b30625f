/** A visit over networks that come and go: nothing lost, nothing twice, over WebSockets and by long-polling. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { visitorTexts } from "../wire/counsellor.ts";
import { breathe, until } from "../wire/fake-world.ts";
import { PollingServer } from "../wire/polling-server.ts";
import { allSent, type Scene, talking, waiting } from "./scene.ts";

/** Let the clock run until *done*, slowly enough for the cryptography, which keeps real time. */
async function passing(one: Scene, done: () => boolean, what = "this"): Promise<void> {
  for (let turn = 0; turn < 3_000 && !done(); turn++) {
    one.world.clock.advance(50);
    await sleep(3);
  }
  assert.ok(done(), `waited in vain for ${what}`);
}

/** From now on no new WebSocket gets through, and what is open breaks off: the talk goes on by polling. */
async function blocked(one: Scene): Promise<PollingServer> {
  const polling = new PollingServer(one.world.clock, (socket) => one.server.accept(socket));
  one.world.surroundings.post = (path, body, stop) => polling.post(path, body.slice(), stop);
  one.world.surroundings.socket = () => {
    throw new TypeError("blocked");
  };
  one.server.cut((link) => link.side === "visitor");
  await passing(one, () => polling.polls.size > 0 && one.visit.network.value === "fine" && isThere(one));
  return polling;
}

/** The server sees another socket of the visitor. */
const isBack = (one: Scene, but: unknown): boolean =>
  [...one.server.links].some((link) => link.side === "visitor" && link !== but);

const isThere = (one: Scene): boolean =>
  [...one.server.links].some((link) => link.side === "visitor" && link.conv !== undefined);

for (const way of ["WebSocket", "long-polling"]) {
  test(`${way}: ten minutes without network, and everything arrives once and in order`, async () => {
    const one = await talking();
    const polling = way === "WebSocket" ? undefined : await blocked(one);
    await one.visit.send("before");
    await passing(one, () => allSent(one));
    one.server.isDown = true;
    if (polling !== undefined) polling.isDown = true;
    one.server.cut((link) => link.side === "visitor");
    polling?.forget();
    for (const text of ["one", "two", "three"]) {
      await one.visit.send(text);
      one.world.clock.advance(200_000);
      await breathe();
    }
    await one.anna.says(one.conv(), "are you there?");
    assert.equal(one.visit.network.value, "long");
    assert.deepEqual(one.visit.lines.value.map((line) => line.delivery).slice(1), ["retrying", "retrying", "retrying"]);
    one.server.isDown = false;
    if (polling !== undefined) polling.isDown = false;
    await passing(one, () => allSent(one) && one.texts().length === 5, "everything");
    assert.deepEqual(await visitorTexts(one.house, one.conv()), ["1 before", "1 one", "1 two", "1 three"]);
    assert.deepEqual(one.texts(), ["me before", "them are you there?", "me one", "me two", "me three"]);
    assert.equal(one.visit.network.value, "fine");
    assert.equal(one.visit.trouble.value, undefined);
    one.visit.wipe();
  });

  test(`${way}: a network that changes under the page is noticed by what stays unanswered`, async () => {
    const one = await talking();
    const polling = way === "WebSocket" ? undefined : await blocked(one);
    const [link] = [...one.server.links].filter((each) => each.side === "visitor");
    assert.ok(link);
    // What is open looks open; nothing of it arrives, on either side.
    link.isHeld = true;
    link.socket.heard = undefined;
    const before = link.socket.said.length;
    await one.visit.send("at the door");
    await until(() => link.socket.said.length > before, "a message on its way");
    assert.equal(one.conv().logs[1].length, 0);
    await passing(one, () => isBack(one, link), "another socket");
    await passing(one, () => one.conv().logs[1].length === 1, "the message");
    await passing(one, () => allSent(one));
    assert.deepEqual(await visitorTexts(one.house, one.conv()), ["1 at the door"]);
    assert.equal(polling === undefined || polling.polls.size > 0, true);
    one.visit.wipe();
  });

  test(`${way}: a device that slept for hours finds its line dead, and comes back`, async () => {
    const one = await talking();
    if (way === "long-polling") await blocked(one);
    const [link] = [...one.server.links].filter((each) => each.side === "visitor");
    assert.ok(link);
    one.server.links.delete(link); // to the server it fell silent
    link.isHeld = true;
    link.socket.heard = undefined;
    one.world.clock.sleep(3 * 3_600_000);
    await one.anna.says(one.conv(), "good night");
    one.world.wake();
    await passing(one, () => one.texts().length === 1, "what came meanwhile");
    assert.deepEqual(one.texts(), ["them good night"]);
    one.visit.wipe();
  });
}

test("a switch to long-polling and back in the middle of many messages loses and doubles none", async () => {
  const one = await waiting();
  const { socket } = one.world.surroundings;
  const said: string[] = [];
  const write = async (text: string) => {
    said.push(text);
    await one.visit.send(text);
  };
  for (let n = 0; n < 5; n++) await write(`a${n}`);
  const polling = await blocked(one);
  for (let n = 0; n < 5; n++) await write(`b${n}`);
  await passing(one, () => allSent(one));
  one.world.surroundings.socket = socket;
  const before = one.world.sockets.length;
  await passing(one, () => one.world.sockets.length > before, "a look at WebSockets");
  for (let n = 0; n < 5; n++) await write(`c${n}`);
  await until(() => one.world.sockets.length > before + 1, "a WebSocket again");
  for (let n = 0; n < 5; n++) await write(`d${n}`);
  await passing(one, () => allSent(one) && one.texts().length === 20);
  assert.deepEqual(
    await visitorTexts(one.house, one.conv()),
    said.map((text) => `0 ${text}`),
  );
  assert.equal(polling.asked.at(-1), "/poll/close");
  assert.equal(one.visit.network.value, "fine");
  one.visit.wipe();
});
