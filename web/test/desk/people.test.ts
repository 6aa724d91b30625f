/** A lead's desk and whoever joins, with an honest server and with one that lies about keys (attack list, group M). */

import assert from "node:assert/strict";
import { before, test } from "node:test";
import { adminRecoveryPlace } from "../../src/crypto/admission.ts";
import { base64, equal, random, unbase64 } from "../../src/crypto/bytes.ts";
import { checkChain, issue, parseCertificate, Type } from "../../src/crypto/certificate.ts";
import { agreementKey, signingKey } from "../../src/crypto/curves.ts";
import { memberFingerprint } from "../../src/crypto/fingerprint.ts";
import { NO_CONVERSATION, Purpose, unwrap, wrap } from "../../src/crypto/wrap.ts";
import type { Desk } from "../../src/desk/session-desk.ts";
import { DeskJoining } from "../../src/desk/session-joining.ts";
import type { Answer } from "../../src/wire/surroundings.ts";
import { passing, until } from "../wire/fake-world.ts";
import { type Account, type House, ORGANISATION, TEAM } from "../wire/house.ts";
import { house, NOW, type Room, room, signedIn, teamOf } from "./scene.ts";

const DAY = 86_400;
type Told = Record<string, unknown>;

let theHouse: House;
let lena: Account;
let told: Told;
const kim = { private: random(32), seed: random(32) };

const place = (team: string, purpose: Purpose) => ({
  organisation: ORGANISATION,
  team,
  epoch: 1,
  conv: NO_CONVERSATION,
  generation: 0,
  purpose,
});

before(async () => {
  theHouse = await house();
  lena = theHouse.accounts[2] as Account;
  told = {
    ...(await teamOf(theHouse, lena)),
    waiting: [
      {
        account: "k1",
        name: "Kim",
        role: "lead",
        ed25519: base64((await signingKey(kim.seed)).publicKey),
        x25519: base64((await agreementKey(kim.private)).publicKey),
        since: 1,
      },
    ],
  };
});

interface Scene {
  readonly one: Room;
  readonly desk: Desk;
  readonly asked: { path: string; body: Told }[];
}

/** Press Admit in Kim's row, beside the digits that stand there. */
function admits(desk: Desk, at = 0): Promise<boolean> {
  const row = desk.people.view.value?.waiting[at];
  return desk.people.admit("k1", row?.fingerprint ?? "");
}

async function led(changed: () => Told): Promise<Scene> {
  const one = await room();
  const asked: { path: string; body: Told }[] = [];
  const honest = one.world.surroundings.http;
  one.world.surroundings.http = async (method, path, body, token): Promise<Answer> => {
    if (path === "/desk/people") return { status: 200, body: changed() };
    if (!/invite|withdraw|admit|decline|renew|epoch|recovery/.test(path)) return honest(method, path, body, token);
    asked.push({ path, body: body as Told });
    return { status: 200, body: {} };
  };
  const desk = await signedIn(one, 2);
  return { one, desk, asked };
}

test("a lead sees the digits that the other sees, and signs and wraps what the role needs", async () => {
  const { desk, asked } = await led(() => told);
  await until(() => desk.people.view.value !== undefined, "the team");
  const [one] = desk.people.view.value?.waiting ?? [];
  const [ed25519, x25519] = [(await signingKey(kim.seed)).publicKey, (await agreementKey(kim.private)).publicKey];
  const own = await memberFingerprint(ORGANISATION, { account: "k1", team: TEAM, role: "lead", ed25519, x25519 });
  assert.equal(one?.fingerprint, own);
  assert.equal(await admits(desk), true);
  const [{ path, body }] = asked as [{ path: string; body: Told }];
  assert.equal(path, "/desk/admit");
  const { root, certificates } = theHouse;
  const expected = { organisation: ORGANISATION, type: Type.STAFF, now: NOW, subject: "k1", team: TEAM, role: "lead" };
  const signed = await checkChain(root.publicKey, certificates.admin, unbase64(body.certificate as string), expected);
  assert.deepEqual(signed.certificate.roles, [`${TEAM}/lead`]);
  assert.ok(
    equal(signed.certificate.keys[0] ?? random(1), ed25519) && equal(signed.certificate.keys[1] ?? random(1), x25519),
  );
  const [key] = body.team_keys as { epoch: number; wrap: string }[];
  const opener = await agreementKey(kim.private);
  assert.ok(equal(await unwrap(unbase64(key?.wrap ?? ""), opener, place(TEAM, Purpose.MEMBER)), theHouse.teamPrivate));
  const admin = unbase64(body.admin_key as string);
  assert.ok(equal(await unwrap(admin, opener, place("team-admin", Purpose.TEAM_ADMIN)), theHouse.adminPrivate));
});

test("a counsellor gets the team's key and not the one that admits", async () => {
  const [row] = told.waiting as Told[];
  const { desk, asked } = await led(() => ({ ...told, waiting: [{ ...row, role: "counsellor" }] }));
  await until(() => desk.people.view.value !== undefined);
  assert.equal(await admits(desk), true);
  assert.equal(asked[0]?.body.admin_key, undefined);
});

test("M-1, M-12: another admin key, admin certificate, team certificate or team key: nothing is signed or wrapped", async () => {
  const [, own] = parseCertificate(lena.certificate).certificate.keys;
  assert.ok(own);
  const evil = { admin: random(32), team: random(32), root: await signingKey(random(32)) };
  const adminKey = await signingKey(evil.admin);
  const teamKey = (await agreementKey(evil.team)).publicKey;
  const lies: Told[] = [
    { admin_key: { epoch: 1, wrap: base64(await wrap(evil.admin, own, place("team-admin", Purpose.TEAM_ADMIN))) } },
    { admin_key: { epoch: 1, wrap: base64(random(80)) } },
    { admin_key: null },
    {
      admin_certificate: base64(
        await theHouse.certify({ type: Type.TEAM_ADMIN, subject: "team-admin", keys: [adminKey.publicKey] }, evil.root),
      ),
    },
    { team_certificate: base64(await theHouse.certify({ type: Type.TEAM, subject: TEAM, keys: [teamKey] })) },
    { team_certificate: base64(await theHouse.certify({ type: Type.TEAM, subject: TEAM, keys: [teamKey] }, adminKey)) },
    { team_keys: [{ team: TEAM, epoch: 1, wrap: base64(await wrap(evil.team, own, place(TEAM, Purpose.MEMBER))) }] },
    { team_keys: [] },
  ];
  for (const lie of lies) {
    const { desk, asked } = await led(() => ({ ...told, ...lie }));
    await until(() => desk.people.view.value !== undefined);
    assert.equal(await admits(desk), false, Object.keys(lie).join());
    assert.equal(desk.people.trouble.value, "untrusted");
    assert.deepEqual(asked, []);
  }
});

test("M-1, M-8: other keys, another role or account for the same name show other digits", async () => {
  const [row] = told.waiting as Told[];
  const honest = await led(() => told);
  await until(() => honest.desk.people.view.value !== undefined);
  const shown = honest.desk.people.view.value?.waiting[0]?.fingerprint;
  const key = base64((await agreementKey(random(32))).publicKey);
  for (const lie of [{ x25519: key }, { role: "counsellor" }, { account: "k2" }]) {
    const { desk } = await led(() => ({ ...told, waiting: [{ ...row, ...lie }] }));
    await until(() => desk.people.view.value !== undefined);
    assert.notEqual(desk.people.view.value?.waiting[0]?.fingerprint, shown);
  }
});

test("M-3: keys that the server swaps after the digits were compared are not signed, however they are shown", async () => {
  const [row] = told.waiting as Told[];
  const swapped = { ...row, x25519: base64((await agreementKey(random(32))).publicKey) };
  let lie: Told = told;
  const { one, desk, asked } = await led(() => lie);
  await until(() => desk.people.view.value !== undefined);
  const compared = desk.people.view.value?.waiting[0]?.fingerprint ?? "";
  lie = { ...told, waiting: [swapped] };
  one.world.clock.advance(6_000);
  await until(() => desk.people.view.value?.waiting[0]?.changed === true, "a warning");
  for (const digits of [compared, desk.people.view.value?.waiting[0]?.fingerprint ?? ""]) {
    assert.equal(await desk.people.admit("k1", digits), false);
    assert.equal(desk.people.trouble.value, "untrusted");
  }
  assert.deepEqual(asked, []);
});

test("M-3: of two rows for one account none is believed", async () => {
  const [row] = told.waiting as Told[];
  const other = { ...row, name: "Pim", x25519: base64((await agreementKey(random(32))).publicKey) };
  const [member] = told.members as Told[];
  for (const lie of [{ waiting: [other, row] }, { waiting: [row, other] }, { members: [member, member] }]) {
    const { one, desk, asked } = await led(() => ({ ...told, ...lie }));
    one.world.clock.advance(6_000);
    assert.equal(desk.people.view.value, undefined);
    assert.equal(await admits(desk), false);
    assert.deepEqual(asked, []);
  }
});

test("who left long ago gets no new days, and no place among those for whom the next key is", async () => {
  const gone = {
    account: "g1",
    name: "Gone",
    role: "counsellor",
    certificate: base64(
      await theHouse.certify({
        subject: "g1",
        keys: [(await signingKey(random(32))).publicKey, (await agreementKey(random(32))).publicKey],
        roles: [`${TEAM}/counsellor`],
        notBefore: NOW - 300 * DAY,
        notAfter: NOW - 210 * DAY,
      }),
    ),
  };
  const members = [...(told.members as Told[]), gone];
  const { one, desk, asked } = await led(() => ({ ...told, members, epoch_due: true }));
  await until(() => desk.people.view.value !== undefined);
  one.world.clock.advance(6_000);
  assert.deepEqual(asked, []); // nothing unasked: nobody was removed here
  assert.equal(await desk.people.beginEpoch([lena.id, "g1"]), false);
  assert.equal(await desk.people.beginEpoch([lena.id]), false);
  assert.deepEqual(asked, []);
});

test("a lead's desk brings the team-admin key to the recovery key where it is missing, and only then", async () => {
  const last = random(32);
  const keys = [(await agreementKey(last)).publicKey];
  const subject = { type: Type.RECOVERY, subject: "recovery", keys };
  const recovery_certificate = base64(await theHouse.certify(subject, theHouse.root));
  const { asked } = await led(() => ({ ...told, recovery_certificate, recovery_due: true }));
  await until(() => asked.length > 0, "a wrap");
  assert.equal(asked[0]?.path, "/desk/recovery");
  const wrapped = unbase64(asked[0]?.body.wrap as string);
  const opened = await unwrap(wrapped, await agreementKey(last), adminRecoveryPlace(ORGANISATION, 1));
  assert.ok(equal(opened, theHouse.adminPrivate));
  const evil = base64(await theHouse.certify(subject, await signingKey(random(32))));
  for (const quiet of [
    { recovery_certificate },
    { recovery_due: true },
    { recovery_certificate: evil, recovery_due: true },
  ]) {
    const scene = await led(() => ({ ...told, ...quiet }));
    await until(() => scene.desk.people.view.value !== undefined);
    scene.one.world.clock.advance(6_000);
    assert.deepEqual(scene.asked, []);
  }
});

test("certificates that end soon are renewed with the same words; what the admin key never signed is not", async () => {
  const soon = { notBefore: NOW - 12 * DAY, notAfter: NOW + 2 * DAY };
  const keys = [theHouse.teamKey.publicKey];
  const team = await theHouse.certify({ type: Type.TEAM, subject: TEAM, keys, ...soon });
  const { desk, asked } = await led(() => ({ ...told, team_certificate: base64(team) }));
  await until(() => asked.length > 0, "a renewal");
  assert.equal(desk.phase.value, "in");
  const renewed = parseCertificate(unbase64(asked[0]?.body.team_certificate as string)).certificate;
  assert.deepEqual([renewed.notBefore, renewed.notAfter], [NOW, NOW + 14 * DAY]);
  assert.deepEqual(renewed.keys, keys);
  const stranger = (await agreementKey(random(32))).publicKey;
  const evil = await signingKey(random(32));
  const lies: Told[] = [
    { team_certificate: base64(await theHouse.certify({ type: Type.TEAM, subject: TEAM, keys: [stranger], ...soon })) },
    { team_certificate: base64(await theHouse.certify({ type: Type.TEAM, subject: TEAM, keys, ...soon }, evil)) },
    {
      team_certificate: base64(team),
      members: [
        {
          account: "e1",
          name: "Eve",
          role: "lead",
          certificate: base64(
            await theHouse.certify(
              {
                subject: "e1",
                keys: [(await signingKey(random(32))).publicKey, stranger],
                roles: [`${TEAM}/lead`],
                ...soon,
              },
              evil,
            ),
          ),
        },
      ],
    },
  ];
  for (const lie of lies) {
    const scene = await led(() => ({ ...told, ...lie }));
    await until(() => scene.desk.people.view.value !== undefined);
    assert.deepEqual(scene.asked, []);
  }
});

test("after a long holiday a lead renews what has ended, before anybody judges it", async () => {
  const ended = { notBefore: NOW - 40 * DAY, notAfter: NOW - 20 * DAY };
  const team = await theHouse.certify({ type: Type.TEAM, subject: TEAM, keys: [theHouse.teamKey.publicKey], ...ended });
  const one = await room();
  const honest = one.world.surroundings.http;
  let current: Uint8Array = team;
  one.server.meddle = (frame) => [
    frame.t === "welcome"
      ? { ...frame, certificates: [theHouse.certificates.admin, current, lena.certificate] }
      : frame,
  ];
  one.world.surroundings.http = async (method, path, body, token) => {
    if (path === "/desk/people") return { status: 200, body: { ...told, team_certificate: base64(current) } };
    if (path !== "/desk/renew") return honest(method, path, body, token);
    current = unbase64((body as { team_certificate: string }).team_certificate);
    return { status: 200, body: {} };
  };
  const desk = await signedIn(one, 2);
  assert.equal(desk.phase.value, "in");
  assert.equal(parseCertificate(current).certificate.notAfter, NOW + 14 * DAY);
});

test("an invitation's code is made here, and only its hash is sent", async () => {
  const { desk, asked } = await led(() => told);
  await until(() => desk.people.view.value !== undefined);
  assert.equal(await desk.people.invite("counsellor"), true);
  const code = desk.people.code.value ?? "";
  assert.match(code, /^([0-9A-HJKMNP-TV-Z]{4}-){5}[0-9A-HJKMNP-TV-Z]{4}$/);
  const sent = JSON.stringify(asked);
  assert.ok(!sent.includes(code) && !sent.includes(code.replaceAll("-", "")));
  desk.people.putAway();
  assert.equal(desk.people.code.value, undefined);
  desk.lock();
  assert.equal(await admits(desk), false);
});

/** Somebody with a code, and what they sent. */
async function joining(founds: boolean, refuse: (path: string) => string | undefined = () => undefined) {
  const one = await room();
  const sent: { path: string; body: Told }[] = [];
  one.world.surroundings.http = async (_, path, body): Promise<Answer> => {
    if (path === "/desk/salt") return { status: 200, body: { salt: base64(random(16)) } };
    sent.push({ path, body: body as Told });
    const code = refuse(path);
    if (code !== undefined) return { status: 409, body: { code, says: "no" } };
    if (path !== "/desk/invitation") return { status: 200, body: {} };
    return { status: 200, body: { account: "a".repeat(32), team: TEAM, role: "lead", founds } };
  };
  return { join: new DeskJoining(one.world.surroundings, ORGANISATION), sent };
}

const factor = { secret: base64(random(20)), code: "123456", recovery: [] };

async function named(join: DeskJoining, name = "Kim"): Promise<string> {
  join.begin();
  await join.open(" 0gpa zfdh-m1n2 O3vv r59e sa75 ");
  const step = join.step.value;
  assert.ok(step.at === "phrase");
  assert.equal(step.passphrase.split(" ").length, 7);
  await join.join(name, `  ${step.passphrase.toUpperCase()} `);
  return step.passphrase;
}

test("joining sends one request, at the end, and nothing that opens a key", async () => {
  const { join, sent } = await joining(false);
  const passphrase = await named(join);
  assert.deepEqual(sent, [{ path: "/desk/invitation", body: { code: "0GPAZFDHM1N203VVR59ESA75" } }]);
  assert.equal(join.step.value.at, "factor");
  assert.equal(await join.send(factor), undefined);
  join.sent();
  assert.equal(join.step.value.at, "waiting");
  assert.deepEqual(
    sent.map(({ path }) => path),
    ["/desk/invitation", "/desk/join"],
  );
  const said = JSON.stringify(sent);
  for (const word of passphrase.split(" ")) assert.ok(!said.includes(`${word} `) && !said.includes(passphrase));
});

test("other words than were shown go no further, and nothing is sent", async () => {
  const { join, sent } = await joining(false);
  join.begin();
  await join.open("0GPAZFDHM1N203VVR59ESA75");
  await join.join("Kim", "one two three four five six seven");
  assert.deepEqual([join.step.value.at, join.trouble.value], ["phrase", "other_words"]);
  assert.equal(sent.length, 1);
});

test("a name that a colleague has asks for another one, with the same passphrase", async () => {
  let isTaken = true;
  const { join, sent } = await joining(false, (path) => (isTaken && path === "/desk/join" ? "name_taken" : undefined));
  const passphrase = await named(join);
  assert.equal(await join.send(factor), "name_taken");
  const step = join.step.value;
  assert.ok(step.at === "phrase" && step.passphrase === passphrase);
  assert.equal(join.trouble.value, "name_taken");
  isTaken = false;
  await join.join("Kim 2", passphrase);
  assert.equal(await join.send(factor), undefined);
  assert.equal(sent.at(-1)?.body.name, "Kim 2");
});

test("a founding sends nothing before its last step, and whoever leaves has sent nothing", async () => {
  const { join, sent } = await joining(true);
  await named(join, "Robin");
  const step = join.step.value;
  assert.ok(step.at === "papers");
  assert.deepEqual(
    step.papers.map(({ key, number }) => [number, key]),
    [1, 2, 3].flatMap((n) => [
      [n, 1],
      [n, 2],
    ]),
  );
  await join.wrote();
  join.ready();
  assert.equal(join.step.value.at, "root", "root.pub was not saved yet");
  join.saved();
  join.ready();
  assert.equal(join.step.value.at, "factor");
  assert.equal(sent.length, 1);
  join.leave();
  assert.equal(await join.send(factor), "failed");
  assert.equal(sent.length, 1);
});

test("what a founding sends hangs together, and a second issuer is not in it", async () => {
  const { join, sent } = await joining(true);
  await named(join, "Robin");
  await join.wrote();
  join.saved();
  join.ready();
  assert.equal(await join.send(factor), undefined);
  const { path, body } = sent.at(-1) as { path: string; body: Record<string, string> };
  assert.equal(path, "/desk/found");
  const bytes = (name: string): Uint8Array => unbase64(body[name] ?? "");
  const expected = { organisation: ORGANISATION, now: NOW, team: TEAM };
  await checkChain(bytes("root"), bytes("admin_certificate"), bytes("team_certificate"), {
    ...expected,
    type: Type.TEAM,
  });
  const own = await checkChain(bytes("root"), bytes("admin_certificate"), bytes("certificate"), {
    ...expected,
    type: Type.STAFF,
    role: "lead",
  });
  assert.deepEqual(own.certificate.keys, [bytes("ed25519"), bytes("x25519")]);
  const forged = await issue(own.certificate, await signingKey(random(32)));
  await assert.rejects(
    checkChain(bytes("root"), bytes("admin_certificate"), forged, { ...expected, type: Type.STAFF }),
  );
});

test("an old key is asked for, and not made unasked", async () => {
  let due: Told = { epoch_due: true, known_outside: false };
  const { one, desk, asked } = await led(() => ({ ...told, ...due }));
  await until(() => desk.people.view.value !== undefined, "the team");
  assert.equal(desk.people.view.value?.epochDue, "old");
  assert.equal(await desk.people.remove("somebody else"), false);
  one.clock.advance(6_000);
  await passing(one.clock, () => desk.people.view.value?.epochDue === "old", "a look");
  assert.deepEqual(
    asked.filter(({ path }) => path === "/desk/epoch"),
    [],
  );
  due = { epoch_due: true, known_outside: true };
  await passing(one.clock, () => desk.people.view.value?.epochDue === "left", "another");
  due = { epoch_due: false, known_outside: false };
  await passing(one.clock, () => desk.people.view.value?.epochDue === undefined, "none");
});
