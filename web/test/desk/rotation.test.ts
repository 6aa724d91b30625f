/** A talk goes on under another secret once the team has another key: made at the desk, followed by everybody there. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { random } from "../../src/crypto/bytes.ts";
import { openEnvelope, parse, ROTATION } from "../../src/crypto/envelope.ts";
import { Purpose, wrap } from "../../src/crypto/wrap.ts";
import type { Desk } from "../../src/desk/session-desk.ts";
import { breathe, passing, until } from "../wire/fake-world.ts";
import type { Conv, Frame } from "../wire/model-server.ts";
import { linesAt, linesOf, type Room, room, signedIn, takesNext, talkOf, visitorWho } from "./scene.ts";

const DAY = 24 * 60;

function onlyOne(one: Room): Conv {
  const [conv] = one.server.convs.values();
  assert.ok(conv);
  return conv;
}

async function newKey(one: Room, ...desks: readonly Desk[]): Promise<void> {
  await one.server.beginEpoch();
  await passing(one.clock, () => desks.every((desk) => desk.connected.value), "desks that are back");
}

/** Of the shared log: "g" for a message of generation g, "g>" for a rotation from there. */
function course(conv: Conv, log: 1 | 2 = 1): string[] {
  return conv.logs[log].map(({ envelope }) => {
    const { generation, klass } = parse(envelope);
    return `${generation}${klass === ROTATION ? ">" : ""}`;
  });
}

async function talking() {
  const one = await room();
  const visit = await visitorWho(one, "hello");
  const desk = await signedIn(one);
  const taken = await takesNext(desk);
  await desk.send(taken.conv, "I am Anna");
  await until(() => linesAt(visit).length === 2 && linesOf(taken).length === 2, "both");
  return { one, visit, desk, taken, conv: onlyOne(one) };
}

test("with the first word under the next key the talk goes on under a secret of its own", async () => {
  const { one, visit, desk, taken, conv } = await talking();
  await desk.note(taken.conv, "a note");
  await until(() => conv.logs[2].length === 1, "the note");
  await newKey(one, desk);
  await visit.send("still under the first");
  await until(() => linesOf(taken).length === 4, "the visitor's");
  assert.deepEqual(course(conv), ["0", "1", "1"]);
  await desk.send(taken.conv, "under the second");
  await until(() => linesAt(visit).length === 4, "the counsellor's");
  await visit.send("under the second, too");
  await desk.note(taken.conv, "another note");
  await until(() => linesOf(taken).length === 7 && conv.logs[2].length === 3, "all");
  assert.deepEqual(course(conv), ["0", "1", "1", "1>", "2", "2"]);
  assert.deepEqual(course(conv, 2), ["0", "0>", "1"]);
  assert.deepEqual(
    [...conv.later[1], ...conv.later[2]].map(({ epoch }) => epoch),
    [2, 1, 2],
  );
  const words = ["hello", "I am Anna", "still under the first", "under the second", "under the second, too"];
  assert.deepEqual(
    linesAt(visit).map((line) => line.replace(/^\S+ /, "")),
    words,
  );
  // Whoever has every secret of before opens nothing that came after; the record itself is under the one before.
  const before = [await one.server.secretOf(conv, 1, 0), await one.server.secretOf(conv, 1, 1)];
  for (const { envelope } of conv.logs[1].slice(4))
    for (const secret of before) await assert.rejects(openEnvelope(secret, envelope));
  const [first, second] = [await one.server.secretOf(conv, 1, 1), await one.server.secretOf(conv, 1, 2)];
  assert.notDeepEqual(first, second);
  // Not again with the next word, nor without a word.
  await desk.send(taken.conv, "and on");
  await until(() => linesAt(visit).length === 6, "the next");
  assert.deepEqual(course(conv).slice(-1), ["2"]);
  assert.deepEqual([taken.fork.value, visit.trouble.value], [false, undefined]);
});

test("what was typed before the desk heard of the next key goes out under it", async () => {
  const { one, visit, desk, taken, conv } = await talking();
  one.server.isDown = true;
  one.server.cut((link) => link.side === "desk");
  await desk.send(taken.conv, "typed in the dark");
  await desk.send(taken.conv, "and more");
  await one.server.beginEpoch();
  one.server.isDown = false;
  await passing(one.clock, () => linesAt(visit).length === 4, "both");
  assert.deepEqual(course(conv), ["0", "1", "1>", "2", "2"]);
});

test("two desks of one counsellor that turn at once: one secret, and every word arrives", async () => {
  const { one, visit, desk, taken, conv } = await talking();
  const other = await signedIn(one);
  await until(() => other.conversations.value.length === 1, "the other desk");
  const also = talkOf(other, taken.conv);
  await until(() => linesOf(also).length === 2, "what was said");
  for (let n = 2; n < 6; n++) {
    await newKey(one, desk, other);
    await until(() => [desk, other].every((each) => talkOf(each, taken.conv).lines.value.length > 1), "both there");
    await Promise.all([
      desk.send(taken.conv, `here ${n}`),
      other.send(taken.conv, `there ${n}`),
      visit.send(`and I ${n}`),
    ]);
    const all = 2 + (n - 1) * 3;
    await passing(one.clock, () => linesAt(visit).length === all && conv.logs[1].length >= all + n - 1, "all of it");
    await until(() => linesOf(taken).length === all && linesOf(also).length === all, "at both desks");
  }
  const plain = (lines: string[]) => lines.map((line) => line.replace(/^\S+ /, ""));
  assert.deepEqual(plain(linesOf(taken)), plain(linesAt(visit)));
  assert.deepEqual(plain(linesOf(also)), plain(linesAt(visit)));
  for (const each of [taken, also]) assert.equal(each.fork.value, false);
  const turns = course(conv).filter((step) => step.endsWith(">"));
  assert.equal(new Set(turns).size, turns.length, "never twice from the same one");
});

test("a visitor who was away, and one who comes back by a phrase, read every generation", async () => {
  const { one, visit, desk, taken, conv } = await talking();
  await visit.phrase.draw();
  const words = visit.phrase.words.value.join(" ");
  await visit.phrase.keep();
  await until(() => visit.phrase.has.value, "a phrase");
  one.server.cut((link) => link.side === "visitor");
  for (const text of ["second", "third"]) {
    await newKey(one, desk);
    await desk.send(taken.conv, text);
    await until(() => course(conv).at(-1) === (text === "second" ? "2" : "3"));
  }
  await passing(one.clock, () => linesAt(visit).length === 4, "both words");
  await visit.send("I have them");
  await until(() => linesOf(taken).length === 5, "the visitor's");
  const elsewhere = one.visit();
  assert.equal(await elsewhere.comeBack(words), undefined);
  await until(() => linesAt(elsewhere).length === 5, "everything");
  await elsewhere.send("from here, too");
  await until(() => linesOf(taken).at(-1) === "visitor from here, too", "the same talk");
  assert.deepEqual(course(conv), ["0", "1", "1>", "2", "2>", "3", "3", "3"]);
  assert.equal(elsewhere.trouble.value, undefined);
});

test("a colleague who takes it over reads all of it, and goes on under a secret of their own", async () => {
  const { one, visit, desk, taken, conv } = await talking();
  await newKey(one, desk);
  await desk.send(taken.conv, "second");
  await until(() => linesAt(visit).length === 3, "the second");
  one.server.unseat(conv);
  const bram = await signedIn(one, 1);
  const theirs = await takesNext(bram);
  await until(() => linesOf(theirs).length === 3, "all of it");
  await bram.send(theirs.conv, "I am Bram");
  await until(() => linesAt(visit).at(-1) === "them I am Bram", "the colleague");
  // What Anna made is Anna's and, for all a desk can tell, the server's.
  assert.deepEqual(course(conv), ["0", "1", "1>", "2", "2>", "3"]);
  await bram.send(theirs.conv, "and on");
  await until(() => linesAt(visit).at(-1) === "them and on", "the next");
  assert.deepEqual(course(conv).slice(-1), ["3"]);
});

test("without another key the talk keeps its secret, through a change of counsellor, too", async () => {
  const { one, visit, conv } = await talking();
  one.server.unseat(conv);
  const bram = await signedIn(one, 1);
  const theirs = await takesNext(bram);
  await bram.send(theirs.conv, "I am Bram");
  await until(() => linesAt(visit).at(-1) === "them I am Bram", "the colleague");
  assert.deepEqual(course(conv), ["0", "1", "1"]);
});

test("a desk that is locked in the middle of it goes on when it is open", async () => {
  for (const pause of [0, 1, 2, 4, 8]) {
    const { one, visit, desk, taken, conv } = await talking();
    const { passphrase } = one.house.accounts[0] ?? { passphrase: "" };
    await newKey(one, desk);
    await desk.send(taken.conv, "a word");
    await breathe(pause);
    desk.lock();
    await breathe(30);
    await desk.unlock(passphrase);
    await passing(one.clock, () => linesAt(visit).length === 3, `the word, after ${pause}`);
    await visit.send("an answer");
    await until(() => linesOf(taken).length === 4, "the answer");
    assert.deepEqual(course(conv), ["0", "1", "1>", "2", "2"]);
    assert.equal(taken.fork.value, false);
  }
});

test("after thirty days, or five hundred envelopes, it turns by itself", async () => {
  const { one, visit, desk, taken, conv } = await talking();
  const long = conv.logs[1].map((stored) => ({ ...stored, minute: stored.minute - 30 * DAY }));
  conv.logs[1].splice(0, 2, ...long);
  one.server.cut((link) => link.side === "desk");
  desk.signOut();
  await until(() => desk.phase.value === "out", "out");
  const again = await signedIn(one);
  const later = await takesNext(again);
  await until(() => linesOf(later).length === 2, "all of it");
  await again.send(later.conv, "after thirty days");
  await until(() => linesAt(visit).at(-1) === "them after thirty days", "it");
  assert.deepEqual(course(conv), ["0", "1", "1>", "2"]);
  for (let n = 0; n < 498; n++) await visit.send(`${n}`);
  await passing(one.clock, () => linesOf(later).length === 501, "very much");
  await again.send(later.conv, "the last under this one");
  await until(() => linesAt(visit).at(-1) === "them the last under this one", "it");
  await again.send(later.conv, "the first under the next");
  await until(() => linesAt(visit).at(-1) === "them the first under the next", "it");
  assert.deepEqual(course(conv).slice(-3), ["2", "2>", "3"]);
  assert.equal(taken.fork.value, false);
});

test("where the visitor's page is of before, the talk goes on as it is", async () => {
  const { one, visit, desk, taken, conv } = await talking();
  Object.assign(conv, { rotates: false });
  await newKey(one, desk);
  for (const text of ["still", "here"]) {
    await desk.send(taken.conv, text);
    await until(() => linesAt(visit).at(-1) === `them ${text}`, text);
  }
  assert.deepEqual(course(conv), ["0", "1", "1", "1"]);
});

test("a server that refuses to turn for any other reason gets no word under the secret of before", async () => {
  const { one, desk, taken, conv } = await talking();
  await newKey(one, desk);
  one.server.meddle = (frame, link) => {
    if (link.side !== "desk" || frame.t !== "ack") return [frame];
    return [{ ...frame, t: "refused", code: "not_accepted", says: "no" } as Frame];
  };
  await desk.send(taken.conv, "canary");
  await until(() => conv.logs[1].length === 3, "the record");
  await breathe(100);
  assert.deepEqual(course(conv), ["0", "1", "1>"]);
  assert.notEqual(taken.lines.value.at(-1)?.delivery, "sent");
});

type Lie = (frame: Frame, conv: Conv, one: Room) => Promise<Frame | undefined>;

/** What a server may tell the desk that did not turn, in the place of the secret that was made. */
const LIES: Record<string, Lie> = {
  "nothing at all": async () => undefined,
  "a wrap that does not open": async (frame) => ({ ...frame, wrap: random(80) }),
  "a secret of its own": async (frame, conv, { house, server }) => {
    const place = { organisation: house.organisation, team: house.team, epoch: 2, conv: conv.id, generation: 2 };
    const key = server.epochs[1]?.key.publicKey ?? random(32);
    return { ...frame, wrap: await wrap(random(32), key, { ...place, purpose: Purpose.TEAM }) };
  },
  "the secret of before": async (frame, conv) => ({ ...frame, epoch: 1, wrap: conv.wraps[2] }),
  "that of the opening": async (frame, conv) => ({ ...frame, epoch: 1, wrap: conv.wraps[0] }),
};

for (const [name, lie] of Object.entries(LIES)) {
  test(`M-17, M-5: ${name} moves no desk, and nothing is said under it`, async () => {
    const { one, visit, desk, taken, conv } = await talking();
    const other = await signedIn(one);
    await until(() => other.conversations.value.length === 1, "the other desk");
    await until(() => linesOf(talkOf(other, taken.conv)).length === 2, "what was said");
    await newKey(one, desk, other);
    const told = await lie({ t: "wrap", conv: conv.id, log: 1, g: 2, epoch: 2 }, conv, one);
    one.server.meddle = (frame) => (frame.t !== "wrap" ? [frame] : told === undefined ? [] : [told]);
    await desk.send(taken.conv, "the true one");
    await until(() => linesAt(visit).at(-1) === "them the true one", "the visitor");
    const misled = talkOf(other, taken.conv);
    await until(() => misled.lines.value.length === 4, "what came");
    assert.deepEqual(linesOf(misled).slice(2), ["visitor doubt", "visitor doubt"]);
    const before = conv.logs[1].length;
    await other.send(taken.conv, "canary");
    await breathe(50);
    one.clock.advance(3_000);
    await breathe(50);
    assert.equal(conv.logs[1].length, before);
    assert.notEqual(misled.lines.value.find((line) => line.text === "canary")?.delivery, "sent");
  });
}

test("M-17: a turn that the server tells of and that nobody signed stops what would be said, and nothing else", async () => {
  const { one, visit, desk, taken, conv } = await talking();
  const { organisation, team, teamKey } = one.house;
  const place = { organisation, team, epoch: 1, conv: conv.id, generation: 2, purpose: Purpose.TEAM };
  const planted = await wrap(random(32), teamKey.publicKey, place);
  for (const link of one.server.links) {
    if (link.side === "desk") one.server.say(link, { t: "wrap", conv: conv.id, log: 1, g: 2, epoch: 1, wrap: planted });
  }
  await breathe(20);
  await visit.send("are you there?");
  await until(() => linesOf(taken).length === 3, "the visitor is read");
  await desk.send(taken.conv, "canary");
  await breathe(50);
  assert.equal(conv.logs[1].length, 3);
  assert.equal(taken.lines.value.at(-1)?.delivery, "sending");
});

test("M-6: a record that comes twice, or later once more, turns nothing back and is doubtful", async () => {
  const { one, visit, desk, taken, conv } = await talking();
  for (const text of ["second", "third"]) {
    await newKey(one, desk);
    await desk.send(taken.conv, text);
    await until(() => linesAt(visit).at(-1) === `them ${text}`, text);
  }
  const [record] = conv.logs[1].filter(({ envelope }) => parse(envelope).klass === ROTATION);
  assert.ok(record);
  const n = conv.logs[1].push({ ...record, n: conv.logs[1].length + 1 });
  for (const link of one.server.links) {
    const more = link.side === "desk" ? { conv: conv.id } : {};
    one.server.say(link, { t: "envelope", ...more, log: 1, n, minute: record.minute, envelope: record.envelope });
  }
  await until(() => linesAt(visit).at(-1) === "them doubt" && linesOf(taken).at(-1) === "visitor doubt", "doubt");
  await visit.send("still under the newest");
  await desk.send(taken.conv, "so am I");
  await until(() => linesOf(taken).length === 7 && linesAt(visit).length === 7, "both");
  assert.deepEqual(course(conv).slice(-2), ["3", "3"]);
});
