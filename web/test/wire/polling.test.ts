/** Long-polling: what is said arrives once and in order however many requests are lost; when we use it, and when not. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { encode } from "@msgpack/msgpack";
import fc from "fast-check";
import { Connection } from "../../src/wire/connection.ts";
import { PollingSocket } from "../../src/wire/polling.ts";
import { hearAsVisitor, type VisitorHears, type VisitorSays } from "../../src/wire/visitor-frames.ts";
import { breathe, FakeClock, type FakeSocket, fakeWorld, until } from "./fake-world.ts";
import { PollingServer } from "./polling-server.ts";

/** A client's socket and the server's end of it. */
async function pair() {
  const clock = new FakeClock();
  const ends: FakeSocket[] = [];
  const server = new PollingServer(clock, (socket) => {
    ends.push(socket);
    socket.open();
  });
  const world = fakeWorld({ clock, post: server.post });
  const socket = new PollingSocket(world.surroundings, "/socket/2");
  const heard: number[] = [];
  const closed: number[] = [];
  socket.onmessage = ({ data }) => heard.push(...new Uint8Array(data as ArrayBuffer));
  socket.onclose = ({ code }) => closed.push(code);
  let isOpen = false;
  socket.onopen = () => {
    isOpen = true;
  };
  await until(() => isOpen, "an open socket");
  const end = ends[0] as FakeSocket;
  return { clock, server, world, socket, end, heard, closed, said: () => end.said.map(([first]) => first) };
}

test("both sides hear each other at once, and a held request costs nothing more", async () => {
  const one = await pair();
  one.socket.send(Uint8Array.of(1));
  await until(() => one.said().length === 1);
  one.end.deliver(Uint8Array.of(7));
  await until(() => one.heard.length === 1);
  await breathe();
  const before = one.server.asked.length;
  one.clock.advance(19_000);
  await breathe();
  assert.equal(one.server.asked.length, before);
  assert.deepEqual([one.said(), one.heard], [[1], [7]]);
});

const faults = fc.array(fc.constantFrom("request", "answer", "twice", "answer", undefined, undefined, undefined), {
  maxLength: 60,
});
const steps = fc.array(fc.constantFrom("say", "say", "hear", "hear", "breathe", "wait"), { maxLength: 40 });

test("however many requests and answers are lost, everything arrives once and in order", async () => {
  await fc.assert(
    fc.asyncProperty(steps, faults, async (plays, script) => {
      const one = await pair();
      const [said, told]: [number[], number[]] = [[], []];
      // Never three in a row: that is a lost network, and another socket's story.
      let row = 0;
      one.server.fault = () => {
        const fault = script.shift();
        row = fault === "request" || fault === "answer" ? row + 1 : 0;
        return row > 2 ? undefined : fault;
      };
      for (const play of plays) {
        if (play === "say") {
          for (let n = 0; n < 15; n++) {
            said.push(said.length % 200);
            one.socket.send(Uint8Array.of(said.at(-1) as number));
          }
        } else if (play === "hear") {
          told.push(told.length % 200);
          one.end.deliver(Uint8Array.of(told.at(-1) as number));
        } else if (play === "breathe") await breathe(3);
        else one.clock.advance(600);
      }
      script.length = 0;
      row = 0;
      for (let i = 0; i < 60; i++) {
        one.clock.advance(600);
        await breathe(3);
      }
      assert.deepEqual([one.said(), one.heard, one.closed], [said, told, []]);
      one.socket.close();
    }),
    { numRuns: 60 },
  );
});

test("many words at once travel in few requests, and a long one alone", async () => {
  const one = await pair();
  await breathe();
  const before = one.server.asked.length;
  const many = Array.from({ length: 100 }, (_, n) => n);
  for (const n of many) one.socket.send(Uint8Array.of(n));
  await until(() => one.said().length === 100);
  assert.deepEqual(one.said(), many);
  assert.ok(one.server.asked.length - before <= 5, String(one.server.asked.length - before));
  for (let n = 0; n < 4; n++) one.socket.send(new Uint8Array(20_000).fill(n));
  await until(() => one.said().length === 104);
  assert.deepEqual(one.said().slice(100), [0, 1, 2, 3]);
});

test("a closing code comes after the last word; a server that knows us no more ends it, too", async () => {
  for (const [code, expected] of [
    [4401, 4401],
    [undefined, 1006],
  ] as const) {
    const one = await pair();
    await breathe();
    one.end.deliver(Uint8Array.of(9));
    if (code === undefined) one.server.forget();
    else one.end.cut(code);
    for (let i = 0; i < 5; i++) {
      await breathe();
      one.clock.advance(600);
    }
    await until(() => one.closed.length === 1);
    assert.deepEqual(one.closed, [expected]);
    if (code !== undefined) assert.deepEqual(one.heard, [9]);
    assert.equal(one.clock.waiting, 0);
  }
});

test("without a network it ends after three tries, and is nobody's concern any more", async () => {
  const one = await pair();
  one.server.isDown = true;
  one.server.forget();
  for (let i = 0; i < 6; i++) {
    await breathe();
    one.clock.advance(600);
  }
  assert.deepEqual(one.closed, [1006]);
  const before = one.server.asked.length;
  one.clock.advance(600_000);
  await breathe();
  assert.equal(one.server.asked.length, before);
});

test("hanging up stops what is under way, says goodbye with what was not heard yet, and overwrites it", async () => {
  const one = await pair();
  await breathe();
  one.socket.send(Uint8Array.of(5));
  one.socket.close();
  await breathe();
  assert.deepEqual(one.said(), [5]);
  assert.equal(one.end.state, "closed");
  assert.equal(one.server.asked.at(-1), "/poll/close");
  assert.deepEqual(one.closed, []);
});

test("a server that answers nonsense is not believed: nothing is heard twice, out of order or in parts", async () => {
  const nonsense: unknown[] = [
    null,
    {},
    { first: 1, frames: [], heard: -1 },
    { first: 1, frames: ["text"], heard: 0 },
    { first: 2, frames: [Uint8Array.of(1)], heard: 99 },
    { first: 0, frames: [Uint8Array.of(1), Uint8Array.of(2)], heard: 0 },
    { first: 1, frames: [Uint8Array.of(3)], heard: 0, surplus: 1 },
  ];
  const clock = new FakeClock();
  const heard: number[] = [];
  const closed: number[] = [];
  let asked = 0;
  const world = fakeWorld({
    clock,
    post: async (path) => {
      if (path === "/poll/open") return { status: 200, body: encode({ id: new Uint8Array(32) }) };
      asked += 1;
      return { status: 200, body: encode(nonsense[asked - 1] ?? { first: 1, frames: [], heard: 0, code: 1000 }) };
    },
  });
  const socket = new PollingSocket(world.surroundings, "/socket/2");
  socket.onmessage = ({ data }) => heard.push(...new Uint8Array(data as ArrayBuffer));
  socket.onclose = ({ code }) => closed.push(code);
  for (let i = 0; i < 30; i++) {
    await breathe();
    clock.advance(600);
  }
  // { first: 0, ... } holds number 1 in its second place; nothing else has a number that is due.
  assert.ok(heard.length <= 1 && heard.every((one) => one === 2), String(heard));
  assert.equal(closed.length, 1);
});

// when it is used

/** A connection whose WebSockets do what *connect* says, with polling that leads to a server which speaks at once. */
function line(connect: (socket: FakeSocket, nth: number) => void) {
  const clock = new FakeClock();
  const pong = encode({ t: "pong" });
  const server = new PollingServer(clock, (socket) => {
    socket.heard = () => socket.deliver(pong);
    socket.open();
    socket.deliver(pong);
  });
  let count = 0;
  const world = fakeWorld({ clock, post: server.post, connect: (socket) => connect(socket, ++count) });
  const log = { opened: 0, heard: 0, dropped: 0, network: [] as string[] };
  const connection = new Connection<VisitorHears, VisitorSays>(world.surroundings, "/l/x/socket/2", hearAsVisitor, {
    opened: () => log.opened++,
    heard: () => {
      log.heard += 1;
      connection.settled();
    },
    dropped: () => log.dropped++,
    network: (state) => log.network.push(state),
    closed: () => {},
  });
  connection.open();
  const pass = async (ms: number) => {
    for (let at = 0; at < ms; at += 250) {
      clock.advance(250);
      await breathe(3);
    }
  };
  const polls = () => server.asked.filter((path) => path === "/poll/open").length;
  return { world, server, connection, log, pass, polls, speak: (socket: FakeSocket) => socket.deliver(pong) };
}

const refuse = (socket: FakeSocket) => queueMicrotask(() => socket.cut());
const swallow = (socket: FakeSocket) => queueMicrotask(() => socket.open());

test("where WebSockets are refused it goes on by polling after two of them, within a second", async () => {
  const one = line(refuse);
  await one.pass(1_000);
  assert.deepEqual([one.world.sockets.length, one.polls(), one.log.heard > 0], [2, 1, true]);
  assert.deepEqual(one.log.network, []);
  one.connection.close();
});

test("where they are taken and swallowed, or never open, after one", async () => {
  for (const way of [swallow, () => {}]) {
    const one = line(way);
    await one.pass(9_000);
    assert.equal(one.polls(), 1);
    assert.ok(one.log.heard > 0);
    one.connection.close();
  }
});

test("where they get through it never polls, and a restart of the server changes nothing", async () => {
  let isDown = false;
  const one = line((socket) => {
    queueMicrotask(() => {
      if (isDown) return socket.cut();
      socket.heard = () => one.speak(socket);
      socket.open();
      one.speak(socket);
    });
  });
  await one.pass(1_000);
  isDown = true;
  one.world.sockets.at(-1)?.cut();
  await one.pass(2_000);
  isDown = false;
  await one.pass(3_000);
  assert.equal(one.polls(), 0);
  assert.equal(one.log.heard, 2);
  one.connection.close();
});

test("it looks whether a WebSocket gets through again, ever less often, and goes back to it once one speaks", async () => {
  let isBlocked = true;
  const one = line((socket) => {
    if (isBlocked) return refuse(socket);
    queueMicrotask(() => {
      socket.heard = () => one.speak(socket);
      socket.open();
      one.speak(socket);
    });
  });
  await one.pass(1_000);
  const looks: number[] = [];
  for (let at = 0; at <= 430_000; at += 5_000) {
    if (one.world.sockets.length - 2 > looks.length) looks.push(at);
    await one.pass(5_000);
  }
  assert.deepEqual(looks, [10_000, 40_000, 130_000, 400_000]);
  assert.ok(one.world.sockets.slice(2).every((socket) => socket.path === "/socket/2"));
  assert.deepEqual([one.polls(), one.log.opened, one.log.network], [1, 1, []]);
  isBlocked = false;
  one.world.wake(); // the network may be another one
  await one.pass(11_000);
  assert.deepEqual([one.log.dropped, one.log.opened, one.polls()], [3, 2, 1]);
  assert.equal(one.world.sockets.at(-1)?.path, "/l/x/socket/2");
  assert.equal(one.world.sockets.at(-1)?.state, "open");
  assert.equal(one.server.asked.at(-1), "/poll/close");
  assert.deepEqual(one.log.network, []);
  one.connection.close();
});

test("a proxy that only pretends to open a WebSocket does not lure it back", async () => {
  const one = line(swallow);
  await one.pass(60_000);
  assert.deepEqual([one.polls(), one.log.opened], [1, 2]);
  assert.ok(one.world.sockets.length >= 3);
  one.connection.close();
});

test("without any network both ways are tried in turn, and whichever comes first is taken", async () => {
  let isDown = true;
  const one = line((socket) => {
    if (isDown) return refuse(socket);
    queueMicrotask(() => {
      socket.heard = () => one.speak(socket);
      socket.open();
      one.speak(socket);
    });
  });
  one.server.isDown = true;
  await one.pass(60_000);
  assert.deepEqual(one.log.network, ["lost", "long"]);
  assert.ok(one.polls() > 5 && one.world.sockets.length > one.polls());
  isDown = one.server.isDown = false;
  await one.pass(3_000);
  assert.equal(one.log.heard > 0, true);
  assert.equal(one.log.network.at(-1), "fine");
  one.connection.close();
  assert.equal(one.world.clock.waiting, 0);
});

test("when a server that was reached by polling restarts, it is reached by polling again within three seconds", async () => {
  const one = line(refuse);
  await one.pass(1_000);
  const before = one.log.opened;
  one.server.isDown = true;
  one.server.forget();
  await one.pass(4_000);
  one.server.isDown = false;
  await one.pass(3_000);
  assert.equal(one.log.opened, before + 1);
  assert.ok(one.log.heard > 1);
  one.connection.close();
});
