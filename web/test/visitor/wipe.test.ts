/** Leaving: whatever is going on, the keys are overwritten at once and nothing comes back. */

import assert from "node:assert/strict";
import { after, before, beforeEach, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { hex } from "../../src/crypto/bytes.ts";
import { secretOf } from "../wire/counsellor.ts";
import { breathe, until } from "../wire/fake-world.ts";
import { scene, talking } from "./scene.ts";

/** Every array of 32 bytes that the page filled with chance; a visit's own secrets are those of `freshSecrets`. */
const made: { array: Uint8Array; was: string; isSecret: boolean }[] = [];
const original = crypto.getRandomValues;

before(() => {
  crypto.getRandomValues = <T extends ArrayBufferView | null>(array: T): T => {
    original.call(crypto, array as never);
    if (array instanceof Uint8Array && array.length === 32) {
      made.push({ array, was: hex(array), isSecret: new Error().stack?.includes("freshSecrets") ?? false });
    }
    return array;
  };
});
beforeEach(() => {
  made.length = 0;
});
after(() => {
  crypto.getRandomValues = original;
});

const isZero = (array: Uint8Array) => array.every((byte) => byte === 0);

test("wiping overwrites the secrets in the arrays that held them, and clears the screen", async () => {
  const one = await talking();
  await one.visit.send("hello");
  await until(() => one.visit.lines.value[0]?.delivery === "sent");
  const kept = [await secretOf(one.house, one.conv(), 0), await secretOf(one.house, one.conv(), 1)].map(hex);
  const arrays = made.filter(({ was }) => kept.includes(was)).map(({ array }) => array);
  assert.equal(arrays.length, 2);
  assert.ok(!arrays.some(isZero));
  one.visit.wipe();
  assert.ok(arrays.every(isZero));
  const { phase, lines, place, trouble, network } = one.visit;
  assert.deepEqual([phase.value, lines.value, place.value, trouble.value], ["start", [], undefined, undefined]);
  assert.equal(network.value, "fine");
  assert.equal(one.world.sockets[0]?.state, "closed");
});

test("wiping at any moment of the beginning leaves no secret, no socket and no later word", async () => {
  let begun = 0;
  for (let ms = 0; ms < 40; ms++) {
    const one = await scene();
    made.length = 0;
    void one.visit.start();
    await one.visit.send("canary");
    await sleep(ms / 2);
    one.visit.wipe();
    const said = one.world.sockets.flatMap((socket) => socket.said).length;
    const when = `after ${ms / 2} ms`;
    await sleep(15);
    assert.equal(one.visit.phase.value, "start", when);
    assert.deepEqual(one.visit.lines.value, [], when);
    assert.ok(
      one.world.sockets.every((socket) => socket.state === "closed"),
      when,
    );
    assert.equal(one.world.sockets.flatMap((socket) => socket.said).length, said, when);
    const secrets = made.filter(({ isSecret }) => isSecret);
    begun += secrets.length;
    assert.ok(
      secrets.every(({ array }) => isZero(array)),
      when,
    );
  }
  assert.ok(begun > 0);
});

/** A visit that waits, and the arrays of its secrets. */
async function started() {
  const one = await scene();
  await breathe();
  made.length = 0;
  void one.visit.start();
  await until(() => one.visit.phase.value === "waiting");
  const secrets = made.filter(({ isSecret }) => isSecret);
  return { one, secrets };
}

test("the visitor's secret stays for a return phrase, and goes with all the others", async () => {
  const { one, secrets } = await started();
  assert.equal(secrets.length, 3);
  assert.ok(!secrets.some(({ array }) => isZero(array)));
  await one.visit.phrase.draw();
  one.visit.wipe();
  assert.ok(secrets.every(({ array }) => isZero(array)));
});

test("a page whose conversation went on elsewhere keeps no secret of it", async () => {
  const { one, secrets } = await started();
  for (const link of one.server.links) one.server.say(link, { t: "refused", code: "elsewhere", says: "no" });
  await until(() => one.visit.phase.value === "refused");
  assert.equal(secrets.length, 3);
  assert.ok(secrets.every(({ array }) => isZero(array)));
});

test("a wiped visit stays wiped: nothing starts it again", async () => {
  const one = await talking();
  one.visit.wipe();
  await one.visit.start();
  assert.equal(await one.visit.send("again"), false);
  await one.visit.end();
  one.visit.seen();
  one.visit.wipe();
  await one.anna.says(one.conv(), "are you there?");
  one.world.wake();
  one.world.clock.advance(120_000);
  await breathe();
  assert.equal(one.world.sockets.length, 1);
  assert.deepEqual(one.visit.lines.value, []);
});
