/** A hostile server against a desk (attack list, group M): it is refused, or the counsellor sees a warning. */

import assert from "node:assert/strict";
import { before, test } from "node:test";
import { decode } from "@msgpack/msgpack";
import { base64, random } from "../../src/crypto/bytes.ts";
import { parseCertificate, Type } from "../../src/crypto/certificate.ts";
import { agreementKey, signingKey } from "../../src/crypto/curves.ts";
import { openEnvelope, parse } from "../../src/crypto/envelope.ts";
import { NO_CONVERSATION, Purpose, unwrap, wrap } from "../../src/crypto/wrap.ts";
import type { Desk } from "../../src/desk/session-desk.ts";
import { breathe, passing, until } from "../wire/fake-world.ts";
import type { Account, House } from "../wire/house.ts";
import type { Conv, Frame } from "../wire/model-server.ts";
import { house, linesOf, NOW, type Room, room, signedIn, takesNext, talkOf, visitorWho } from "./scene.ts";

const DAY = 86_400;
let theHouse: House;
let anna: Account;

before(async () => {
  theHouse = await house();
  anna = theHouse.accounts[0] as Account;
});

async function signInWith(change: (welcome: Frame) => object): Promise<{ desk: Desk; one: Room }> {
  const one = await room();
  one.server.meddle = (frame) => [frame.t === "welcome" ? ({ ...frame, ...change(frame) } as Frame) : frame];
  const desk = await signedIn(one);
  return { desk, one };
}

function assertOut(desk: Desk, why = "untrusted"): void {
  assert.deepEqual([desk.phase.value, desk.trouble.value], ["out", why]);
  assert.deepEqual([desk.conversations.value, desk.waiting.value], [[], []]);
}

test("M-1, M-4: a team key that is not the one we hold, or that nobody vouches for, ends the sign-in", async () => {
  const { admin, team } = theHouse.certificates;
  const stranger = (await agreementKey(random(32))).publicKey;
  const wrong = [
    await theHouse.certify({ type: Type.TEAM, subject: "night", keys: [stranger] }),
    await theHouse.certify({ type: Type.TEAM, subject: "night", keys: [stranger] }, await signingKey(random(32))),
    await theHouse.certify({ type: Type.TEAM, subject: "day", keys: [theHouse.teamKey.publicKey] }),
    await theHouse.certify({ type: Type.TEAM, subject: "night", keys: [theHouse.teamKey.publicKey], epoch: 2 }),
    await theHouse.certify({
      type: Type.TEAM,
      subject: "night",
      keys: [theHouse.teamKey.publicKey],
      notBefore: NOW - 20 * DAY,
      notAfter: NOW - 2 * DAY - 1,
    }),
  ];
  for (const certificate of wrong) {
    const { desk } = await signInWith(() => ({ certificates: [admin, certificate, anna.certificate] }));
    assertOut(desk);
  }
  assertOut((await signInWith(() => ({ certificates: [admin, team] }))).desk);
});

test("M-8, M-18: our own certificate must carry our own keys", async () => {
  const { admin, team } = theHouse.certificates;
  const bram = theHouse.accounts[1] as Account;
  const keys = [(await signingKey(random(32))).publicKey, (await agreementKey(random(32))).publicKey];
  const other = await theHouse.certify({ subject: anna.id, keys, roles: ["night/counsellor"] });
  for (const own of [other, bram.certificate]) {
    assertOut((await signInWith(() => ({ certificates: [admin, team, own] }))).desk);
  }
  assertOut((await signInWith(() => ({ account: bram.id }))).desk);
});

test("M-10, M-13: another protocol, organisation, team or time ends the sign-in", async () => {
  const minute = Math.floor(NOW / 60);
  for (const change of [
    { protocol: 1 },
    { organisation: "another" },
    { team: "day" },
    { minute: minute + 48 * 60 + 1 },
    { minute: minute - 48 * 60 - 1 },
  ]) {
    assertOut((await signInWith(() => change)).desk);
  }
});

test("M-9, M-18, B-18: sign-in answers that are not ours, or not well-formed, give nothing", async () => {
  const honest = async (name: string, change: (answer: Record<string, unknown>) => object) => {
    const one = await room();
    const { http } = one.world.surroundings;
    one.world.surroundings.http = async (method, path, body, token) => {
      const answer = await http(method, path, body, token);
      return path === name ? { status: 200, body: change(answer.body as Record<string, unknown>) } : answer;
    };
    const desk = await signedIn(one);
    return { desk, one };
  };
  const short = await honest("/desk/salt", () => ({ salt: base64(random(8)) }));
  assertOut(short.desk);
  assert.equal(short.one.world.posted.length, 1); // no proof left
  // The cost is no field of any answer: one that names it is no answer.
  assertOut((await honest("/desk/salt", (answer) => ({ ...answer, m: 8, t: 1 }))).desk);
  assertOut((await honest("/desk/sign-in", (answer) => ({ ...answer, server_half: base64(random(32)) }))).desk);
  assertOut((await honest("/desk/sign-in", (answer) => ({ ...answer, account: "acc-bram" }))).desk);
  assertOut((await honest("/desk/sign-in", (answer) => ({ ...answer, team_keys: [] }))).desk);
  assertOut((await honest("/desk/sign-in", () => ({}))).desk);
});

/** A talk with one message, and the conversation as the server has it. */
async function talk(): Promise<{ one: Room; desk: Desk; conv: Conv; id: string }> {
  const one = await room();
  await visitorWho(one, "hello");
  const desk = await signedIn(one);
  const taken = await takesNext(desk);
  await until(() => taken.lines.value.length === 1);
  const [conv] = [...one.server.convs.values()];
  assert.ok(conv);
  return { one, desk, conv, id: taken.conv };
}

function tellDesk(one: Room, ...frames: Frame[]): void {
  for (const link of one.server.links) {
    if (link.side === "desk") for (const frame of frames) one.server.say(link, frame);
  }
}

test("M-1: nothing is written under a conversation secret that the server put in place of the visitor's", async () => {
  const evil = random(32);
  const changes: ((taken: Frame, wrapped: Uint8Array) => object)[] = [
    (taken, wrapped) => ({ wraps: taken.wraps.map((one: Frame) => (one.g === 1 ? { ...one, wrap: wrapped } : one)) }),
    (taken, wrapped) => ({
      wraps: taken.wraps.map((one: Frame) => (one.g === 1 ? { ...one, wrap: wrapped } : one)),
      start: { ...taken.start, wraps: taken.start.wraps.with(2, wrapped) },
    }),
    (taken) => ({ start: { ...taken.start, vg: random(32) } }),
    (taken) => ({ start: { ...taken.start, sig: random(64) } }),
    (taken) => ({ start: { ...taken.start, credential_hash: random(32) } }),
  ];
  for (const change of changes) {
    const one = await room();
    await visitorWho(one, "hello");
    const desk = await signedIn(one);
    const [conv] = [...one.server.convs.values()];
    assert.ok(conv);
    const context = { organisation: theHouse.organisation, team: "night", epoch: 1, conv: conv.id, generation: 1 };
    const wrapped = await wrap(evil, theHouse.teamKey.publicKey, { ...context, purpose: Purpose.TEAM });
    one.server.meddle = (frame) => [frame.t === "taken" ? ({ ...frame, ...change(frame, wrapped) } as Frame) : frame];
    const taken = await takesNext(desk);
    await until(() => taken.fork.value, "the warning");
    assert.equal(desk.trouble.value, "untrusted");
    assert.equal(await desk.send(taken.conv, "canary"), false);
    assert.equal(conv.logs[1].filter((stored) => stored.account !== undefined).length, 0);
  }
});

test("M-1: no note is ever sealed under a team secret that the server made", async () => {
  const { one, desk, conv, id } = await talk();
  const evil = random(32);
  const context = { organisation: theHouse.organisation, team: "night", epoch: 1, conv: conv.id, generation: 0 };
  const wrapped = await wrap(evil, theHouse.teamKey.publicKey, { ...context, purpose: Purpose.TEAM_LOG });
  one.server.meddle = (frame) => {
    if (frame.t !== "ack" || frame.log !== 2) return [frame];
    return [
      { t: "wrap", conv: conv.id, log: 2, g: 0, epoch: 1, wrap: wrapped },
      { t: "refused", code: "team_secret_exists", says: "", conv: conv.id, msg_id: frame.msg_id },
    ];
  };
  assert.equal(await desk.note(id, "canary"), true);
  await until(() => conv.logs[2].length > 0, "the first note");
  for (let i = 0; i < 20; i++) {
    await breathe(20);
    one.clock.advance(1_000);
  }
  for (const { envelope } of conv.logs[2]) await assert.rejects(openEnvelope(evil, envelope));
  assert.equal(talkOf(desk, id).lines.value.at(-1)?.delivery, "sending");
});

test("M-1: a key that the server made up as one of the team's gets no secret of a first note", async () => {
  const one = await room();
  await visitorWho(one, "hello");
  const evil = random(32);
  const [, own] = parseCertificate(anna.certificate).certificate.keys;
  assert.ok(own);
  const { organisation } = theHouse;
  const place = { organisation, team: "night", epoch: 0, generation: 0 };
  const member = { ...place, conv: NO_CONVERSATION, purpose: Purpose.MEMBER };
  const ours = { epoch: 0, wrap: await wrap(evil, own, member) };
  one.server.meddle = (frame) => {
    if (frame.t === "welcome") return [{ ...frame, team_keys: [ours] }];
    if (frame.t !== "taken") return [frame];
    return [{ ...frame, wraps: [{ log: 1, g: 9, epoch: 0, wrap: random(80) }, ...frame.wraps] }];
  };
  const desk = await signedIn(one);
  const taken = await takesNext(desk);
  await desk.note(taken.conv, "canary");
  const [conv] = [...one.server.convs.values()];
  assert.ok(conv);
  await until(() => conv.later[2].length > 0, "the first note");
  const secret = { conv: conv.id, generation: 0, purpose: Purpose.TEAM_LOG } as const;
  const [theirs, teams] = [await agreementKey(evil), theHouse.teamKey];
  await assert.rejects(unwrap(conv.later[2][0]?.wrap as Uint8Array, theirs, { ...place, ...secret }));
  assert.ok(await unwrap(conv.later[2][0]?.wrap as Uint8Array, teams, { ...place, ...secret, epoch: 1 }));
});

test("M-1: a team secret that comes with the take is not written under before a colleague's note checks", async () => {
  const one = await room();
  await visitorWho(one, "hello");
  const evil = random(32);
  const desk = await signedIn(one);
  const [conv] = [...one.server.convs.values()];
  assert.ok(conv);
  const context = { organisation: theHouse.organisation, team: "night", epoch: 1, conv: conv.id, generation: 0 };
  const planted = await wrap(evil, theHouse.teamKey.publicKey, { ...context, purpose: Purpose.TEAM_LOG });
  conv.later[2].push({ epoch: 1, wrap: planted });
  const taken = await takesNext(desk);
  await desk.note(taken.conv, "canary");
  await breathe(200);
  assert.equal(conv.logs[2].length, 0);
  assert.equal(taken.lines.value.at(-1)?.delivery, "sending");
});

test("M-5: another conversation's wraps open nothing, and nothing is sent under them", async () => {
  const one = await room();
  await visitorWho(one, "first");
  await visitorWho(one, "second");
  const desk = await signedIn(one);
  const [a, b] = [...one.server.convs.values()];
  assert.ok(a && b);
  a.wraps.splice(0, 4, ...b.wraps);
  const taken = await takesNext(desk);
  await until(() => taken.fork.value, "the warning");
  assert.deepEqual(linesOf(taken), []);
  assert.equal(await desk.send(taken.conv, "canary"), false);
  await breathe(100);
  assert.equal(a.logs[1].length, 1);
});

/** A talk in which the visitor's third message is kept from the desk while *isWithheld* says so. */
async function withheldThird(isWithheld: (follows: number) => boolean) {
  const one = await room();
  const visit = await visitorWho(one, "a");
  const desk = await signedIn(one);
  const taken = await takesNext(desk);
  await until(() => taken.lines.value.length === 1);
  const follows = () =>
    one.world.sockets.flatMap((socket) => socket.said).filter((raw) => (decode(raw) as Frame).t === "follow").length;
  one.server.meddle = (frame, link) => {
    const isIt = frame.t === "envelope" && link.side === "desk" && frame.n === 3;
    return isIt && isWithheld(follows()) ? [] : [frame];
  };
  for (const text of ["b", "c", "d"]) await visit.send(text);
  await until(() => [...one.server.convs.values()][0]?.logs[1].length === 4);
  await until(() => taken.lines.value.length === 2);
  return { one, desk, taken, follows };
}

test("M-6: a message withheld from the desk is asked for once and is then a fork", async () => {
  const { one, desk, taken, follows } = await withheldThird(() => true);
  one.clock.advance(4_900);
  assert.equal(follows(), 1);
  await passing(one.clock, () => follows() === 2, "the question");
  one.clock.advance(9_000);
  assert.equal(taken.fork.value, false);
  await passing(one.clock, () => taken.fork.value, "the warning");
  assert.equal(follows(), 2);
  assert.deepEqual(linesOf(taken), ["visitor a", "visitor b"]);
  assert.equal(await desk.send(taken.conv, "hello?"), false);
});

test("M-6: a message that was lost on the way to the desk comes when it is asked for", async () => {
  const { one, desk, taken, follows } = await withheldThird((count) => count === 1);
  await passing(one.clock, () => follows() === 2, "the question");
  await until(() => taken.lines.value.length === 4, "what was lost");
  assert.deepEqual(linesOf(taken), ["visitor a", "visitor b", "visitor c", "visitor d"]);
  one.clock.advance(30_000);
  await breathe();
  assert.equal(taken.fork.value, false);
  assert.equal(await desk.send(taken.conv, "all here"), true);
});

test("M-6: messages and notes that a take promised and that never come are a fork", async () => {
  for (const promise of [{ last: 2 }, { note_last: 1 }]) {
    const one = await room();
    await visitorWho(one, "hello");
    const desk = await signedIn(one);
    one.server.meddle = (frame) => [frame.t === "taken" ? ({ ...frame, ...promise } as Frame) : frame];
    const taken = await takesNext(desk);
    await until(() => taken.lines.value.length === 1);
    await passing(one.clock, () => taken.fork.value, "the warning");
  }
});

test("a conversation whose secret does not open says so, and takes no message to the visitor", async () => {
  const one = await room();
  await visitorWho(one, "hello");
  const desk = await signedIn(one);
  const stranger = (taken: Frame) =>
    taken.wraps.map((kept: Frame) => ({ ...kept, epoch: kept.g === 1 ? 9 : kept.epoch }));
  one.server.meddle = (frame) => [frame.t === "taken" ? ({ ...frame, wraps: stranger(frame) } as Frame) : frame];
  const taken = await takesNext(desk);
  assert.equal(taken.unreadable.value, true);
  assert.equal(taken.fork.value, false);
  assert.equal(await desk.send(taken.conv, "canary"), false);
  await until(() => taken.lines.value.length === 1);
  desk.lock();
  await desk.unlock(anna.passphrase);
  assert.equal(taken.unreadable.value, true);
});

test("a row whose opening does not open says so, until one comes that does", async () => {
  const one = await room();
  const visit = await visitorWho(one, "hello");
  one.server.meddle = (frame) => [frame.t === "opening" ? ({ ...frame, wrap: random(80) } as Frame) : frame];
  const desk = await signedIn(one);
  await until(() => desk.waiting.value[0]?.unreadable === true, "the row");
  assert.equal(desk.waiting.value[0]?.opening, undefined);
  one.server.meddle = (frame) => [frame];
  await visit.send("again");
  await until(() => desk.waiting.value[0]?.opening === "hello\nagain");
  assert.equal(desk.waiting.value[0]?.unreadable, false);
  assert.equal((await takesNext(desk)).unreadable.value, false);
});

test("M-5, M-7, M-8: reflected, foreign and unsigned envelopes are doubtful at the desk, in both logs", async () => {
  const { one, desk, conv, id } = await talk();
  const taken = talkOf(desk, id);
  await desk.send(id, "mine");
  await desk.note(id, "a note");
  await until(() => conv.logs[1].length === 2 && conv.logs[2].length === 1 && taken.lines.value.length === 3);
  const [visitors, ours] = conv.logs[1].map(({ envelope }) => envelope);
  const [note] = conv.logs[2].map(({ envelope }) => envelope);
  assert.ok(visitors && ours && note);
  const turned = (envelope: Uint8Array, direction: number) => {
    const copy = envelope.slice();
    copy[5] = direction;
    return copy;
  };
  const shared = [visitors, ours, turned(visitors, 2), turned(ours, 1), note, random(466)];
  for (const [i, envelope] of shared.entries()) {
    tellDesk(one, { t: "envelope", conv: conv.id, log: 1, n: 3 + i, minute: 1, envelope });
  }
  tellDesk(one, { t: "envelope", conv: conv.id, log: 2, n: 2, minute: 1, envelope: note });
  tellDesk(one, { t: "envelope", conv: conv.id, log: 2, n: 3, minute: 1, envelope: visitors });
  await until(() => taken.lines.value.length === 3 + shared.length + 2);
  assert.equal(linesOf(taken).filter((line) => line.endsWith(" doubt")).length, shared.length + 2);
  assert.equal(taken.fork.value, false);
});

test("M-20: a transcript that is not the visitor's is noticed at their next message", async () => {
  const { one, desk, conv, id } = await talk();
  const taken = talkOf(desk, id);
  await desk.send(id, "are you safe?");
  await until(() => conv.logs[1].length === 2);
  // The server serves the visitor's next word to the desk as if the counsellor's had never reached them.
  const [first] = conv.logs[1];
  assert.ok(first);
  conv.logs[1].length = 1;
  one.server.cut((link) => link.side === "desk");
  one.clock.advance(1_000);
  await until(() => taken.fork.value);
  assert.equal(await desk.send(id, "hello?"), false);
  assert.equal(await desk.note(id, "hello?"), false);
});

test("M-11, M-14: what is no frame of ours changes nothing", async () => {
  const { one, desk, conv, id } = await talk();
  tellDesk(
    one,
    { t: "taken", conv: conv.id, number: -1 },
    { t: "queue", waiting: "all", more: 0 },
    { t: "lost", conv: random(15) },
    { t: "envelope", conv: random(16), log: 1, n: 1, minute: 1, envelope: random(466) },
    { t: "opening", conv: random(16), wrap: random(80), epoch: 1, envelopes: [] },
    { t: "ack", conv: conv.id, log: 1, msg_id: random(16), n: 1, minute: 1 },
    { t: "welcome" },
    { t: "cert", certificate: random(300) },
  );
  await breathe(50);
  assert.equal(desk.phase.value, "in");
  assert.deepEqual(linesOf(talkOf(desk, id)), ["visitor hello"]);
  assert.equal(parse(conv.logs[1][0]?.envelope ?? random(1)).direction, 1);
});

test("M-18: unlocking gives nothing to a server that answers with somebody else's keys", async () => {
  const { one, desk } = await talk();
  desk.lock();
  const bram = theHouse.accounts[1] as Account;
  const { http } = one.world.surroundings;
  one.world.surroundings.http = async (method, path, body, token) => {
    const answer = await http(method, path, body, token);
    return path === "/desk/unlock" ? { status: 200, body: bram.answer } : answer;
  };
  await desk.unlock(anna.passphrase);
  assertOut(desk);
});
