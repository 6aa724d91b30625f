/** Whoever lost everything: all is right at the door, nothing is given, and the desk says from when. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { house, NOW, room, signedIn } from "./scene.ts";

test("a right sign-in that is too early opens no desk, keeps nothing, and says from when", async () => {
  const one = await room();
  const from = Math.floor(NOW / 60) + 1337;
  const honest = one.world.surroundings.http;
  one.world.surroundings.http = (method, path, body, token) =>
    path === "/desk/sign-in"
      ? Promise.resolve({ status: 200, body: { reads_from: from } })
      : honest(method, path, body, token);
  const desk = one.desk();
  const [account] = (await house()).accounts;
  assert.ok(account);
  await desk.signIn(account.name, account.passphrase, "123456");
  assert.deepEqual([desk.phase.value, desk.later.value, desk.trouble.value], ["out", from, undefined]);
  assert.equal(desk.name.value, "");
  desk.turnBack();
  assert.equal(desk.later.value, undefined);
  one.world.surroundings.http = honest;
  await desk.signIn(account.name, account.passphrase);
  assert.equal(desk.phase.value, "in");
});

test("a minute that is none is a server that nobody believes", async () => {
  for (const lie of [{ reads_from: -1 }, { reads_from: "soon" }, { reads_from: 1, token: "x" }]) {
    const one = await room();
    one.world.surroundings.http = (_, path) =>
      Promise.resolve({
        status: 200,
        body: path === "/desk/salt" ? { salt: "AAAAAAAAAAAAAAAAAAAAAA==" } : lie,
      });
    const desk = await signedIn(one);
    assert.deepEqual([desk.phase.value, desk.later.value, desk.trouble.value], ["out", undefined, "untrusted"]);
  }
});
