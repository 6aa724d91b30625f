/** A desk with an honest server and real visitors. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { decode } from "@msgpack/msgpack";
import { breathe, until } from "../wire/fake-world.ts";
import { occurs } from "../wire/house.ts";
import { delivered, linesAt, linesOf, room, signedIn, takesNext, visitorWho } from "./scene.ts";

test("a counsellor signs in, sees who waits and what they wrote first, and takes the conversation", async () => {
  const one = await room();
  const visit = await visitorWho(one, "hello", "are you there?");
  const desk = await signedIn(one);
  assert.equal(desk.phase.value, "in");
  assert.equal(desk.demo.value, true);
  await until(() => desk.waiting.value[0]?.opening !== undefined, "the opening");
  assert.equal(desk.waiting.value[0]?.opening, "hello\nare you there?");
  const talk = await takesNext(desk);
  await until(() => talk.lines.value.length === 2);
  assert.deepEqual(linesOf(talk), ["visitor hello", "visitor are you there?"]);
  assert.equal(talk.unread.value, 2);
  assert.equal(await desk.send(talk.conv, "I am here"), true);
  await until(() => visit.lines.value.length === 3);
  assert.deepEqual(linesAt(visit), ["me hello", "me are you there?", "them I am here"]);
  await until(() => talk.lines.value[2]?.delivery === "delivered", "delivered");
  visit.seen();
  await until(() => talk.lines.value[2]?.delivery === "read", "read");
  assert.equal(visit.lines.value[0]?.delivery, "sent");
  desk.seen(talk.conv);
  assert.equal(talk.unread.value, 0);
  await until(() => visit.lines.value[0]?.delivery === "read");
});

test("an opening that grows is asked for again; nobody who wrote nothing yet is hidden", async () => {
  const one = await room();
  const desk = await signedIn(one);
  const visit = await visitorWho(one);
  await until(() => desk.waiting.value[0]?.opening === "");
  await visit.send("now I dare");
  await until(() => desk.waiting.value[0]?.opening === "now I dare");
});

test("of an opening that grows each part comes once, also over a line that broke and after a lock", async () => {
  const one = await room();
  const came: number[] = [];
  let isDeaf = false;
  one.server.meddle = (frame) => {
    if (frame.t !== "opening") return [frame];
    if (isDeaf) return [];
    came.push(...frame.envelopes.map(({ n }: { n: number }) => n));
    return [frame];
  };
  const visit = await visitorWho(one, "one");
  const desk = await signedIn(one);
  const says = async (text: string) => {
    await visit.send(text);
    await until(() => delivered(visit), text);
  };
  await until(() => desk.waiting.value[0]?.opening === "one");
  await says("two");
  await until(() => desk.waiting.value[0]?.opening === "one\ntwo");
  assert.deepEqual(came, [1, 2]);
  isDeaf = true;
  await says("three");
  await breathe();
  isDeaf = false;
  one.server.cut();
  one.clock.advance(1_000);
  await until(() => desk.waiting.value[0]?.opening === "one\ntwo\nthree", "what was asked for and did not come");
  assert.deepEqual(came, [1, 2, 3]);
  desk.lock();
  assert.equal(desk.waiting.value[0]?.opening, undefined);
  await desk.unlock(one.house.accounts[0]?.passphrase ?? "");
  await until(() => desk.waiting.value[0]?.opening === "one\ntwo\nthree", "after the lock");
  assert.deepEqual(came, [1, 2, 3, 1, 2, 3]);
});

test("a wrong passphrase is told as such, and a dead network too", async () => {
  const one = await room();
  const desk = one.desk();
  await desk.signIn("anna", "not it");
  assert.deepEqual([desk.phase.value, desk.trouble.value], ["out", "sign_in_refused"]);
  one.world.surroundings.http = () => Promise.reject(new TypeError("down"));
  await desk.signIn("anna", "not it");
  assert.deepEqual([desk.phase.value, desk.trouble.value], ["out", "network"]);
});

test("two desks take the same conversation: one has it, the other hears that a colleague was first", async () => {
  const one = await room();
  await visitorWho(one, "hello");
  const [anna, bram] = [await signedIn(one, 0), await signedIn(one, 1)];
  await until(() => anna.waiting.value.length === 1 && bram.waiting.value.length === 1);
  const conv = anna.waiting.value[0]?.conv ?? "";
  const won = await Promise.all([anna.take(conv), bram.take(conv)]);
  assert.deepEqual(won.toSorted(), [false, true]);
  assert.equal(anna.conversations.value.length + bram.conversations.value.length, 1);
  await until(() => anna.waiting.value.length === 0 && bram.waiting.value.length === 0);
});

test("notes stay between staff, and a colleague who takes over reads everything", async () => {
  const one = await room();
  const visit = await visitorWho(one, "hello");
  const [anna, bram] = [await signedIn(one, 0), await signedIn(one, 1)];
  const talk = await takesNext(anna);
  await anna.send(talk.conv, "hi, Anna here");
  assert.equal(await anna.note(talk.conv, "sounds young"), true);
  assert.equal(await anna.note(talk.conv, "ask about school"), true);
  await until(() => talk.lines.value.length === 4 && talk.lines.value.every((line) => line.delivery !== "sending"));
  const [conv] = [...one.server.convs.values()];
  assert.ok(conv);
  one.server.unseat(conv);
  await until(() => anna.conversations.value.length === 0 && bram.waiting.value.length === 1);
  assert.equal(bram.waiting.value[0]?.again, true);
  await until(() => bram.waiting.value[0]?.opening === "hello");
  const taken = await takesNext(bram);
  await until(() => taken.lines.value.length === 4);
  assert.deepEqual(linesOf(taken).toSorted(), [
    "colleague hi, Anna here",
    "note ask about school",
    "note sounds young",
    "visitor hello",
  ]);
  await bram.note(taken.conv, "I go on");
  await bram.send(taken.conv, "Bram here");
  await until(() => linesAt(visit).includes("them Bram here"));
  assert.deepEqual(linesAt(visit), ["me hello", "them hi, Anna here", "them swap", "them Bram here"]);
  await until(() => conv.logs[2].length === 3);
});

test("after a cut everything goes on where it was, at both ends", async () => {
  const one = await room();
  const visit = await visitorWho(one, "hello");
  const desk = await signedIn(one);
  const talk = await takesNext(desk);
  one.server.cut();
  await desk.send(talk.conv, "one");
  await visit.send("two");
  await desk.note(talk.conv, "three");
  one.clock.advance(1_000);
  await until(() => linesOf(talk).length === 4 && linesAt(visit).length === 3 && delivered(visit));
  await until(() => talk.lines.value.every((line) => line.delivery !== "retrying" && line.delivery !== "sending"));
  assert.deepEqual(linesOf(talk).filter((line) => !line.startsWith("note")).length, 3);
  assert.ok(desk.connected.value);
});

test("locked, nothing is shown and nothing is sent; what arrived is there after unlocking", async () => {
  const one = await room();
  const visit = await visitorWho(one, "hello");
  const desk = await signedIn(one);
  const talk = await takesNext(desk);
  await desk.note(talk.conv, "a note");
  await until(() => talk.lines.value.length === 2 && talk.lines.value.every((line) => line.delivery !== "sending"));
  desk.lock();
  assert.equal(desk.phase.value, "locked");
  assert.deepEqual(linesOf(talk), []);
  assert.equal(await desk.send(talk.conv, "no"), false);
  assert.equal(await desk.note(talk.conv, "no"), false);
  await visit.send("are you there?");
  await until(() => delivered(visit));
  one.server.cut();
  one.clock.advance(1_000);
  await visitorWho(one, "another");
  await until(() => desk.waiting.value.length === 1);
  await breathe();
  assert.deepEqual(linesOf(talk), []);
  assert.equal(desk.waiting.value[0]?.opening, undefined);
  await desk.unlock("wrong");
  assert.deepEqual([desk.phase.value, desk.trouble.value], ["locked", "sign_in_refused"]);
  await desk.unlock(one.house.accounts[0]?.passphrase ?? "");
  assert.equal(desk.phase.value, "in");
  await until(() => talk.lines.value.length === 3);
  assert.deepEqual(linesOf(talk).toSorted(), ["note a note", "visitor are you there?", "visitor hello"]);
  await until(() => desk.waiting.value[0]?.opening === "another");
  await desk.send(talk.conv, "yes");
  await desk.note(talk.conv, "again");
  await until(() => linesAt(visit).includes("them yes"));
  await until(() => [...one.server.convs.values()][0]?.logs[2].length === 2, "the second note");
});

test("signing out takes everything away before the server answers, and its conversations wait again", async () => {
  const one = await room();
  const visit = await visitorWho(one, "hello");
  const desk = await signedIn(one);
  await takesNext(desk);
  const leaving = desk.signOut();
  assert.equal(desk.phase.value, "out");
  assert.deepEqual(desk.conversations.value, []);
  assert.deepEqual(desk.waiting.value, []);
  await leaving;
  await until(() => visit.phase.value === "waiting");
});

test("a sign-out that nobody heard is said again until the server is back, and for two minutes at most", async () => {
  for (const back of [true, false]) {
    const one = await room();
    const visit = await visitorWho(one, "hello");
    const desk = await signedIn(one);
    await takesNext(desk);
    const { http } = one.world.surroundings;
    let attempts = 0;
    one.world.surroundings.http = async (method, path, body, token) => {
      if (path !== "/desk/sign-out") return http(method, path, body, token);
      attempts += 1;
      if (back && attempts === 4) return http(method, path, body, token);
      if (attempts % 2 === 0) return { status: 502, body: undefined };
      throw new TypeError("no network");
    };
    await desk.signOut();
    assert.deepEqual([desk.phase.value, desk.trouble.value, attempts], ["out", undefined, 1]);
    for (let second = 0; second < 300; second++) {
      one.clock.advance(1_000);
      await breathe(2);
    }
    if (back) assert.equal(attempts, 4);
    else assert.ok(attempts > 8 && attempts < 16, `${attempts} attempts`);
    assert.equal([...one.server.convs.values()][0]?.holder === undefined, back);
    if (back) await until(() => visit.phase.value === "waiting");
  }
});

test("a session that the server ended signs the desk out", async () => {
  const one = await room();
  const desk = await signedIn(one);
  one.server.tokens.clear();
  one.server.cut();
  one.clock.advance(1_000);
  await until(() => desk.phase.value === "out");
  assert.equal(desk.trouble.value, "signed_out");
});

test("either side ends; the conversation stays on the screen until it is dismissed", async () => {
  for (const by of ["visitor", "team"] as const) {
    const one = await room();
    const visit = await visitorWho(one, "hello");
    const desk = await signedIn(one);
    const talk = await takesNext(desk);
    desk.dismiss(talk.conv);
    assert.equal(desk.conversations.value.length, 1);
    if (by === "team") await desk.end(talk.conv, "completed");
    else await visit.end();
    await until(() => talk.ended.value === by && visit.endedBy.value === by);
    assert.equal(await desk.send(talk.conv, "no"), false);
    desk.dismiss(talk.conv);
    assert.equal(desk.conversations.value.length, 0);
  }
});

test("typing travels in one direction only when somebody types, and not at every key", async () => {
  const one = await room();
  const visit = await visitorWho(one, "hello");
  const desk = await signedIn(one);
  const talk = await takesNext(desk);
  for (let i = 0; i < 10; i++) desk.typing(talk.conv);
  await until(() => visit.theyType.value);
  const said = one.world.sockets.flatMap((socket) => socket.said).map((raw) => (decode(raw) as { t: string }).t);
  const typings = said.filter((t) => t === "typing");
  assert.equal(typings.length, 1);
});

test("nothing that leaves a desk or a visitor holds a passphrase, a key or a word", async () => {
  const one = await room();
  const visit = await visitorWho(one, "canary-visitor");
  const desk = await signedIn(one);
  const talk = await takesNext(desk);
  await desk.send(talk.conv, "canary-staff");
  await desk.note(talk.conv, "canary-note");
  await until(() => linesAt(visit).length === 2 && [...one.server.convs.values()][0]?.logs[2].length === 1);
  desk.lock();
  const account = one.house.accounts[0];
  assert.ok(account);
  await desk.unlock(account.passphrase);
  const needles = ["canary-visitor", "canary-staff", "canary-note", account.passphrase].map((text) =>
    Buffer.from(text),
  );
  const secrets = account.secrets.flatMap((secret) => [secret, Buffer.from(Buffer.from(secret).toString("base64"))]);
  for (const needle of [...needles, ...secrets]) assert.equal(occurs(needle, one.server.captured), false);
});
