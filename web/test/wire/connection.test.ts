/** The lasting connection, by a clock that only the test moves. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { decode, encode } from "@msgpack/msgpack";
import { Connection } from "../../src/wire/connection.ts";
import { hearAsVisitor, type VisitorHears, type VisitorSays } from "../../src/wire/visitor-frames.ts";
import { breathe, type FakeSocket, fakeWorld } from "./fake-world.ts";

function line(chance = () => 1 - Number.EPSILON) {
  let polls = 0;
  const post = async () => {
    polls += 1;
    throw new TypeError("no network");
  };
  const world = fakeWorld({ chance, post });
  const log = { opened: 0, heard: [] as string[], network: [] as string[], closed: [] as number[] };
  const connection = new Connection<VisitorHears, VisitorSays>(world.surroundings, "/socket", hearAsVisitor, {
    opened: () => log.opened++,
    heard: (frame) => log.heard.push(frame.t),
    dropped: () => {},
    network: (state) => log.network.push(state),
    closed: (code) => log.closed.push(code),
  });
  connection.open();
  const last = () => world.sockets.at(-1) as FakeSocket;
  /** A socket on which the server speaks, and knows us. */
  const meet = () => {
    last().open();
    last().deliver(pong);
    connection.settled();
  };
  return { world, connection, log, last, meet, tries: () => world.sockets.length + polls };
}

const pong = encode({ t: "pong" });

/** How long until the next attempt, by a WebSocket or by polling, in the clock's ms. */
function waitForNext(one: ReturnType<typeof line>): number {
  const before = one.tries();
  for (let ms = 0; ms <= 20_000; ms += 10) {
    if (one.tries() > before) return ms;
    one.world.clock.advance(10);
  }
  throw new Error("no new attempt");
}

test("each failed attempt waits longer, and never more than two and a half seconds: a restart is found in three", async () => {
  const one = line();
  const waits = [];
  for (let i = 0; i < 8; i++) {
    one.last().cut();
    await breathe(); // an attempt by polling fails by itself
    waits.push(waitForNext(one));
  }
  assert.deepEqual(waits, [250, 500, 1000, 2000, 2500, 2500, 2500, 2500]);
});

test("a server that is too busy gets up to five seconds", () => {
  const one = line();
  const waits = [];
  for (let i = 0; i < 7; i++) {
    one.last().open();
    one.last().deliver(pong);
    one.connection.again();
    waits.push(waitForNext(one));
  }
  assert.deepEqual(waits, [250, 500, 1000, 2000, 4000, 5000, 5000]);
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
  one.meet();
  one.last().cut(1001);
  assert.equal(waitForNext(one), 250);
});

test("it asks for a sign of life every twenty seconds, once more ten later, and leaves five after that", () => {
  const one = line();
  one.meet();
  one.world.clock.advance(20_000);
  assert.deepEqual(
    one.last().said.map((raw) => decode(raw)),
    [{ t: "ping" }],
  );
  one.last().deliver(pong);
  one.world.clock.advance(34_900);
  assert.equal(one.last().said.length, 3);
  assert.equal(one.world.sockets.length, 1);
  one.world.clock.advance(500);
  assert.equal(one.world.sockets[0]?.state, "closed");
  assert.equal(one.world.sockets.length, 2);
});

test("a socket that answers stays for an hour", () => {
  const one = line();
  const socket = one.last();
  socket.heard = () => socket.deliver(pong);
  one.meet();
  one.world.clock.advance(3_600_000);
  assert.equal(one.world.sockets.length, 1);
  assert.equal(socket.said.length, 180);
});

test("a socket that never opens is given up, and so is one that opens and never speaks", () => {
  const one = line();
  one.world.clock.advance(4_500);
  assert.equal(one.tries(), 2);
  const other = line();
  other.last().open();
  other.world.clock.advance(4_500);
  assert.equal(other.tries(), 2);
});

test("what is said and not answered for ten seconds makes it ask: the network may have changed under the socket", () => {
  const one = line();
  one.meet();
  one.connection.say({ t: "typing" });
  one.world.clock.advance(9_900);
  assert.equal(one.last().said.length, 1);
  one.world.clock.advance(200);
  assert.deepEqual(decode(one.last().said[1] as Uint8Array), { t: "ping" });
  one.world.clock.advance(5_300);
  assert.equal(one.world.sockets.length, 2);
});

test("a device that slept asks at its first timer, and leaves a socket that does not answer", () => {
  const one = line();
  one.meet();
  one.world.clock.sleep(3_600_000);
  one.world.clock.advance(20_000);
  assert.equal(one.last().said.length, 1);
  one.world.clock.advance(5_300);
  assert.equal(one.world.sockets.length, 2);
});

test("the network is lost after five seconds, long after sixty, and fine when the server knows us", () => {
  const one = line();
  one.meet();
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
  one.meet();
  for (let i = 0; i < 3; i++) {
    one.last().cut();
    waitForNext(one);
  }
  one.last().cut();
  const before = one.world.sockets.length;
  one.world.wake();
  assert.equal(one.world.sockets.length, before + 1);
  one.world.wake(); // one that is still opening began on another network, perhaps
  assert.equal(one.world.sockets.length, before + 2);
  assert.equal(one.world.sockets[before]?.state, "closed");
  one.meet();
  one.world.wake();
  assert.deepEqual(decode(one.last().said[0] as Uint8Array), { t: "ping" });
  one.world.clock.advance(5_300);
  assert.equal(one.world.sockets.length, before + 3);
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
    one.meet();
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
