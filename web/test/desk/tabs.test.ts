/** One account, several tabs: each is a desk of its own, and all of them show the same. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { parse } from "../../src/crypto/envelope.ts";
import { onlyConv } from "../wire/counsellor.ts";
import { breathe, until } from "../wire/fake-world.ts";
import { linesAt, linesOf, room, signedIn, takesNext, talkOf, visitorWho } from "./scene.ts";

test("what is said in one tab shows in the other, once; each tab has sender ids of its own", async () => {
  const one = await room();
  const visit = await visitorWho(one, "hello");
  const tabs = [await signedIn(one), await signedIn(one)] as const;
  const first = await takesNext(tabs[0]);
  one.server.cut((link) => link.side === "desk"); // the second tab hears of it when it comes back
  one.clock.advance(1_000);
  await until(() => tabs[1].conversations.value.length === 1, "the second tab");
  const second = talkOf(tabs[1], first.conv);
  for (let turn = 0; turn < 6; turn++) {
    assert.equal(await tabs[turn % 2]?.send(first.conv, `number ${turn}`), true);
    await until(() => linesAt(visit).length === turn + 2, "the visitor");
  }
  const texts = ["hello", ...[0, 1, 2, 3, 4, 5].map((n) => `number ${n}`)];
  await until(() => [first, second].every((talk) => talk.lines.value.length === 7));
  const plain = (lines: string[]) => lines.map((line) => line.replace(/^\w+ /, ""));
  for (const lines of [linesOf(first), linesOf(second), linesAt(visit)]) assert.deepEqual(plain(lines), texts);
  const senders = onlyConv(one.server)
    .logs[1].slice(1)
    .map(({ envelope }) => Buffer.from(parse(envelope).sender).toString("hex"));
  assert.deepEqual(
    senders,
    [0, 1, 0, 1, 0, 1].map((tab) => senders[tab]),
  );
  assert.notEqual(senders[0], senders[1]);
  const salts = onlyConv(one.server).logs[1].map(({ envelope }) =>
    Buffer.from(envelope.slice(130, 162)).toString("hex"),
  );
  assert.equal(new Set(salts).size, 7);
  await tabs[0].signOut();
  await breathe();
  assert.deepEqual([tabs[0].phase.value, tabs[1].phase.value], ["out", "in"]);
});
