/** Who has no desk: which pages they get, and that no lead's desk wraps a key to them, whatever its server says of them. */

import assert from "node:assert/strict";
import { before, test } from "node:test";
import { base64, equal, random, unbase64 } from "../../src/crypto/bytes.ts";
import { checkChain, parseCertificate, RECOVERY_SUBJECT, Type } from "../../src/crypto/certificate.ts";
import { agreementKey, signingKey } from "../../src/crypto/curves.ts";
import { hasAdminKey, hasTeamKey, invites, roleIn, roles } from "../../src/crypto/roles.ts";
import type { Desk } from "../../src/desk/session-desk.ts";
import type { Answer } from "../../src/wire/surroundings.ts";
import { until } from "../wire/fake-world.ts";
import { type Account, type House, makeHouse, ORGANISATION, TEAM } from "../wire/house.ts";
import { NOW, type Room, room, signedIn, teamOf } from "./scene.ts";

type Told = Record<string, unknown>;
const [LENA, ROSA, ADA] = [0, 1, 2];
const HOUSE = { open: true, until: null, desks: 1, signed: null, sessions: [{ account: "acc-lena", began: 9 }] };

let theHouse: House;
let told: Told;

const at = (who: number): Account => theHouse.accounts[who] as Account;
const row = (who: number, role: string): Told => ({
  account: at(who).id,
  name: at(who).name,
  role,
  certificate: base64(at(who).certificate),
});

before(async () => {
  const others = { rosa: "reviewer", ada: "admin" } as const;
  theHouse = await makeHouse({ now: NOW, staff: ["lena", "rosa", "ada"], leads: ["lena"], others });
  const last = (await agreementKey(random(32))).publicKey;
  const recovery = { type: Type.RECOVERY, subject: RECOVERY_SUBJECT, keys: [last] };
  told = {
    ...(await teamOf(theHouse, at(LENA))),
    recovery_certificate: base64(await theHouse.certify(recovery, theHouse.root)),
    members: [row(LENA, "lead"), row(ROSA, "reviewer"), row(ADA, "admin")],
    epoch_due: true,
    known_outside: true,
  };
});

interface Scene {
  readonly one: Room;
  readonly desk: Desk;
  readonly asked: { path: string; body: Told }[];
}

/** Somebody signed in; the server tells of people what *changed* says, and *over* ends the session. */
async function signsIn(who: number, changed: () => Told, over: () => boolean = () => false): Promise<Scene> {
  const one = await room(theHouse);
  const asked: { path: string; body: Told }[] = [];
  const honest = one.world.surroundings.http;
  one.world.surroundings.http = async (method, path, body, token): Promise<Answer> => {
    if (token !== undefined && over()) return { status: 401, body: { code: "signed_out", says: "." } };
    if (path === "/desk/people") return { status: 200, body: changed() };
    if (path === "/desk/house") return { status: 200, body: HOUSE };
    if (path === "/desk/checkpoint") return { status: 200, body: { checkpoint: null } };
    if (!/invite|admit|epoch|renew|remove|house/.test(path)) return honest(method, path, body, token);
    asked.push({ path, body: body as Told });
    return { status: 200, body: {} };
  };
  return { one, desk: await signedIn(one, who), asked };
}

const accountsIn = (body: Told | undefined): string[] =>
  ((body?.wraps ?? []) as { account: string }[]).map((one) => one.account);

test("M-3, G-3: the next key goes to who talks, by what the certificates say and not the server", async () => {
  const everybody = [at(LENA).id, at(ROSA).id, at(ADA).id];
  const [honest, lying] = [
    told.members as Told[],
    [row(LENA, "lead"), row(ROSA, "counsellor"), row(ADA, "lead")],
  ] as const;
  for (const members of [honest, lying]) {
    const { desk, asked } = await signsIn(LENA, () => ({ ...told, members }));
    await until(() => desk.people.view.value !== undefined);
    // What stands on the screen is what was signed, too.
    assert.deepEqual(
      desk.people.view.value?.members.map((one) => one.role),
      ["lead", "reviewer", "admin"],
    );
    assert.equal(await desk.people.beginEpoch(everybody), true);
    const [made] = asked.filter((one) => one.path === "/desk/epoch");
    assert.deepEqual(accountsIn(made?.body), [at(LENA).id]);
  }
});

test("M-3: a key of theirs under a colleague's name, or a role that nobody signed: nothing is wrapped", async () => {
  const own = await signingKey(random(32));
  const keys = [...parseCertificate(at(ADA).certificate).certificate.keys];
  const self = await theHouse.certify({ subject: at(ADA).id, keys, roles: [`${TEAM}/counsellor`] }, own);
  const both = await theHouse.certify({ subject: at(ADA).id, keys, roles: [`${TEAM}/admin`, `${TEAM}/counsellor`] });
  const elsewhere = await theHouse.certify({ subject: at(ADA).id, keys, roles: ["day-line/counsellor"] });
  const lies: readonly Told[] = [
    { ...row(ADA, "counsellor"), account: "acc-noor" },
    { ...row(ADA, "counsellor"), certificate: base64(self) },
    { ...row(ADA, "counsellor"), certificate: base64(both) },
    { ...row(ADA, "counsellor"), certificate: base64(elsewhere) },
  ];
  for (const lie of lies) {
    const { desk, asked } = await signsIn(LENA, () => ({ ...told, members: [row(LENA, "lead"), lie] }));
    await until(() => desk.people.view.value !== undefined);
    await desk.people.beginEpoch([at(LENA).id, lie.account as string]);
    for (const { body } of asked) assert.ok(accountsIn(body).every((id) => id === at(LENA).id));
  }
});

test("who is admitted as a reviewer or an admin gets a certificate and no key", async () => {
  for (const role of ["reviewer", "admin"] as const) {
    const [ed25519, x25519] = [await signingKey(random(32)), await agreementKey(random(32))];
    const waiting = [
      {
        account: "k1",
        name: "Kim",
        role,
        ed25519: base64(ed25519.publicKey),
        x25519: base64(x25519.publicKey),
        since: 1,
      },
    ];
    const { desk, asked } = await signsIn(LENA, () => ({ ...told, waiting, epoch_due: false, known_outside: false }));
    await until(() => desk.people.view.value !== undefined);
    const [shown] = desk.people.view.value?.waiting ?? [];
    assert.equal(await desk.people.admit("k1", shown?.fingerprint ?? ""), true);
    const { body } = asked.find((one) => one.path === "/desk/admit") as { body: Told };
    assert.deepEqual([body.team_keys, body.admin_key], [[], undefined]);
    const expected = { organisation: ORGANISATION, type: Type.STAFF, now: NOW, subject: "k1", team: TEAM, role };
    const raw = unbase64(body.certificate as string);
    const signed = await checkChain(theHouse.root.publicKey, theHouse.certificates.admin, raw, expected);
    assert.ok(equal(signed.certificate.keys[1] ?? random(1), x25519.publicKey));
    assert.equal(roleIn(signed.certificate, TEAM), role);
  }
});

test("a reviewer and an admin have no socket, and leave when their session is over", async () => {
  for (const who of [ROSA, ADA]) {
    let over = false;
    const keyless = { ...told, team_keys: [], admin_key: null };
    const { one, desk, asked } = await signsIn(
      who,
      () => keyless,
      () => over,
    );
    assert.equal(desk.phase.value, "in");
    assert.equal(one.server.links.size, 0);
    assert.equal(desk.replies.value, undefined);
    assert.equal(desk.people.view.value === undefined, who === ROSA);
    assert.deepEqual(desk.office.house.value?.sessions, who === ROSA ? undefined : HOUSE.sessions);
    // Nothing of a desk goes out, and an admin who removed somebody makes no key.
    assert.equal(await desk.take("00".repeat(16)), false);
    if (who === ADA) assert.equal(await desk.people.remove(at(ROSA).id), true);
    one.world.clock.advance(6_000);
    assert.deepEqual(
      asked.map((each) => each.path),
      who === ADA ? ["/desk/remove"] : [],
    );
    desk.lock();
    assert.equal(desk.phase.value, "locked");
    await desk.unlock(at(who).passphrase);
    assert.equal(desk.phase.value, "in");
    over = true;
    one.world.clock.advance(6_000);
    await until(() => desk.phase.value === "out", "the end of the session");
    assert.equal(desk.trouble.value, "signed_out");
    assert.equal(desk.office.house.value, undefined);
  }
});

test("G-9: whom the server calls more than they are gets no further than the door", async () => {
  for (const role of ["counsellor", "lead"]) {
    const one = await room(theHouse);
    const honest = one.world.surroundings.http;
    one.world.surroundings.http = async (method, path, body, token): Promise<Answer> => {
      if (path === "/desk/people") return { status: 200, body: told };
      const answer = await honest(method, path, body, token);
      if (path !== "/desk/sign-in") return answer;
      return { ...answer, body: { ...(answer.body as Told), role } };
    };
    const desk = await signedIn(one, ADA);
    await until(() => desk.phase.value === "out");
    assert.equal(desk.trouble.value, "untrusted");
  }
});

test("the browser's table of roles: one role, known, in this team; only a lead invites who may admit", () => {
  assert.deepEqual(roles.filter(hasTeamKey), ["counsellor", "lead"]);
  assert.deepEqual(roles.filter(hasAdminKey), ["lead"]);
  assert.deepEqual(
    roles.map((one) => invites(one).length),
    [0, 4, 0, 3],
  );
  assert.ok(!invites("admin").includes("lead"));
  const wrong = [[], ["chief"], [`${TEAM}/chief`], [`x-${TEAM}/lead`], [`${TEAM}/lead`, `${TEAM}/admin`], ["lead"]];
  for (const said of wrong) assert.equal(roleIn({ roles: said }, TEAM), undefined);
  for (const one of roles) assert.equal(roleIn({ roles: [`${TEAM}/${one}`] }, TEAM), one);
});
