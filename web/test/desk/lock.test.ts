/** Locking and signing out: what the desk had opened is overwritten in the arrays that held it. */

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { hex } from "../../src/crypto/bytes.ts";
import { secretOf } from "../wire/counsellor.ts";
import { until } from "../wire/fake-world.ts";
import { linesAt, linesOf, type Room, room, signedIn, takesNext, visitorWho } from "./scene.ts";

/** Every 32-byte result of a decryption or draw of chance: AMK, staff keys, TK, CS and TS are among them. */
const made: { readonly array: Uint8Array; readonly was: string }[] = [];
const { subtle } = crypto;
const [decrypt, draw] = [subtle.decrypt, crypto.getRandomValues];

before(() => {
  subtle.decrypt = async (...args) => {
    const opened = await decrypt.apply(subtle, args);
    if (opened.byteLength === 32) remember(new Uint8Array(opened));
    return opened;
  };
  crypto.getRandomValues = <T extends ArrayBufferView | null>(array: T): T => {
    draw.call(crypto, array as never);
    if (array instanceof Uint8Array && array.length === 32) remember(array);
    return array;
  };
});
after(() => {
  subtle.decrypt = decrypt;
  crypto.getRandomValues = draw;
});

function remember(array: Uint8Array): void {
  made.push({ array, was: hex(array) });
}

/** Which of the *secrets* still lie in an array that we saw. */
function left(secrets: readonly string[]): string[] {
  return secrets.filter((secret) => made.some(({ array }) => hex(array) === secret));
}

async function talk() {
  const one: Room = await room();
  const visit = await visitorWho(one, "hello");
  const [conv] = [...one.server.convs.values()];
  assert.ok(conv);
  const secrets = [hex(await secretOf(one.house, conv, 0)), hex(await secretOf(one.house, conv, 1))];
  visit.wipe(); // its own arrays are another test's
  made.length = 0;
  const desk = await signedIn(one);
  const taken = await takesNext(desk);
  await until(() => linesOf(taken).length === 1);
  return { one, desk, taken, secrets };
}

test("once signed in, the bytes of AMK, staff keys and team key are gone: only keys that cannot be exported stay", async () => {
  const { one } = await talk();
  const own = one.house.accounts[0]?.secrets.map(hex) ?? [];
  assert.ok(own.some((secret) => made.some(({ was }) => was === secret)));
  assert.deepEqual(left(own), []);
});

for (const how of ["lock", "signOut"] as const) {
  test(`${how} overwrites the secrets of the conversations`, async () => {
    const { desk, taken, secrets } = await talk();
    await desk.note(taken.conv, "a note");
    await until(() => linesOf(taken).length === 2);
    assert.deepEqual(left(secrets), secrets);
    const before = made.filter(({ array, was }) => hex(array) === was && was !== "00".repeat(32)).length;
    void desk[how]();
    assert.deepEqual(left(secrets), []);
    // The two conversation secrets and the team secret that this desk drew.
    const kept = made.filter(({ array, was }) => hex(array) === was).length;
    assert.ok(before - kept >= 3, `${before} before, ${kept} after`);
    assert.deepEqual(linesOf(taken), []);
  });
}

test("locking in the middle of sealing or reading: nothing leaves under overwritten keys, nothing is doubted", async () => {
  const one = await room();
  const visit = await visitorWho(one, "hello");
  const desk = await signedIn(one);
  const taken = await takesNext(desk);
  const [conv] = [...one.server.convs.values()];
  assert.ok(conv);
  let [countdown, count] = [0, 1];
  const digest = subtle.digest;
  subtle.digest = (...args) => {
    countdown -= 1;
    if (countdown === 0) desk.lock();
    return digest.apply(subtle, args);
  };
  try {
    for (const moment of [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 12, 14]) {
      countdown = moment;
      await Promise.all([desk.send(taken.conv, `d${moment}`), visit.send(`v${moment}`)]);
      count += 2;
      await until(() => desk.phase.value === "locked", "the lock");
      await sleep(5);
      await desk.unlock(one.house.accounts[0]?.passphrase ?? "");
      await until(() => linesOf(taken).length === count && visit.lines.value.length === count, `${moment}`);
      await until(() => taken.lines.value.every((line) => line.delivery !== "sending"));
    }
  } finally {
    subtle.digest = digest;
  }
  assert.deepEqual(
    [...linesOf(taken), ...linesAt(visit)].filter((line) => line.endsWith("doubt")),
    [],
  );
  assert.equal(conv.logs[1].length, count);
});
