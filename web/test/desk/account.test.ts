/** One's own account: what leaves the browser of it, and what a server that lies gets. */

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import fc from "fast-check";
import { base32, FOR_APPS, FOR_PAPER, fromPaper, grouped } from "../../src/crypto/base32.ts";
import { base64, equal, random, unbase64, utf8 } from "../../src/crypto/bytes.ts";
import { isSamePassphrase, newPassphrase, PASSPHRASE_WORDS } from "../../src/crypto/passphrase.ts";
import { loadWords, phraseWords } from "../../src/crypto/phrase.ts";
import {
  kek,
  loginProof,
  openAmk,
  openAmkBySheet,
  sealAmk,
  sealAmkForSheet,
  sheetProof,
  stretch,
} from "../../src/crypto/staff.ts";
import { appAddress, enrolment, isOneOf, newFactor, recoveryText, secretText } from "../../src/desk/factor.ts";
import { until } from "../wire/fake-world.ts";
import { occurs } from "../wire/house.ts";
import { type Room, room, signedIn } from "./scene.ts";

const sha = (data: Uint8Array): string => createHash("sha256").update(data).digest("base64");

test("bytes as signs: the vectors of RFC 4648, and what was written down is read again", () => {
  for (const [text, signs] of [
    ["fooba", "MZXW6YTB"],
    ["foobafooba", "MZXW6YTBMZXW6YTB"],
  ] as const) {
    assert.equal(base32(utf8(text), FOR_APPS), signs);
  }
  assert.throws(() => base32(new Uint8Array(4), FOR_APPS), RangeError);
  const bytes = fc.integer({ min: 1, max: 4 }).chain((n) => fc.uint8Array({ minLength: 5 * n, maxLength: 5 * n }));
  fc.assert(
    fc.property(bytes, fc.constantFrom("-", " ", ""), fc.boolean(), (data, between, small) => {
      const text = grouped(base32(data, FOR_PAPER), between);
      const looks = text.replace(/0/g, "o").replace(/1/g, small ? "l" : "I");
      for (const typed of [text, small ? text.toLowerCase() : text, looks, ` ${text}\n`]) {
        assert.deepEqual(fromPaper(typed), new Uint8Array(data));
      }
      assert.equal(fromPaper(`${text}U`), undefined);
      assert.equal(fromPaper(text.slice(0, -1)), undefined);
    }),
  );
  assert.equal(fromPaper(""), undefined);
});

test("a second factor is fresh each time, and reads the same to an app and on paper", () => {
  const [one, other] = [newFactor(), newFactor()];
  assert.equal(one.secret.length, 20);
  assert.ok(!equal(one.secret, other.secret));
  const codes = [...one.recovery, ...other.recovery];
  assert.equal(new Set(codes.map((code) => base64(code))).size, 20);
  assert.deepEqual([...new Set(codes.map((code) => code.length))], [10]);
  const secret = secretText(one.secret);
  assert.match(secret, /^([A-Z2-7]{4} ){7}[A-Z2-7]{4}$/);
  const address = appAddress(one.secret, "Noor & Sam");
  assert.equal(address, `otpauth://totp/Luwte:Noor%20%26%20Sam?secret=${secret.replaceAll(" ", "")}&issuer=Luwte`);
  const [paper = ""] = one.recovery.map(recoveryText);
  assert.match(paper, /^([0-9A-HJKMNP-TV-Z]{4}-){3}[0-9A-HJKMNP-TV-Z]{4}$/);
  assert.ok(isOneOf(one.recovery, paper.toLowerCase()));
  assert.ok(!isOneOf(other.recovery, paper));
  assert.ok(!isOneOf(one.recovery, ""));
  assert.deepEqual(Object.keys(enrolment(one, "123456")), ["secret", "code", "recovery"]);
});

test("a passphrase is seven words of the list, never the same, and typed back in any case", async () => {
  const all = new Set(await loadWords());
  const drawn = new Set<string>();
  for (let n = 0; n < 50; n++) {
    const fresh = await newPassphrase();
    const words = fresh.split(" ");
    assert.equal(words.length, PASSPHRASE_WORDS);
    assert.ok(words.every((word) => all.has(word)));
    assert.ok(isSamePassphrase(`  ${fresh.toUpperCase().replaceAll(" ", "\n ")} `, fresh));
    assert.ok(!isSamePassphrase(words.slice(1).join(" "), fresh));
    drawn.add(fresh);
  }
  assert.equal(drawn.size, 50);
});

/** Somebody at a desk, and all that their browser has sent since. */
async function atTheDesk() {
  const one = await room();
  const desk = await signedIn(one);
  const account = one.house.accounts[0];
  assert.ok(account);
  return { one, desk, account, amk: account.secrets[0] as Uint8Array };
}

function assertNothingLeft(one: Room, secrets: readonly Uint8Array[]): void {
  for (const secret of secrets) {
    assert.ok(!occurs(secret, one.server.captured));
    assert.ok(!occurs(utf8(base64(secret)), one.server.captured));
  }
}

test("B-20, M-12: another passphrase seals the same master key here; neither it nor the passphrases leave", async () => {
  const { one, desk, account, amk } = await atTheDesk();
  const fresh = await newPassphrase();
  assert.equal(await desk.account.setPassphrase("not it", fresh), "passphrase_refused");
  assert.equal(await desk.account.setPassphrase(account.passphrase, fresh), undefined);
  const { body } = one.server.own.at(-1) as { body: Record<string, string> };
  assert.deepEqual(Object.keys(body).sort(), ["proof", "proof_hash", "sealed_amk"]);
  const stretched = await stretch(fresh, account.salt);
  assert.equal(body.proof_hash, sha(await loginProof(stretched)));
  const half = unbase64(account.answer.server_half as string);
  const opened = await openAmk(await kek(stretched, half), account.id, unbase64(body.sealed_amk ?? ""));
  assert.deepEqual(opened, amk);
  assertNothingLeft(one, [...account.secrets, stretched, utf8(fresh), utf8(account.passphrase), opened]);
  desk.lock();
  await desk.unlock("not it");
  assert.equal(desk.trouble.value, "sign_in_refused");
});

test("M-12, M-18: a box, or half a key, that is not ours is sealed under nothing", async () => {
  for (const lie of [
    { server_half: base64(random(32)) },
    { sealed_amk: base64(random(60)) },
    { account: "acc-bram" },
    { account: "acc-bram", sealed_amk: base64(await sealAmk(random(32), "acc-bram", random(32))) },
  ]) {
    const { one, desk, account } = await atTheDesk();
    const { http } = one.world.surroundings;
    one.world.surroundings.http = async (method, path, body, token) => {
      const answer = await http(method, path, body, token);
      return path === "/desk/unlock" ? { status: 200, body: { ...(answer.body as object), ...lie } } : answer;
    };
    const { recovery } = newFactor();
    assert.equal(await desk.account.setPassphrase(account.passphrase, "a b c"), "untrusted");
    assert.equal(await desk.account.setSheet(account.passphrase, random(16)), "untrusted");
    assert.equal(one.server.own.length, 0);
    assert.equal(await desk.account.setRecoveryCodes(account.passphrase, recovery), undefined);
  }
});

test("F-5, B-20: a sheet opens the master key and never travels; another passphrase comes before anything is shown", async () => {
  const { one, desk, account, amk } = await atTheDesk();
  const sheet = random(16);
  assert.equal(await desk.account.setSheet(account.passphrase, sheet), undefined);
  const { body } = one.server.own.at(-1) as { body: Record<string, string> };
  assert.equal(body.proof_hash, sha(await sheetProof(sheet)));
  assert.deepEqual(await openAmkBySheet(sheet, account.id, unbase64(body.sealed_amk ?? "")), amk);
  await assert.rejects(openAmkBySheet(random(16), account.id, unbase64(body.sealed_amk ?? "")));
  await desk.signOut();

  const words = (await phraseWords(sheet)).join(" ");
  one.server.sheet = { hash: body.proof_hash ?? "", box: body.sealed_amk ?? "" };
  assert.equal(await desk.openSheet(account.name, words.slice(3), ""), undefined);
  assert.equal(desk.trouble.value, "not_a_sheet");
  assert.equal(await desk.openSheet(account.name, (await phraseWords(random(16))).join(" "), ""), undefined);
  assert.equal(desk.trouble.value, "sign_in_refused");
  const opened = await desk.openSheet(account.name, words, "123456");
  assert.ok(opened);
  assert.equal(desk.phase.value, "out");
  const fresh = await newPassphrase();
  const next = random(16);
  await opened.renew(fresh, next);
  await until(() => desk.phase.value === "in");
  const { body: sent } = one.server.own.at(-1) as { body: Record<string, unknown> };
  assert.equal(sent.sheet, true);
  const following = sent.next_sheet as Record<string, string>;
  assert.equal(following.proof_hash, sha(await sheetProof(next)));
  assert.deepEqual(await openAmkBySheet(next, account.id, unbase64(following.sealed_amk ?? "")), amk);
  assertNothingLeft(one, [sheet, next, utf8(words), utf8(fresh), ...account.secrets]);
});

test("who turns back from a sheet leaves nothing open", async () => {
  const { one, desk, account, amk } = await atTheDesk();
  const sheet = random(16);
  const box = base64(await sealAmkForSheet(sheet, account.id, amk));
  one.server.sheet = { hash: sha(await sheetProof(sheet)), box };
  await desk.signOut();
  const opened = await desk.openSheet(account.name, (await phraseWords(sheet)).join(" "), "");
  assert.ok(opened);
  opened.forget();
  assert.equal(desk.phase.value, "out");
  await until(() => one.server.tokens.size === 0);
});

test("one's own account is believed in its shape only", async () => {
  const { one, desk } = await atTheDesk();
  const own = { second_factor: true, recovery_codes: 3, sheet: false, sessions: [{ id: "aa", began: 1, here: true }] };
  one.server.account = own;
  const found = await desk.account.look();
  assert.deepEqual(found, { secondFactor: true, recoveryCodes: 3, sheet: false, sessions: own.sessions });
  for (const lie of [{}, { ...own, more: 1 }, { ...own, recovery_codes: -1 }, { ...own, sessions: [{ id: 1 }] }]) {
    one.server.account = lie;
    assert.equal(await desk.account.look(), "untrusted");
  }
  await desk.signOut();
  assert.equal(await desk.account.look(), "signed_out");
});
