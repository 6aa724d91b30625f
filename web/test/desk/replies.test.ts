/** Canned replies at a desk: sealed here, found here; conflicts are told; a server that lies shows nothing. */

import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { random, unbase64 } from "../../src/crypto/bytes.ts";
import { openReply, ownReplyKey, sealReply, teamReplyKey } from "../../src/crypto/replies.ts";
import { find, type Reply, type ReplyDraft } from "../../src/desk/replies.ts";
import type { Desk } from "../../src/desk/session-desk.ts";
import type { DeskReplies } from "../../src/desk/session-replies.ts";
import { breathe, passing } from "../wire/fake-world.ts";
import { occurs } from "../wire/house.ts";
import { room, signedIn } from "./scene.ts";

const draft = (scope: "own" | "team", name: string, text: string, id?: string): ReplyDraft => ({
  id,
  scope,
  language: "en",
  name,
  text,
});

function kitOf(desk: Desk): DeskReplies {
  const kit = desk.replies.value;
  assert.ok(kit);
  return kit;
}

const names = (kit: DeskReplies): string[] => kit.all.value.map((reply) => `${reply.scope} ${reply.name}`).toSorted();

test("own ones are one's own, shared ones the team's; the server has not a word of either", async () => {
  const one = await room();
  const [anna, bram] = [kitOf(await signedIn(one, 0)), kitOf(await signedIn(one, 1))];
  assert.equal(await anna.read(), true);
  assert.equal(await anna.save(draft("own", "canary-mine", "canary-listen")), "kept");
  assert.equal(await anna.save(draft("team", "canary-ours", "canary-welcome")), "kept");
  assert.equal(await bram.read(), true);
  assert.deepEqual(names(anna), ["own canary-mine", "team canary-ours"]);
  assert.deepEqual(names(bram), ["team canary-ours"]);
  assert.equal(bram.all.value[0]?.text, "canary-welcome");
  const stored = [...one.server.replies.values()].map(({ sealed }) => Buffer.from(sealed, "base64"));
  for (const word of ["canary-mine", "canary-listen", "canary-ours", "canary-welcome"]) {
    assert.equal(occurs(Buffer.from(word), [...one.server.captured, ...stored]), false);
  }
  assert.ok(stored.every((box) => box.length === 256 + 28));
});

test("who writes over what a colleague changed is told, and sees theirs", async () => {
  const one = await room();
  const [anna, bram] = [kitOf(await signedIn(one, 0)), kitOf(await signedIn(one, 1))];
  await anna.read();
  await anna.save(draft("team", "greeting", "hello"));
  await bram.read();
  const [theirs] = bram.all.value;
  assert.ok(theirs);
  assert.equal(await anna.save({ ...theirs, text: "hello, I am here" }), "kept");
  assert.equal(await bram.save({ ...theirs, text: "hi" }), "changed");
  assert.equal(bram.all.value[0]?.text, "hello, I am here");
  assert.equal(await bram.save({ ...theirs, text: "hi" }), "kept");
  assert.equal(await anna.remove(anna.all.value[0] as Reply), "changed");
  assert.equal(await anna.remove(anna.all.value[0] as Reply), "kept");
  assert.deepEqual([anna.all.value, one.server.replies.size], [[], 0]);
});

test("too long is told before anything leaves; locked, nothing is there, and afterwards it is again", async () => {
  const one = await room();
  const desk = await signedIn(one);
  const kit = kitOf(desk);
  await kit.read();
  assert.equal(await kit.save(draft("own", "", "x".repeat(4096))), "long");
  assert.equal(one.server.replies.size, 0);
  await kit.save(draft("own", "mine", "text"));
  desk.lock();
  assert.deepEqual(kit.all.value, []);
  assert.equal(await kit.read(), false);
  assert.equal(await kit.save(draft("own", "another", "text")), "failed");
  await desk.unlock(one.house.accounts[0]?.passphrase ?? "");
  assert.equal(await kit.read(), true);
  assert.deepEqual(names(kit), ["own mine"]);
  await desk.signOut();
  assert.deepEqual([kit.all.value, desk.replies.value], [[], undefined]);
});

test("M-18: moved, renumbered, older or malformed: a reply that is not in its place is not shown", async () => {
  const one = await room();
  const desk = await signedIn(one);
  const kit = kitOf(desk);
  await kit.read();
  await kit.save(draft("own", "first", "text"));
  const [first] = [...one.server.replies.values()];
  assert.ok(first);
  const old = { ...first };
  const [shown] = kit.all.value;
  assert.ok(shown);
  await kit.save({ ...shown, name: "second" });
  const good = { ...(one.server.replies.get(first.owner + first.id) as typeof first) };
  for (const wrong of [
    old,
    { ...good, version: 3 },
    { ...good, id: Buffer.from(random(16)).toString("base64") },
    { ...good, owner: one.house.team },
    { ...good, sealed: old.sealed },
  ]) {
    one.server.replies.clear();
    one.server.replies.set("x", wrong);
    kit.lock();
    assert.equal(await kit.read(), true);
    assert.deepEqual(kit.all.value, []);
  }
  one.server.replies.clear();
  one.server.replies.set("x", { ...good, sealed: "not base64!" });
  kit.lock();
  assert.equal(await kit.read(), false);
});

test("sealing is undone in its place and nowhere else", async () => {
  const [key, id] = [await ownReplyKey(random(32)), random(16)];
  const words = fc.string({ unit: "grapheme", maxLength: 120 });
  await fc.assert(
    fc.asyncProperty(words, words, fc.integer({ min: 1, max: 2 ** 53 - 1 }), async (name, text, version) => {
      const box = await sealReply(key, "a", id, version, { language: "nl", name, text });
      assert.deepEqual(await openReply(key, "a", id, version, box), { language: "nl", name, text });
      await assert.rejects(openReply(key, "b", id, version, box));
      await assert.rejects(openReply(key, "a", random(16), version, box));
      await assert.rejects(openReply(key, "a", id, version - 1, box));
    }),
    { numRuns: 40 },
  );
});

test("found by all words in any order, in the reader's language first", () => {
  const reply = (name: string, text: string, language: string): Reply => ({
    id: name,
    scope: "own",
    version: 1,
    language,
    name,
    text,
  });
  const all = [
    reply("b", "Good that you are here", "en"),
    reply("a", "Fijn dat je er bent", "nl"),
    reply("c", "", "nl"),
  ];
  const found = (letters: string, language: string) => find(all, letters, language).map(({ name }) => name);
  assert.deepEqual(found("", "nl"), ["a", "c", "b"]);
  assert.deepEqual(found("", "en"), ["b", "a", "c"]);
  assert.deepEqual(found(" HERE  good ", "nl"), ["b"]);
  assert.deepEqual(found("here fijn", "nl"), []);
});

test("after a next key a lead's desk seals the team's anew, and nobody's own; what does not open stays and is counted", async () => {
  const one = await room();
  const [desk, lead] = [await signedIn(one, 0), await signedIn(one, 2)];
  const anna = kitOf(desk);
  await anna.read();
  for (const name of ["greeting", "goodbye"]) await anna.save(draft("team", name, `the ${name}`));
  await anna.save(draft("own", "mine", "my words"));
  const strange = { owner: one.house.team, id: "AAAAAAAAAAAAAAAAAAAAAA==", version: 4, epoch: 0 };
  one.server.replies.set("strange", { ...strange, sealed: Buffer.from(random(284)).toString("base64") });
  const rows = () => [...one.server.replies.values()].map(({ epoch, version }) => `${epoch}/${version}`).toSorted();
  await passing(one.clock, () => lead.rewrap.left.value === 0, "a first look");
  assert.deepEqual(rows(), ["0/1", "0/4", "1/1", "1/1"]);
  await one.server.beginEpoch();
  await passing(one.clock, () => rows().filter((row) => row === "2/2").length === 2, "both sealed anew");
  await passing(one.clock, () => lead.rewrap.left.value === 1, "what is left");
  assert.deepEqual(rows(), ["0/1", "0/4", "2/2", "2/2"]);
  const [before, today] = await Promise.all(
    one.server.epochs.map(({ secret }, at) => teamReplyKey(secret, one.house.team, at + 1)),
  );
  assert.ok(before && today);
  for (const { owner, id, version, sealed, epoch } of one.server.replies.values()) {
    if (epoch !== 2) continue;
    const box = [owner, unbase64(id), version, unbase64(sealed)] as const;
    assert.match((await openReply(today, ...box)).text, /^the (greeting|goodbye)$/);
    await assert.rejects(openReply(before, ...box));
  }
  // A colleague reads them, and what is written now is under the key of today.
  anna.lock();
  assert.equal(await anna.read(), true);
  assert.deepEqual(names(anna), ["own mine", "team goodbye", "team greeting"]);
  assert.equal(await anna.save(draft("team", "another", "later")), "kept");
  assert.deepEqual(rows(), ["0/1", "0/4", "2/1", "2/2", "2/2"]);
});

test("many of the team's are sealed anew some in a minute: whoever writes meanwhile has room", async () => {
  const one = await room();
  const [desk] = [await signedIn(one, 0), await signedIn(one, 2)];
  const anna = kitOf(desk);
  await anna.read();
  for (let n = 0; n < 40; n++) await anna.save(draft("team", `reply ${n}`, "words"));
  const anew = () => [...one.server.replies.values()].filter(({ epoch }) => epoch === 2).length;
  await one.server.beginEpoch();
  await passing(one.clock, () => anew() === 30, "the first of them");
  for (let tenths = 0; tenths < 500; tenths++) {
    one.clock.advance(100);
    if (tenths % 50 === 0) await breathe();
  }
  assert.equal(anew(), 30);
  await passing(one.clock, () => anew() === 40, "the rest, a minute later");
});
