/** The line, calls for a colleague, reading along: what a desk shows of it, and what it never sends. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { decode } from "@msgpack/msgpack";
import type { Desk } from "../../src/desk/session-desk.ts";
import { breathe, until } from "../wire/fake-world.ts";
import type { Conv, Frame, Link } from "../wire/model-server.ts";
import { delivered, linesAt, linesOf, type Room, room, signedIn, takesNext, talkOf, visitorWho } from "./scene.ts";

const LENA = 2;

const linkOf = (one: Room, who: number): Link => {
  const link = [...one.server.links].find((found) => found.account === one.house.accounts[who]);
  if (link === undefined) throw new Error("no such desk");
  return link;
};
const onlyConv = (one: Room): Conv => [...one.server.convs.values()][0] as Conv;
const deeds = (one: Room): string[] => one.server.deeds.map((frame) => frame.t);

async function told(one: Room, who: number, frame: Frame): Promise<void> {
  one.server.say(linkOf(one, who), frame);
  await breathe();
}

const call = (conv: Uint8Array, more: object = {}): Frame => ({
  t: "alarms",
  alarms: [{ conv, number: 1, asked: 30_000_000, by: "anna", coming: null, mine: false, going: false, ...more }],
});

async function besideAnna(): Promise<{ one: Room; anna: Desk; lena: Desk; conv: string }> {
  const one = await room();
  await visitorWho(one, "hello");
  const [anna, lena] = [await signedIn(one, 0), await signedIn(one, LENA)];
  const talk = await takesNext(anna);
  await anna.send(talk.conv, "hi");
  await anna.note(talk.conv, "sounds young");
  await until(() => onlyConv(one).logs[2].length === 1, "the note");
  one.server.stepIn(linkOf(one, LENA), onlyConv(one), "anna");
  await until(() => lena.conversations.value.length === 1, "reading along");
  await until(() => talkOf(lena, talk.conv).lines.value.length === 3, "both logs");
  return { one, anna, lena, conv: talk.conv };
}

test("who leads is shown the buttons of a lead; a counsellor is not", async () => {
  const one = await room();
  const [anna, lena] = [await signedIn(one, 0), await signedIn(one, LENA)];
  assert.deepEqual([anna.lead.isLead.value, lena.lead.isLead.value], [false, true]);
  await lena.signOut();
  assert.equal(lena.lead.isLead.value, false);
});

test("the line is as the server says it is, and a press asks for no more than that", async () => {
  const one = await room();
  const lena = await signedIn(one, LENA);
  await told(one, LENA, { t: "line", open: true, until: 30_000_000, by: null });
  assert.deepEqual(lena.lead.line.value, { open: true, until: 30_000_000, by: undefined });
  lena.lead.closeLine();
  assert.equal(lena.lead.line.value?.open, true);
  await told(one, LENA, { t: "line", open: false, until: null, by: "lena" });
  assert.deepEqual(lena.lead.line.value, { open: false, until: undefined, by: "lena" });
  lena.lead.openLine();
  await until(() => deeds(one).length === 2);
  assert.deepEqual(deeds(one), ["close_line", "open_line"]);
});

test("a call that nobody heard is made again until the server says that it stands", async () => {
  const one = await room();
  await visitorWho(one, "hello");
  const anna = await signedIn(one, 0);
  const talk = await takesNext(anna);
  one.server.cut((link) => link.side === "desk");
  anna.lead.call(talk.conv);
  assert.deepEqual([deeds(one).length, [...anna.lead.calling.value]], [0, [talk.conv]]);
  one.clock.advance(1_000);
  await until(() => deeds(one).length === 1, "the call");
  one.server.cut((link) => link.side === "desk");
  one.clock.advance(1_000);
  await until(() => deeds(one).length === 2, "the call again");
  await told(one, 0, call(onlyConv(one).id, { mine: true }));
  await until(() => anna.lead.calling.value.size === 0, "it stands");
  one.server.cut((link) => link.side === "desk");
  one.clock.advance(1_000);
  await until(() => anna.connected.value);
  await breathe();
  assert.equal(deeds(one).length, 2);
  assert.equal(anna.lead.alarms.value[0]?.mine, true);
});

test("a call is forgotten with its conversation", async () => {
  const one = await room();
  await visitorWho(one, "hello");
  const anna = await signedIn(one, 0);
  const talk = await takesNext(anna);
  anna.lead.call(talk.conv);
  one.server.unseat(onlyConv(one));
  await until(() => anna.conversations.value.length === 0);
  assert.deepEqual([...anna.lead.calling.value], []);
});

test("a lead reads both logs, live, and nothing goes from there to the visitor but notes to the team", async () => {
  const { one, anna, lena, conv } = await besideAnna();
  const talk = talkOf(lena, conv);
  assert.equal(talk.beside.value, "anna");
  assert.deepEqual(linesOf(talk).toSorted(), ["colleague hi", "note sounds young", "visitor hello"]);
  const before = one.server.captured.length;
  assert.equal(await lena.send(conv, "no"), false);
  lena.typing(conv);
  lena.seen(conv);
  assert.equal(talk.unread.value, 0);
  await breathe();
  const said = one.server.captured.slice(before).map((raw) => (decode(raw) as Frame).t);
  assert.deepEqual(said, []);
  assert.equal(await lena.note(conv, "ask who is at home"), true);
  await until(() => linesOf(talkOf(anna, conv)).includes("note ask who is at home"), "the whisper");
});

test("a lead's first note is read at the counsellor's desk, which can answer it", async () => {
  const one = await room();
  await visitorWho(one, "hello");
  const [anna, lena] = [await signedIn(one, 0), await signedIn(one, LENA)];
  const talk = await takesNext(anna);
  one.server.stepIn(linkOf(one, LENA), onlyConv(one), "anna");
  await until(() => lena.conversations.value.length === 1);
  assert.equal(await lena.note(talk.conv, "ask who is at home"), true);
  await until(() => linesOf(talk).includes("note ask who is at home"), "the whisper");
  assert.equal(await anna.note(talk.conv, "two sisters"), true);
  await until(() => linesOf(talkOf(lena, talk.conv)).includes("note two sisters"), "the answer");
});

test("taking over makes it one's own; stepping out takes it from the screen", async () => {
  const { one, lena, conv } = await besideAnna();
  const found = onlyConv(one);
  one.server.unseat(found);
  await lena.take(conv);
  const talk = talkOf(lena, conv);
  assert.equal(talk.beside.value, undefined);
  assert.equal(lena.conversations.value.length, 1);
  assert.equal(await lena.send(conv, "I go on"), true);
  await until(() => found.logs[1].length === 3, "the message");
});

test("stepped out, the conversation is gone and its secrets with it", async () => {
  const { one, lena, conv } = await besideAnna();
  await told(one, LENA, { t: "stepped_out", conv: onlyConv(one).id });
  assert.equal(lena.conversations.value.length, 0);
  lena.lead.stepOut(conv);
  await until(() => deeds(one).includes("step_out"));
});

test("a hostile server cannot make a desk read along with another secret than the visitor's", async () => {
  const one = await room();
  await visitorWho(one, "hello");
  const [anna, lena] = [await signedIn(one, 0), await signedIn(one, LENA)];
  await takesNext(anna);
  one.server.meddle = (frame) => {
    if (frame.t !== "stepped_in") return [frame];
    return [{ ...frame, start: { ...frame.start, sig: new Uint8Array(64) } }];
  };
  one.server.stepIn(linkOf(one, LENA), onlyConv(one), "anna");
  await until(() => lena.conversations.value[0]?.fork.value === true, "the warning");
  assert.equal(lena.trouble.value, "untrusted");
  assert.deepEqual(lena.conversations.value[0]?.lines.value, []);
});

test("who reads along is shown for each conversation, and whoever leaves is gone", async () => {
  const one = await room();
  const visit = await visitorWho(one, "hello");
  const anna = await signedIn(one, 0);
  const talk = await takesNext(anna);
  await told(one, 0, { t: "company", talks: [{ conv: onlyConv(one).id, names: ["lena"] }] });
  assert.deepEqual(anna.lead.company.value.get(talk.conv), ["lena"]);
  await told(one, 0, { t: "company", talks: [] });
  assert.equal(anna.lead.company.value.size, 0);
  assert.ok(delivered(visit));
  assert.deepEqual(linesAt(visit), ["me hello"]);
});

test("a picture that is none is not believed", async () => {
  const one = await room();
  const lena = await signedIn(one, LENA);
  const good = { waiting: 2, away: 1, limit: 3, longest: null, running: [], desks: [], answered: 1, missed: 0 };
  await told(one, LENA, { t: "picture", ...good });
  assert.equal(lena.lead.picture.value?.waiting, 2);
  await told(one, LENA, { t: "picture", ...good, waiting: "many" });
  await told(one, LENA, { t: "picture", ...good, opening: "hello" });
  assert.equal(lena.lead.picture.value?.waiting, 2);
});
