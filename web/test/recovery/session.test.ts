/** Two papers and a server's file: who brings what back, and what a hostile file or a wrong paper comes to. */

import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { adminPlace, adminRecoveryPlace, teamPlace } from "../../src/crypto/admission.ts";
import { base64, concat, equal, hex, lp, random, unbase64, utf8 } from "../../src/crypto/bytes.ts";
import {
  ADMIN_SUBJECT,
  checkAdmin,
  checkChain,
  checkRecovery,
  issue,
  parseCertificate,
  Type,
} from "../../src/crypto/certificate.ts";
import { agreementKey, signingKey, verify } from "../../src/crypto/curves.ts";
import { rootFingerprint } from "../../src/crypto/fingerprint.ts";
import { type Founding, found } from "../../src/crypto/founding.ts";
import { combine, fromPaper, type Paper, SharedKey } from "../../src/crypto/shares.ts";
import { Purpose, unwrap, wrap } from "../../src/crypto/wrap.ts";
import { Recovery, type Task } from "../../src/recovery/session.ts";

const NOW = 1_800_000_000;
const DAY = 86_400;
const ORGANISATION = "helpline";
const TEAM = "chat";

type Said = Record<string, unknown>;

/** Whoever joined and waits, with the private half of what is wrapped to them. */
async function somebody(name: string) {
  const [seed, secret] = [random(32), random(32)];
  const [ed25519, x25519] = [(await signingKey(seed)).publicKey, (await agreementKey(secret)).publicKey];
  const said = { account: hex(random(16)), name, team: TEAM, role: "lead" };
  return { secret, ed25519, x25519, said: { ...said, ed25519: base64(ed25519), x25519: base64(x25519) } };
}

interface House {
  readonly founding: Founding;
  readonly papers: readonly Paper[];
  readonly kim: Awaited<ReturnType<typeof somebody>>;
  readonly said: Said;
}

async function aHouse(organisation = ORGANISATION): Promise<House> {
  const [robin, kim] = [await somebody("Robin"), await somebody("Kim")];
  const founder = { ...robin, organisation, team: TEAM, role: "lead", account: robin.said.account };
  const { founding, papers } = await found(founder, NOW);
  const said = {
    luwte_recovery: 1,
    organisation,
    name: "Helpline",
    root: base64(founding.root),
    admin_certificate: base64(founding.adminCertificate),
    recovery_certificate: base64(founding.recoveryCertificate),
    admin_wrap: { epoch: 1, wrap: base64(founding.adminRecoveryWrap) },
    teams: [
      {
        team: TEAM,
        name: "Chat",
        certificate: base64(founding.teamCertificate),
        wraps: [{ epoch: 1, wrap: base64(founding.recoveryWrap) }],
      },
    ],
    applicants: [kim.said],
  };
  return { founding, papers, kim, said };
}

const house = await aHouse();
const other = await aHouse();
const elsewhere = await aHouse("elsewhere");

const linesOf = (from: House, key: SharedKey, number: number): readonly string[] =>
  from.papers.find((paper) => paper.key === key && paper.number === number)?.lines ?? [];

async function restored(from: House, key: SharedKey, organisation = ORGANISATION): Promise<Uint8Array> {
  const shares = await Promise.all([1, 2].map((n) => fromPaper(linesOf(from, key, n))));
  return combine(shares, { key, organisation });
}

/** As far as the choice; *said* is what the server wrote. */
async function opened(said: Said = house.said, now = NOW): Promise<Recovery> {
  const recovery = new Recovery(() => now * 1000);
  await recovery.open(JSON.stringify(said));
  await recovery.compared();
  return recovery;
}

/** The whole way to what is given back, or to what was wrong. */
async function asked(recovery: Recovery, task: Task, papers: readonly (readonly string[])[]) {
  await recovery.choose(task);
  await recovery.isThem();
  for (const lines of papers) await recovery.typed(lines);
  const step = recovery.step.value;
  const files = step.at === "done" ? Object.fromEntries(step.files.map((one) => [one.name, one.text])) : {};
  return { step, files, wrong: recovery.wrong.value?.code };
}

function kimOf(recovery: Recovery): Task {
  const step = recovery.step.value;
  const who = step.at === "task" ? step.from.waits[0] : undefined;
  assert.ok(who !== undefined);
  return { what: "lead", who };
}

const both = (from: House, key: SharedKey, [a, b]: readonly [number, number] = [1, 2]) => [
  linesOf(from, key, a),
  linesOf(from, key, b),
];

test("any two papers let exactly the one in whose digits were compared, with every key", async () => {
  const teamSecret = await restoredTeam();
  for (const pair of [
    [1, 2],
    [1, 3],
    [2, 3],
    [3, 1],
  ] as const) {
    const recovery = await opened();
    const { files, wrong } = await asked(recovery, kimOf(recovery), both(house, SharedKey.RECOVERY, pair));
    assert.equal(wrong, undefined);
    const made = JSON.parse(files["admission.json"] ?? "{}");
    assert.deepEqual(
      [made.deed, made.organisation, made.account, made.team],
      ["admit", ORGANISATION, house.kim.said.account, TEAM],
    );
    const expected = {
      organisation: ORGANISATION,
      type: Type.STAFF,
      now: NOW,
      subject: made.account,
      team: TEAM,
      role: "lead",
    };
    const { root, adminCertificate } = house.founding;
    const signed = await checkChain(root, adminCertificate, unbase64(made.certificate), expected);
    assert.deepEqual(signed.certificate.keys.map(hex), [hex(house.kim.ed25519), hex(house.kim.x25519)]);
    assert.deepEqual(signed.certificate.roles, [`${TEAM}/lead`]);
    const own = await agreementKey(house.kim.secret);
    const [key] = made.team_keys;
    const team = await unwrap(unbase64(key.wrap), own, teamPlace(ORGANISATION, TEAM, 1, Purpose.MEMBER));
    assert.ok(equal(team, teamSecret));
    const admin = await unwrap(unbase64(made.admin_key), own, adminPlace(ORGANISATION, 1));
    const [adminPublic] = parseCertificate(adminCertificate).certificate.keys;
    assert.ok(equal((await signingKey(admin)).publicKey, adminPublic ?? new Uint8Array()));
  }
});

async function restoredTeam(): Promise<Uint8Array> {
  const last = await agreementKey(await restored(house, SharedKey.RECOVERY));
  return unwrap(house.founding.recoveryWrap, last, teamPlace(ORGANISATION, TEAM, 1, Purpose.RECOVERY));
}

test("the team-admin key's wrap opens as a team's nowhere, nor a team's as the team-admin key's", async () => {
  const last = await agreementKey(await restored(house, SharedKey.RECOVERY));
  const { adminRecoveryWrap, recoveryWrap } = house.founding;
  assert.equal((await unwrap(adminRecoveryWrap, last, adminRecoveryPlace(ORGANISATION, 1))).length, 32);
  for (const team of [TEAM, ADMIN_SUBJECT]) {
    await assert.rejects(unwrap(adminRecoveryWrap, last, teamPlace(ORGANISATION, team, 1, Purpose.RECOVERY)));
  }
  await assert.rejects(unwrap(recoveryWrap, last, adminRecoveryPlace(ORGANISATION, 1)));
  await assert.rejects(unwrap(adminRecoveryWrap, last, adminPlace(ORGANISATION, 1)));
});

test("a wrong paper says so, makes nothing, and the right one goes on", async () => {
  const key = SharedKey.RECOVERY;
  const [first, second] = both(house, key);
  const swapped = (first ?? []).map((_, at, all) => all[at === 0 ? 1 : at === 1 ? 0 : at] ?? "");
  const tries: readonly (readonly [readonly string[] | undefined, string])[] = [
    [first, "twice"],
    [linesOf(house, SharedKey.ROOT, 2), "other_key"],
    [linesOf(other, key, 2), "other_set"],
    [swapped, "slip"],
    [[], "slip"],
  ];
  for (const [lines, code] of tries) {
    const recovery = await opened();
    const { step, wrong } = await asked(recovery, kimOf(recovery), [first ?? [], lines ?? []]);
    assert.deepEqual([step.at, wrong], ["share", code]);
    await recovery.typed(second ?? []);
    assert.equal(recovery.step.value.at, "done");
  }
});

test("a paper of another key is refused at once, whoever sits down first", async () => {
  const recovery = await opened();
  const { step, wrong } = await asked(recovery, kimOf(recovery), [linesOf(house, SharedKey.ROOT, 1)]);
  assert.deepEqual([step.at === "share" && step.turn, wrong], [1, "other_key"]);
});

test("one paper is nothing, and the first may be typed anew", async () => {
  const recovery = await opened();
  const { step } = await asked(recovery, kimOf(recovery), [linesOf(other, SharedKey.RECOVERY, 1)]);
  assert.deepEqual([step.at, step.at === "share" && step.turn], ["share", 2]);
  await recovery.again();
  for (const lines of both(house, SharedKey.RECOVERY)) await recovery.typed(lines);
  assert.equal(recovery.step.value.at, "done");
});

test("two papers of another organisation, or of another ceremony, open nothing here", async () => {
  for (const from of [elsewhere, other]) {
    const recovery = await opened();
    const { step, wrong } = await asked(recovery, kimOf(recovery), both(from, SharedKey.RECOVERY));
    assert.deepEqual([step.at, wrong], ["share", from === elsewhere ? "wrong" : "other_key"]);
  }
});

/** The server's file with something else in one place. */
const changed = (changes: Said): Said => ({ ...house.said, ...changes });

test("a file whose certificates do not hang together is refused before any paper is touched", async () => {
  const lead = await signingKey(await restored(other, SharedKey.ROOT));
  const certificate = { ...parseCertificate(house.founding.adminCertificate).certificate };
  const [team] = house.said.teams as Said[];
  const [theirs] = other.said.teams as Said[];
  const files: Said[] = [
    changed({ admin_certificate: other.said.admin_certificate }),
    changed({ admin_certificate: base64(await issue(certificate, lead)) }),
    changed({ recovery_certificate: other.said.recovery_certificate }),
    changed({ recovery_certificate: house.said.admin_certificate }),
    changed({ root: other.said.root }),
    changed({ organisation: "elsewhere" }),
    changed({ teams: [{ ...team, certificate: theirs?.certificate }] }),
    changed({ teams: [{ ...team, team: "other" }] }),
    changed({ luwte_recovery: 2 }),
    changed({ applicants: [{ ...house.kim.said, role: "counsellor" }] }),
    changed({ admin_wrap: { epoch: 1, wrap: base64(random(79)) } }),
    changed({ surplus: 1 }),
    {},
  ];
  for (const [at, said] of files.entries()) {
    const recovery = await opened(said);
    assert.deepEqual([recovery.step.value.at, recovery.wrong.value?.code], ["start", "claims"], String(at));
  }
});

test("a whole file of somebody else's making has other digits of the main key", async () => {
  const recovery = new Recovery(() => NOW * 1000);
  await recovery.open(JSON.stringify(other.said));
  const step = recovery.step.value;
  assert.ok(step.at === "compare");
  assert.notEqual(step.fingerprint, await rootFingerprint(ORGANISATION, house.founding.root));
});

test("wraps that are swapped, moved, made up or of another key are refused, and nothing is made", async () => {
  const last = (await agreementKey(await restored(house, SharedKey.RECOVERY))).publicKey;
  const [team] = house.said.teams as Said[];
  const forged = await wrap(random(32), last, teamPlace(ORGANISATION, TEAM, 1, Purpose.RECOVERY));
  const ahead = await wrap(random(32), last, teamPlace(ORGANISATION, TEAM, 2, Purpose.RECOVERY));
  const admin = await wrap(random(32), last, adminRecoveryPlace(ORGANISATION, 1));
  const good = { epoch: 1, wrap: base64(house.founding.recoveryWrap) };
  const withWraps = (...wraps: Said[]): Said => changed({ teams: [{ ...team, wraps }] });
  const files: (readonly [Said, string])[] = [
    [withWraps({ epoch: 1, wrap: base64(forged) }), "wraps"],
    [withWraps({ epoch: 1, wrap: base64(other.founding.recoveryWrap) }), "wraps"],
    [withWraps({ epoch: 1, wrap: base64(house.founding.adminRecoveryWrap) }), "wraps"],
    [withWraps({ epoch: 2, wrap: good.wrap }), "wraps"],
    [withWraps(good, { epoch: 2, wrap: base64(ahead) }), "wraps"],
    [withWraps(good, good), "wraps"],
    [withWraps(), "wraps"],
    [changed({ admin_wrap: { epoch: 1, wrap: base64(admin) } }), "wraps"],
    [changed({ admin_wrap: { epoch: 1, wrap: base64(house.founding.recoveryWrap) } }), "wraps"],
    [changed({ admin_wrap: { epoch: 2, wrap: base64(house.founding.adminRecoveryWrap) } }), "unready"],
    [changed({ admin_wrap: null }), "unready"],
  ];
  for (const [at, [said, code]] of files.entries()) {
    const recovery = await opened(said);
    const { step, wrong } = await asked(recovery, kimOf(recovery), both(house, SharedKey.RECOVERY));
    assert.deepEqual([step.at, wrong], ["share", code], String(at));
  }
});

test("other keys of an applicant have other digits, and what is signed are the keys behind the digits", async () => {
  const stranger = await somebody("Kim");
  const keys = { ed25519: stranger.said.ed25519, x25519: stranger.said.x25519 };
  const shown = [];
  for (const applicant of [
    house.kim.said,
    { ...house.kim.said, ...keys },
    { ...house.kim.said, x25519: keys.x25519 },
  ]) {
    const recovery = await opened(changed({ applicants: [applicant] }));
    await recovery.choose(kimOf(recovery));
    const step = recovery.step.value;
    assert.ok(step.at === "applicant");
    shown.push(step.fingerprint);
  }
  assert.equal(new Set(shown).size, shown.length);
});

test("the team-admin key gets another year from two papers of the main key, and of no other", async () => {
  const later = NOW + 500 * DAY; // its days are over
  const recovery = await opened(house.said, later);
  const { files } = await asked(recovery, { what: "days" }, both(house, SharedKey.ROOT, [2, 3]));
  const made = JSON.parse(files["admin-days.json"] ?? "{}");
  const { root, adminCertificate } = house.founding;
  const now = later + 364 * DAY;
  const { certificate } = await checkAdmin(root, unbase64(made.admin_certificate), { organisation: ORGANISATION, now });
  const before = parseCertificate(adminCertificate).certificate;
  assert.deepEqual([certificate.keys, certificate.epoch], [before.keys, before.epoch]);
  const wrong = await opened();
  const refused = await asked(wrong, { what: "days" }, both(other, SharedKey.ROOT));
  assert.deepEqual([refused.step.at, refused.wrong], ["share", "other_key"]);
  // Until then nobody is let in with it.
  const late = await opened(house.said, later);
  assert.equal((await asked(late, kimOf(late), both(house, SharedKey.RECOVERY))).wrong, "ended");
});

test("what was signed under the team-admin key before it got new days still holds", async () => {
  const later = NOW + 350 * DAY;
  const recovery = await opened(house.said, later);
  const { files } = await asked(recovery, { what: "days" }, both(house, SharedKey.ROOT));
  const renewed = unbase64(JSON.parse(files["admin-days.json"] ?? "{}").admin_certificate);
  const expected = { organisation: ORGANISATION, type: Type.STAFF, now: NOW + 5, adminNow: later, team: TEAM };
  await checkChain(house.founding.root, renewed, house.founding.certificate, expected);
});

test("a main key signs its successor: the same keys below it, three new papers, and its own word", async () => {
  const recovery = await opened();
  const { step } = await asked(recovery, { what: "root" }, both(house, SharedKey.ROOT, [1, 3]));
  assert.ok(step.at === "papers");
  assert.equal(step.papers.length, 3);
  await recovery.wrote();
  const done = recovery.step.value;
  assert.ok(done.at === "done");
  const files = Object.fromEntries(done.files.map((one) => [one.name, one.text]));
  const made = JSON.parse(files["successor.json"] ?? "{}");
  const root = unbase64(made.root);
  assert.equal(files["root.pub"], `${hex(root)}\n`);
  assert.equal(done.fingerprint, await rootFingerprint(ORGANISATION, root));
  const said = concat(utf8("luwte/v1/succession\0"), lp(utf8(ORGANISATION)), house.founding.root, root);
  assert.ok(await verify(house.founding.root, unbase64(made.statement), said));
  const at = { organisation: ORGANISATION, now: NOW };
  const { certificate } = await checkAdmin(root, unbase64(made.admin_certificate), at);
  assert.deepEqual(certificate.keys, parseCertificate(house.founding.adminCertificate).certificate.keys);
  const ork = (await checkRecovery(root, unbase64(made.recovery_certificate), at)).certificate;
  assert.deepEqual(ork.keys, parseCertificate(house.founding.recoveryCertificate).certificate.keys);
  // The staff and the team under the same team-admin key hold under the new root as they are.
  const team = { organisation: ORGANISATION, type: Type.TEAM, now: NOW, team: TEAM };
  await checkChain(root, unbase64(made.admin_certificate), house.founding.teamCertificate, team);
  const shares = await Promise.all(step.papers.slice(1).map((paper) => fromPaper(paper.lines)));
  const secret = await combine(shares, { key: SharedKey.ROOT, organisation: ORGANISATION });
  assert.ok(equal((await signingKey(secret)).publicKey, root));
});

test("without the old main key nothing is stated", async () => {
  const recovery = await opened();
  await recovery.choose({ what: "lost" });
  await recovery.wrote();
  const done = recovery.step.value;
  assert.ok(done.at === "done");
  assert.equal(JSON.parse(done.files[0]?.text ?? "{}").statement, "");
});

test("new papers restore the same key, in another set", async () => {
  for (const key of [SharedKey.ROOT, SharedKey.RECOVERY]) {
    const recovery = await opened();
    const { step } = await asked(recovery, { what: "papers", key }, both(house, key));
    assert.ok(step.at === "papers");
    const shares = await Promise.all(step.papers.slice(0, 2).map((paper) => fromPaper(paper.lines)));
    const secret = await combine(shares, { key, organisation: ORGANISATION });
    assert.ok(equal(secret, await restored(house, key)));
    assert.notEqual(step.papers[0]?.set, house.papers.find((paper) => paper.key === key)?.set);
  }
});

test("whoever leaves takes nothing along: the first paper has to be typed anew", async () => {
  const recovery = await opened();
  await asked(recovery, kimOf(recovery), [linesOf(house, SharedKey.RECOVERY, 1)]);
  recovery.leave();
  await recovery.open(JSON.stringify(house.said));
  await recovery.compared();
  const { step } = await asked(recovery, kimOf(recovery), [linesOf(house, SharedKey.RECOVERY, 2)]);
  assert.deepEqual([step.at, step.at === "share" && step.turn], ["share", 2]);
});

const text = JSON.stringify(house.said);

test("a file that was cut off is refused", async () => {
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 0, max: text.length - 1 }), async (at) => {
      const recovery = new Recovery(() => NOW * 1000);
      await recovery.open(text.slice(0, at));
      assert.deepEqual([recovery.step.value.at, recovery.wrong.value?.code], ["start", "claims"]);
    }),
    { numRuns: 60 },
  );
});

test("a file with one other sign makes nothing that would not have been made, or makes nothing", async () => {
  const papers = both(house, SharedKey.RECOVERY);
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 0, max: text.length - 1 }),
      fc.constantFrom("A", "b", "9", "/", '"'),
      async (at, sign) => {
        fc.pre(text[at] !== sign);
        const recovery = new Recovery(() => NOW * 1000);
        await recovery.open(text.slice(0, at) + sign + text.slice(at + 1));
        await recovery.compared();
        const step = recovery.step.value;
        if (step.at !== "task") return;
        const [who] = step.from.waits;
        if (who === undefined) return;
        const { files } = await asked(recovery, { what: "lead", who }, papers);
        if (files["admission.json"] === undefined) return;
        // What is left are names and keys of whoever waits: people compare those.
        const { name: _, ...left } = { ...who, ed25519: base64(who.ed25519), x25519: base64(who.x25519) };
        const { name: __, ...meant } = house.kim.said;
        const isSame = JSON.stringify(left) === JSON.stringify(meant);
        const made = JSON.parse(files["admission.json"]);
        assert.equal(made.organisation, ORGANISATION);
        if (isSame) assert.equal(made.account, house.kim.said.account);
      },
    ),
    { numRuns: 40 },
  );
});

test("a rehearsal says which keys open, whatever the server kept, and makes no file", async () => {
  const last = await agreementKey(await restored(house, SharedKey.RECOVERY));
  const team = (wraps: readonly object[]) => [{ ...(house.said.teams as Said[])[0], wraps }];
  const [{ wraps }] = house.said.teams as [{ wraps: readonly Said[] }];
  const foreign = {
    epoch: 1,
    wrap: base64(await wrap(random(32), last.publicKey, adminRecoveryPlace(ORGANISATION, 1))),
  };
  const place = (epoch: number) => teamPlace(ORGANISATION, TEAM, epoch, Purpose.RECOVERY);
  const wrapped = async (epoch: number) => ({
    epoch,
    wrap: base64(await wrap(random(32), last.publicKey, place(epoch))),
  });
  const rubbish = { epoch: 1, wrap: base64(random(80)) };
  for (const [changes, expected] of [
    [{}, ["signed", "signed"]],
    [{ admin_wrap: rubbish }, ["fails", "signed"]],
    [{ admin_wrap: foreign }, ["fails", "signed"]],
    [{ admin_wrap: null }, ["fails", "signed"]],
    [{ teams: team([rubbish]) }, ["signed", "fails"]],
    [{ teams: team([await wrapped(1)]) }, ["signed", "fails"]],
    [{ teams: team([]) }, ["signed", "fails"]],
    [{ teams: team([await wrapped(0), ...wraps]) }, ["signed", "signed", "opens"]],
  ] as const) {
    const recovery = await opened({ ...house.said, ...changes });
    const { step, files } = await asked(recovery, { what: "look" }, both(house, SharedKey.RECOVERY));
    assert.ok(step.at === "looked");
    assert.deepEqual(
      step.tried.map(({ found }) => found),
      expected,
    );
    assert.deepEqual(files, {});
  }
  const { step, wrong } = await asked(await opened(), { what: "look" }, both(house, SharedKey.ROOT));
  assert.deepEqual([step.at, wrong], ["share", "other_key"]);
});

test("who leaves while a paper is read leaves nothing of it behind", async (t) => {
  const lines = linesOf(house, SharedKey.RECOVERY, 1);
  const { point } = await fromPaper(lines);
  const recovery = await opened();
  await recovery.choose({ what: "look" });
  const wiped: string[] = [];
  const fill = Uint8Array.prototype.fill;
  t.mock.method(Uint8Array.prototype, "fill", function (this: Uint8Array, value: number) {
    wiped.push(hex(this));
    return fill.call(this, value);
  });
  const reading = recovery.typed(lines);
  recovery.leave();
  await reading;
  t.mock.restoreAll();
  assert.ok(wiped.includes(hex(point)));
  assert.equal(recovery.step.value.at, "start");
});
