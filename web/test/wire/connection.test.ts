/** The lasting connection, by a clock that only the test moves. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { decode, encode } from "@msgpack/msgpack";
import { Connection } from "../../src/wire/connection.ts";
import { hearAsVisitor, type VisitorHears, type VisitorSays } from "../../src/wire/visitor-frames.ts";
import { type FakeSocket, fakeWorld } from "./fake-world.ts";

function line(chance = () => 1 - Number.EPSILON) {
  const world = fakeWorld({ chance });
  const log = { opened: 0, heard: [] as string[], network: [] as string[], closed: [] as number[] };
  const connection = new Connection<VisitorHears, VisitorSays>(world.surroundings, "/socket", hearAsVisitor, {
    opened: () => log.opened++,
    heard: (frame) => log.heard.push(frame.t),
    dropped: () => {},
    network: (state) => log.network.push(state),
    closed: (code) => log.closed.push(code),
  });
  connection.open();
  return { world, connection, log, last: () => world.sockets.at(-1) as FakeSocket };
}

const pong = encode({ t: "pong" });

/** How long until the next socket, in the clock's ms. */
function waitForNext(one: ReturnType<typeof line>): number {
  const before = one.world.sockets.length;
  for (let ms = 0; ms <= 20_000; ms += 10) {
    if (one.world.sockets.length > before) return ms;
    one.world.clock.advance(10);
  }
  throw new Error("no new socket");
}

test("each failed attempt waits longer, and never more than five seconds", () => {
  const one = line();
  const waits = [];
  for (let i = 0; i < 8; i++) {
    one.last().cut();
    waits.push(waitForNext(one));
  }
  assert.deepEqual(waits, [250, 500, 1000, 2000, 4000, 5000, 5000, 5000]);
});

test("chance spreads a wait over its second half", () => {
  const one = line(() => 0);
  one.last().cut();
  assert.equal(waitForNext(one), 130); // 125, seen in steps of 10
});

test("opening alone does not shorten the next wait, being known does", () => {
  const one = line();
  for (let i = 0; i < 4; i++) {
    one.last().open();
    one.last().cut(1013);
    waitForNext(one);
  }
  one.last().open();
  one.connection.settled();
  one.last().cut(1001);
  assert.equal(waitForNext(one), 250);
});

test("it asks for a sign of life every twenty seconds and leaves a silent socket after forty-five", () => {
  const one = line();
  one.last().open();
  one.connection.settled();
  one.world.clock.advance(20_000);
  assert.deepEqual(
    one.last().said.map((raw) => decode(raw)),
    [{ t: "ping" }],
  );
  one.last().deliver(pong);
  one.world.clock.advance(44_900);
  assert.equal(one.world.sockets.length, 1);
  one.world.clock.advance(500);
  assert.equal(one.world.sockets[0]?.state, "closed");
  assert.equal(one.world.sockets.length, 2);
});

test("a socket that answers stays for an hour", () => {
  const one = line();
  const socket = one.last();
  socket.heard = () => socket.deliver(pong);
  socket.open();
  one.connection.settled();
  one.world.clock.advance(3_600_000);
  assert.equal(one.world.sockets.length, 1);
  assert.equal(socket.said.length, 180);
});

test("a socket that never opens is given up", () => {
  const one = line();
  one.world.clock.advance(10_500);
  assert.equal(one.world.sockets.length, 2);
});

test("the network is lost after five seconds, long after sixty, and fine when the server knows us", () => {
  const one = line();
  one.last().open();
  one.connection.settled();
  one.last().cut();
  one.world.clock.advance(4_900);
  assert.deepEqual(one.log.network, []);
  one.world.clock.advance(200);
  assert.deepEqual(one.log.network, ["lost"]);
  one.world.clock.advance(54_800);
  assert.deepEqual(one.log.network, ["lost"]);
  one.world.clock.advance(200);
  assert.deepEqual(one.log.network, ["lost", "long"]);
  one.last().open();
  assert.deepEqual(one.log.network, ["lost", "long"]);
  one.connection.settled();
  assert.deepEqual(one.log.network, ["lost", "long", "fine"]);
});

test("a page that wakes tries at once, and probes a socket that looks open", () => {
  const one = line();
  for (let i = 0; i < 6; i++) {
    one.last().cut();
    waitForNext(one);
  }
  one.last().cut();
  const before = one.world.sockets.length;
  one.world.wake();
  assert.equal(one.world.sockets.length, before + 1);
  one.last().open();
  one.connection.settled();
  one.world.wake();
  assert.deepEqual(decode(one.last().said[0] as Uint8Array), { t: "ping" });
  one.world.clock.advance(5_300);
  assert.equal(one.world.sockets.length, before + 2);
});

for (const code of [1008, 4401]) {
  test(`closing code ${code} is final`, () => {
    const one = line();
    one.last().open();
    one.last().cut(code);
    one.world.clock.advance(600_000);
    assert.equal(one.world.sockets.length, 1);
    assert.deepEqual(one.log.closed, [code]);
    assert.equal(one.world.clock.waiting, 0);
  });
}

for (const code of [1000, 1001, 1006, 1009, 1013, 4400, 4408]) {
  test(`after closing code ${code} it comes back`, () => {
    const one = line();
    one.last().open();
    one.last().cut(code);
    assert.equal(waitForNext(one) <= 250, true);
  });
}

test("before the server knows us it gets no ping", () => {
  const one = line();
  const socket = one.last();
  socket.open();
  one.world.wake();
  socket.deliver(pong);
  one.world.clock.advance(30_000);
  assert.equal(socket.said.length, 0);
});

test("after close nothing is left behind: no timer, no listener, no event of the old socket", () => {
  const one = line();
  const socket = one.last();
  socket.open();
  one.connection.close();
  assert.equal(one.world.clock.waiting, 0);
  assert.equal(socket.state, "closed");
  assert.equal(socket.onmessage, null);
  one.world.wake();
  assert.equal(one.world.sockets.length, 1);
});

test("garbage from the server is dropped and the connection goes on", () => {
  const one = line();
  const socket = one.last();
  socket.open();
  for (const raw of [[], [0xc1], [0xdd, 255, 255, 255, 255], [0x93, 1, 2, 3]]) socket.deliver(Uint8Array.from(raw));
  socket.onmessage?.({ data: "words" });
  socket.deliver(new Uint8Array(2_000_000));
  socket.deliver(pong);
  assert.deepEqual(one.log.heard, ["pong"]);
});
