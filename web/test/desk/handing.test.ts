/** Handing on between desks, with an honest server and with one that lies. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { decode } from "@msgpack/msgpack";
import { hex, random } from "../../src/crypto/bytes.ts";
import type { Desk } from "../../src/desk/session-desk.ts";
import type { Talk } from "../../src/desk/session-talk.ts";
import type { Visit } from "../../src/visitor/session-visit.ts";
import { breathe, until } from "../wire/fake-world.ts";
import { occurs } from "../wire/house.ts";
import type { Conv, Frame, Link } from "../wire/model-server.ts";
import { delivered, linesAt, linesOf, type Room, room, signedIn, takesNext, talkOf, visitorWho } from "./scene.ts";

interface Scene {
  readonly one: Room;
  readonly visit: Visit;
  readonly anna: Desk;
  readonly bram: Desk;
  readonly talk: Talk;
  readonly conv: Conv;
}

const BRAM = "acc-bram";

/** Anna talks with a visitor; Bram is at another desk, and each knows of the other. */
async function shift(): Promise<Scene> {
  const one = await room();
  const visit = await visitorWho(one, "hello");
  const [anna, bram] = [await signedIn(one, 0), await signedIn(one, 1)];
  const talk = await takesNext(anna);
  await until(() => anna.handing.colleagues.value.length === 1 && bram.handing.colleagues.value.length === 1);
  const [conv] = [...one.server.convs.values()];
  assert.ok(conv);
  return { one, visit, anna, bram, talk, conv };
}

async function offered({ anna, bram, talk }: Scene): Promise<void> {
  assert.equal(await anna.handing.handOver(talk.conv, BRAM), true);
  assert.deepEqual(anna.handing.asked.value.get(talk.conv), { number: 1, name: "bram" });
  await until(() => bram.handing.offers.value.length === 1, "the offer");
}

function tell(one: Room, to: Desk, ...frames: Frame[]): void {
  for (const link of one.server.links) {
    if (link.account?.name === to.name.value) for (const frame of frames) one.server.say(link, frame);
  }
}

function said(one: Room): Frame[] {
  return one.world.sockets.flatMap((socket) => socket.said).map((raw) => decode(raw) as Frame);
}

test("accepted: the whisper and all that was said is there, and each side is told", async () => {
  const scene = await shift();
  const { visit, anna, bram, talk } = scene;
  assert.equal(await anna.note(talk.conv, "her bus is at nine"), true);
  await offered(scene);
  await visit.send("are you there?");
  assert.equal(await anna.send(talk.conv, "I am"), true);
  await until(() => linesAt(visit).includes("them I am"));
  assert.equal(await bram.handing.answer(talk.conv, true), true);
  const taken = talkOf(bram, talk.conv);
  await until(() => taken.lines.value.length === 4);
  assert.deepEqual(linesOf(taken).toSorted(), [
    "colleague I am",
    "note her bus is at nine",
    "visitor are you there?",
    "visitor hello",
  ]);
  await until(() => anna.conversations.value.length === 0);
  assert.deepEqual(anna.handing.news.value, { number: 1, name: "bram", ours: true, why: "accepted" });
  assert.deepEqual([anna.handing.asked.value.size, bram.handing.offers.value.length], [0, 0]);
  await bram.send(talk.conv, "Bram here");
  await until(() => linesAt(visit).includes("them Bram here"));
  assert.deepEqual(linesAt(visit).slice(-2), ["them swap", "them Bram here"]);
});

test("declined and withdrawn: the first goes on, and hears which it was", async () => {
  const scene = await shift();
  const { anna, bram, talk } = scene;
  await offered(scene);
  assert.equal(await bram.handing.answer(talk.conv, false), true);
  await until(() => anna.handing.news.value?.why === "declined");
  await offered(scene);
  assert.equal(await anna.handing.withdraw(talk.conv), true);
  await until(() => bram.handing.offers.value.length === 0);
  assert.equal(bram.handing.news.value?.why, "withdrawn");
  assert.equal(await bram.handing.answer(talk.conv, true), false);
  assert.equal(await anna.send(talk.conv, "still here"), true);
  assert.equal(bram.conversations.value.length, 0);
});

test("nothing is handed on before all that was typed is on the server", async () => {
  const scene = await shift();
  const { one, anna, talk, conv } = scene;
  one.server.busy = 2;
  await anna.note(talk.conv, "a whisper");
  const handing = anna.handing.giveBack(talk.conv);
  await breathe(50);
  assert.equal(conv.holder, "acc-anna");
  for (let i = 0; i < 24 && conv.holder !== undefined; i++) {
    one.clock.advance(400);
    await sleep(20);
  }
  assert.equal(await handing, true);
  assert.equal(conv.logs[2].length, 1);
  one.server.busy = 0;
});

test("a whisper that does not get through keeps the conversation here, and says so", async () => {
  const scene = await shift();
  const { one, anna, talk, conv } = scene;
  one.server.busy = 1_000;
  await anna.note(talk.conv, "a whisper");
  const handing = anna.handing.handOver(talk.conv, BRAM);
  for (let i = 0; i < 30; i++) {
    one.clock.advance(500);
    await breathe();
  }
  assert.equal(await handing, false);
  assert.equal(anna.trouble.value, "unsent");
  assert.deepEqual([conv.holder, conv.offer], ["acc-anna", undefined]);
  assert.ok(said(one).every((frame) => frame.t !== "hand_over"));
});

test("at the limit neither a take nor an accept goes through, and the desk says why", async () => {
  const scene = await shift();
  const { one, anna, bram, talk } = scene;
  one.server.limit = 1;
  await visitorWho(one, "another");
  await until(() => bram.waiting.value.length === 1);
  await takesNext(bram);
  await offered(scene);
  assert.equal(await bram.handing.answer(talk.conv, true), false);
  assert.equal(bram.trouble.value, "limit_reached");
  await visitorWho(one, "a third");
  await until(() => anna.waiting.value.length === 1);
  assert.equal(await anna.take(anna.waiting.value[0]?.conv ?? ""), false);
  assert.equal(anna.trouble.value, "limit_reached");
});

test("muted: what the visitor writes waits there with a reason, and arrives once when it is undone", async () => {
  const { one, visit, anna, talk } = await shift();
  await until(() => talk.lines.value.length === 1);
  assert.equal(await anna.handing.mute(talk.conv, true), true);
  assert.ok(anna.handing.muted.value.has(talk.conv));
  await until(() => visit.muted.value);
  await visit.send("rude");
  await breathe(50);
  assert.deepEqual(linesOf(talk), ["visitor hello"]);
  one.server.cut((link) => link.side === "visitor");
  one.clock.advance(1_000);
  await until(() => visit.network.value === "fine");
  assert.equal(await anna.handing.mute(talk.conv, false), true);
  for (let i = 0; i < 30 && !delivered(visit); i++) {
    one.clock.advance(1_000);
    await breathe();
  }
  await until(() => linesOf(talk).length === 2);
  assert.deepEqual(linesOf(talk), ["visitor hello", "visitor rude"]);
  assert.equal(visit.muted.value, false);
});

test("offers, mutes and what was asked are told again after a cut", async () => {
  const scene = await shift();
  const { one, anna, bram, talk } = scene;
  await offered(scene);
  await anna.handing.mute(talk.conv, true);
  one.server.cut((link) => link.side === "desk");
  one.clock.advance(1_000);
  await until(() => anna.connected.value && bram.connected.value);
  await until(() => anna.handing.asked.value.size === 1 && bram.handing.offers.value.length === 1);
  await until(() => anna.handing.muted.value.has(talk.conv));
  assert.equal(await bram.handing.answer(talk.conv, true), true);
  await until(() => !anna.handing.muted.value.has(talk.conv));
});

test("signing out leaves nothing of the shift behind", async () => {
  const scene = await shift();
  await offered(scene);
  await scene.bram.signOut();
  const { limit, colleagues, offers, asked, muted, news } = scene.bram.handing;
  assert.deepEqual(
    [limit.value, colleagues.value, offers.value, asked.value.size, muted.value.size, news.value],
    [undefined, [], [], 0, 0, undefined],
  );
});

// A server that lies.

test("a name that changes is not followed, and two accounts of one name are not both shown", async () => {
  const { one, anna, bram } = await shift();
  const rows = (...colleagues: object[]): Frame => ({ t: "shift", limit: 4, colleagues });
  tell(one, anna, rows({ account: BRAM, name: "Somebody else", held: 0 }));
  await breathe(50);
  assert.deepEqual(anna.handing.colleagues.value, [{ account: BRAM, name: "bram", held: 0 }]);
  tell(one, anna, rows({ account: BRAM, name: "bram", held: 0 }, { account: "acc-evil", name: " bram ", held: 0 }));
  await breathe(50);
  assert.deepEqual(
    anna.handing.colleagues.value.map(({ account }) => account),
    [BRAM],
  );
  const id = random(16);
  tell(one, bram, { t: "offered", conv: id, number: 9, by: "acc-anna", name: "The minister", minute: 1 });
  await until(() => bram.handing.offers.value.length === 1);
  assert.equal(bram.handing.offers.value[0]?.name, "anna");
  tell(one, bram, { t: "offered", conv: random(16), number: 9, by: "acc-evil", name: "anna", minute: 1 });
  await breathe(50);
  assert.equal(bram.handing.offers.value.length, 1);
});

test("an offer of a conversation that does not exist gives nothing, however it is answered", async () => {
  const { one, bram } = await shift();
  const id = random(16);
  tell(one, bram, { t: "offered", conv: id, number: 9, by: "acc-anna", name: "anna", minute: 1 });
  await until(() => bram.handing.offers.value.length === 1);
  assert.equal(await bram.handing.answer(hex(id), true), false);
  assert.equal(bram.conversations.value.length, 0);
});

test("an accepted offer that brings another visitor's secrets is shown as broken, and nothing is written", async () => {
  const scene = await shift();
  const { one, bram, talk, conv } = scene;
  await offered(scene);
  await visitorWho(one, "another");
  const other = [...one.server.convs.values()].find((one) => one !== conv);
  assert.ok(other);
  one.server.meddle = (frame) => [frame.t === "taken" ? { ...frame, start: other.start } : frame];
  assert.equal(await bram.handing.answer(talk.conv, true), true);
  const taken = talkOf(bram, talk.conv);
  await until(() => taken.fork.value);
  assert.equal(await bram.send(talk.conv, "canary"), false);
  assert.equal(bram.trouble.value, "untrusted");
});

test("somebody else was asked than we chose: it is taken back, and the desk says that something is wrong", async () => {
  const { one, anna, talk, conv } = await shift();
  one.server.meddle = (frame) => [frame.t === "asked" ? { ...frame, to: "acc-evil", name: "bram" } : frame];
  assert.equal(await anna.handing.handOver(talk.conv, BRAM), false);
  assert.equal(anna.trouble.value, "untrusted");
  await until(() => conv.offer === undefined, "the offer taken back");
  assert.equal(anna.handing.asked.value.size, 0);
});

test("frames about conversations that are not here, and a flood of offers, change nothing", async () => {
  const { one, anna, bram, talk } = await shift();
  const id = random(16);
  tell(
    one,
    anna,
    { t: "asked", conv: id, to: BRAM, name: "bram" },
    { t: "muted", conv: id, on: true },
    { t: "offer_over", conv: id, why: "accepted" },
    {
      t: "offered",
      conv: Uint8Array.from(Buffer.from(talk.conv, "hex")),
      number: 1,
      by: BRAM,
      name: "bram",
      minute: 1,
    },
    { t: "offer_over", conv: id, why: "because" } as Frame,
  );
  for (let i = 0; i < 40; i++) {
    tell(one, bram, { t: "offered", conv: random(16), number: i, by: "acc-anna", name: "anna", minute: 1 });
  }
  await breathe(100);
  const { asked, muted, news, offers } = anna.handing;
  assert.deepEqual([asked.value.size, muted.value.size, news.value, offers.value], [0, 0, undefined, []]);
  assert.equal(bram.handing.offers.value.length, 12);
});

test("a note and a whisper never leave for a visitor: not a word, not the length of the log", async () => {
  const scene = await shift();
  const { one, visit, anna, bram, talk } = scene;
  const heard: [Link, Frame][] = [];
  one.server.meddle = (frame, link) => {
    heard.push([link, frame]);
    return [frame];
  };
  await anna.note(talk.conv, "canary-whisper");
  await offered(scene);
  await bram.handing.answer(talk.conv, true);
  await bram.note(talk.conv, "canary-second");
  await until(() => talkOf(bram, talk.conv).lines.value.length === 3);
  await bram.send(talk.conv, "hello");
  await until(() => linesAt(visit).includes("them hello"));
  for (const [link, frame] of heard) {
    if (link.side === "visitor") assert.ok(frame.t !== "envelope" || frame.log === 1, frame.t);
  }
  assert.ok(linesAt(visit).every((line) => !line.includes("canary")));
  for (const word of ["canary-whisper", "canary-second"]) {
    assert.equal(occurs(Buffer.from(word), one.server.captured), false);
  }
});
