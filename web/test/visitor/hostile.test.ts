/** A hostile server against a visitor's page (attack list, group M): it is refused, or the visitor sees a warning. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { random } from "../../src/crypto/bytes.ts";
import { type Certificate, certId, Type } from "../../src/crypto/certificate.ts";
import { agreementKey, type SigningKey, signingKey } from "../../src/crypto/curves.ts";
import {
  type Header,
  MESSAGE,
  NO_PREVIOUS,
  NOTE,
  openEnvelope,
  parse,
  ROTATION,
  readContent,
  SHARED_LOG,
  textContent,
  VISITOR,
} from "../../src/crypto/envelope.ts";
import { commitment, rotationContent } from "../../src/crypto/rotation.ts";
import { Purpose, wrap } from "../../src/crypto/wrap.ts";
import type { Counsellor } from "../wire/counsellor.ts";
import { breathe, passing, until } from "../wire/fake-world.ts";
import { makeHouse } from "../wire/house.ts";
import type { Frame } from "../wire/model-server.ts";
import { house, NOW, type Scene, said, scene, talking } from "./scene.ts";

const DAY = 86_400;

/** Start with a server whose hello is changed; give what the page then says of it. */
async function startWith(change: (hello: Frame) => object): Promise<Scene> {
  const one = await scene();
  one.server.meddle = (frame) => [frame.t === "hello" ? ({ ...frame, ...change(frame) } as Frame) : frame];
  void one.visit.start();
  await one.visit.send("canary");
  await until(() => one.visit.phase.value !== "opening", "an answer");
  return one;
}

function assertUntrusted(one: Scene): void {
  assert.deepEqual([one.visit.phase.value, one.visit.trouble.value], ["refused", "untrusted"]);
  assert.deepEqual(
    one.server.captured.filter((raw) => raw.length > 200),
    [],
  );
  assert.equal(one.server.convs.size, 0);
}

test("M-1: a team key that nobody vouches for gets no secret", async () => {
  const { admin } = (await house()).certificates;
  const other = await makeHouse({ now: NOW });
  assertUntrusted(await startWith(() => ({ certificates: [other.certificates.admin, other.certificates.team] })));
  assertUntrusted(await startWith(() => ({ certificates: [admin, other.certificates.team] })));
});

test("M-1, M-4: a team certificate of another kind, organisation or time gets no secret", async () => {
  const { certify, certificates, teamKey } = await house();
  const base: Partial<Certificate> = { type: Type.TEAM, subject: "night", keys: [teamKey.publicKey] };
  const wrong: Partial<Certificate>[] = [
    { ...base, organisation: "another" },
    { ...base, notBefore: NOW - 20 * DAY, notAfter: NOW - 2 * DAY - 1 },
    { ...base, notBefore: NOW + 2 * DAY + 1, notAfter: NOW + 20 * DAY },
    { ...base, type: Type.STAFF, keys: [(await signingKey(random(32))).publicKey, teamKey.publicKey] },
  ];
  for (const fields of wrong) {
    const team = await certify(fields);
    assertUntrusted(await startWith(() => ({ certificates: [certificates.admin, team] })));
  }
  const selfMade = await certify(base, await signingKey(random(32)));
  assertUntrusted(await startWith(() => ({ certificates: [certificates.admin, selfMade] })));
});

test("M-10, M-13: another protocol, organisation, line or time is refused", async () => {
  for (const change of [
    { protocol: 1 },
    { protocol: 0 },
    { organisation: "another" },
    { line: "another" },
    { minute: Math.floor(NOW / 60) + 48 * 60 + 1 },
    { minute: Math.floor(NOW / 60) - 48 * 60 - 1 },
    { certificates: [] },
  ]) {
    assertUntrusted(await startWith(() => change));
  }
});

test("M-1: another team after the first is refused on the next connection too", async () => {
  const one = await talking();
  const team = await one.house.certify({
    type: Type.TEAM,
    subject: "day",
    keys: [(await agreementKey(random(32))).publicKey],
  });
  one.server.meddle = (frame) => [
    frame.t === "hello" ? { ...frame, certificates: [one.house.certificates.admin, team] } : frame,
  ];
  one.server.cut();
  one.world.clock.advance(1_000);
  await until(() => one.visit.trouble.value === "untrusted");
});

test("M-8: forged staff messages are shown as doubtful, and the next honest one is read", async () => {
  const one = await talking();
  const { anna } = one;
  const conv = one.conv();
  const [, bram] = one.house.accounts;
  assert.ok(bram);
  const stranger = await signingKey(random(32));
  const forgeries = [
    { signing: stranger },
    { certId: random(16) },
    { certId: bram.certId }, // not the key that signed
    { header: { generation: 0 } },
    { header: { conv: random(16) } },
    { header: { msgId: new Uint8Array(16) }, secret: random(32) },
  ];
  let lines = 0;
  for (const forgery of forgeries) {
    const envelope = await anna.seals(conv, "forged", forgery);
    const n = conv.logs[1].length + 1;
    conv.logs[1].push({ n, minute: 1, envelope, account: anna.account.id });
    for (const link of one.server.links) {
      if (link.side === "visitor") one.server.say(link, { t: "envelope", log: 1, n, minute: 1, envelope });
    }
    lines += 1;
    await until(() => one.texts().length === lines);
    assert.equal(one.texts().at(-1), "them doubt", JSON.stringify(Object.keys(forgery)));
  }
  assert.equal(one.visit.trouble.value, undefined);
  const good = await anna.seals(conv, "the real Anna");
  const n = conv.logs[1].length + 1;
  conv.logs[1].push({ n, minute: 1, envelope: good, account: anna.account.id });
  for (const link of one.server.links) {
    if (link.side !== "visitor") continue;
    one.server.say(link, { t: "cert", certificate: anna.account.certificate });
    one.server.say(link, { t: "envelope", log: 1, n, minute: 1, envelope: good });
  }
  await until(() => one.texts().length === lines + 1);
  assert.equal(one.texts().at(-1), "them the real Anna");
});

test("M-8, B-21: a staff certificate that expired, or of another team or organisation, signs nothing", async () => {
  const { certify } = await house();
  const stranger = await signingKey(random(32));
  const keys = [stranger.publicKey, (await agreementKey(random(32))).publicKey];
  const good: Partial<Certificate> = { subject: "acc-x", keys, roles: ["night/counsellor"] };
  const wrong: Partial<Certificate>[] = [
    { ...good, roles: ["day/counsellor"] },
    { ...good, roles: [] },
    { ...good, organisation: "another" },
    { ...good, notBefore: NOW - 20 * DAY, notAfter: NOW - 2 * DAY - 1 },
    { ...good, type: Type.PARTNER, roles: [] },
  ];
  for (const [at, fields] of [...wrong, good].entries()) {
    const one = await talking();
    const certificate = await certify(fields);
    for (const link of one.server.links) {
      if (link.side === "visitor") one.server.say(link, { t: "cert", certificate });
    }
    await one.anna.says(one.conv(), "me", { certId: await certId(certificate), signing: stranger });
    await until(() => one.texts().length === 1);
    // The last one is in order, to see that the others fail for their own reason.
    assert.equal(one.texts()[0], at < wrong.length ? "them doubt" : "them me");
  }
});

test("M-7: the visitor's own words are never shown as the counsellor's", async () => {
  const one = await talking();
  await one.visit.send("mine");
  await said(one, 1);
  const [first] = one.conv().logs[1];
  assert.ok(first);
  const turned = first.envelope.slice();
  turned[5] = 2; // team to visitor
  for (const [i, envelope] of [first.envelope, turned].entries()) {
    for (const link of one.server.links) {
      if (link.side === "visitor") one.server.say(link, { t: "envelope", log: 1, n: 2 + i, minute: 1, envelope });
    }
  }
  await until(() => one.texts().length === 3);
  assert.deepEqual(one.texts(), ["me mine", "them doubt", "them doubt"]);
});

test("M-5: an envelope of another conversation is doubtful here", async () => {
  const [one, other] = [await talking(), await talking()];
  const envelope = await other.anna.seals(other.conv(), "for somebody else");
  for (const link of one.server.links) {
    if (link.side === "visitor") one.server.say(link, { t: "envelope", log: 1, n: 1, minute: 1, envelope });
  }
  await until(() => one.texts().length === 1);
  assert.deepEqual(one.texts(), ["them doubt"]);
});

test("M-6: frames out of order and twice make the same transcript; a dropped middle is seen", async () => {
  const one = await talking();
  const late: Frame[] = [];
  one.server.meddle = (frame, link) => {
    if (frame.t !== "envelope" || link.side !== "visitor") return [frame];
    late.push(frame);
    return [];
  };
  for (const text of ["a", "b", "c", "d"]) await one.anna.says(one.conv(), text);
  await until(() => late.length === 4);
  one.server.meddle = (frame) => [frame];
  const [visitor] = [...one.server.links].filter((link) => link.side === "visitor");
  assert.ok(visitor);
  for (const at of [3, 1, 1, 0, 2, 3, 0]) one.server.say(visitor, late[at] as Frame);
  await until(() => one.texts().length === 4);
  await breathe();
  assert.deepEqual(one.texts(), ["them a", "them b", "them c", "them d"]);
  assert.equal(one.visit.trouble.value, undefined);

  const two = await talking();
  let count = 0;
  two.server.meddle = (frame, link) => {
    if (frame.t !== "envelope" || link.side !== "visitor") return [frame];
    count += 1;
    if (count === 2) return [];
    return [{ ...frame, n: count > 2 ? frame.n - 1 : frame.n }];
  };
  for (const text of ["a", "b", "c", "d"]) await two.anna.says(two.conv(), text);
  await until(() => two.texts().length === 3);
  assert.deepEqual(two.texts(), ["them a", "them doubt", "them d"]);
  // The counsellor wrote "d" having seen three messages where the visitor was shown two.
  assert.equal(two.visit.trouble.value, "fork");
});

/** The server keeps envelope *n* of the shared log from the visitor while *isWithheld* says so. */
function withhold(one: Scene, n: number, isWithheld: () => boolean): void {
  one.server.meddle = (frame, link) => {
    const isIt = frame.t === "envelope" && link.side === "visitor" && frame.n === n;
    return isIt && isWithheld() ? [] : [frame];
  };
}

test("M-6: a message withheld for ever is asked for once and is then a fork", async () => {
  const one = await talking();
  withhold(one, 3, () => true);
  for (const text of ["a", "b", "c", "d"]) await one.anna.says(one.conv(), text);
  await until(() => one.texts().length === 2);
  await breathe();
  one.world.clock.advance(4_900);
  assert.equal(one.world.sockets.length, 1);
  await passing(one.world.clock, () => one.world.sockets.length === 2, "another socket");
  await one.visit.send("still here");
  await until(() => one.conv().logs[1].length === 5);
  one.world.clock.advance(9_500);
  assert.equal(one.visit.trouble.value, undefined);
  await passing(one.world.clock, () => one.visit.trouble.value === "fork", "the warning");
  assert.deepEqual(one.texts().slice(0, 2), ["them a", "them b"]);
  assert.equal(await one.visit.send("hello?"), false);
});

test("M-6: a message that was lost on the way comes when it is asked for, and nobody is warned", async () => {
  const one = await talking();
  withhold(one, 3, () => one.world.sockets.length === 1);
  for (const text of ["a", "b", "c", "d"]) await one.anna.says(one.conv(), text);
  await until(() => one.texts().length === 2);
  await passing(one.world.clock, () => one.world.sockets.length === 2, "another socket");
  await until(() => one.texts().length === 4, "what was lost");
  assert.deepEqual(one.texts(), ["them a", "them b", "them c", "them d"]);
  one.world.clock.advance(30_000);
  await breathe();
  assert.equal(one.visit.trouble.value, undefined);
  assert.equal(await one.visit.send("all here"), true);
});

test("M-6: an acknowledged number whose predecessor never comes is a fork, too", async () => {
  const one = await talking();
  withhold(one, 1, () => true);
  await one.anna.says(one.conv(), "unheard");
  await until(() => one.conv().logs[1].length === 1);
  await one.visit.send("mine");
  await until(() => one.visit.lines.value[0]?.delivery === "sent");
  await passing(one.world.clock, () => one.visit.trouble.value === "fork", "the warning");
  assert.ok(one.world.sockets.length > 1);
});

test("M-6: what the server promised on the way back and never sends is a fork", async () => {
  const one = await talking();
  one.server.meddle = (frame) => [frame.t === "resumed" ? { ...frame, last: 1 } : frame];
  one.server.cut();
  await passing(one.world.clock, () => one.visit.trouble.value === "fork", "the warning");
  assert.ok(one.world.sockets.length > 2);
});

test("M-6: an old message again, under a new number, is doubtful", async () => {
  const one = await talking();
  const envelope = await one.anna.says(one.conv(), "come tonight");
  await until(() => one.texts().length === 1);
  for (const link of one.server.links) {
    if (link.side === "visitor") one.server.say(link, { t: "envelope", log: 1, n: 2, minute: 1, envelope });
  }
  await until(() => one.texts().length === 2);
  assert.deepEqual(one.texts(), ["them come tonight", "them doubt"]);
});

test("M-6: a message id is used once: a second message under it is doubtful, in its own chain too", async () => {
  const one = await talking();
  const msgId = random(16);
  for (const [i, text] of ["first", "second"].entries()) {
    const envelope = await one.anna.seals(one.conv(), text, { header: { msgId } });
    one.conv().logs[1].push({ n: i + 1, minute: 1, envelope, account: one.anna.account.id });
    for (const link of one.server.links) {
      if (link.side !== "visitor") continue;
      one.server.say(link, { t: "cert", certificate: one.anna.account.certificate });
      one.server.say(link, { t: "envelope", log: 1, n: i + 1, minute: 1, envelope });
    }
  }
  await until(() => one.texts().length === 2);
  assert.deepEqual(one.texts(), ["them first", "them doubt"]);
});

test("M-20: two transcripts are noticed at the next reply, and nothing more is sent", async () => {
  const one = await talking();
  await one.visit.send("I am in danger");
  await said(one, 1);
  // The counsellor is shown another message in its place.
  await one.anna.says(one.conv(), "glad to hear it", { header: { seenHead: random(32) } });
  await until(() => one.visit.trouble.value === "fork");
  assert.equal(await one.visit.send("hello?"), false);
});

test("M-20: a counsellor who has seen more than the visitor was shown is a fork", async () => {
  const one = await talking();
  await one.anna.says(one.conv(), "as I said", { header: { seenSeq: 3 } });
  await until(() => one.visit.trouble.value === "fork");
  assert.deepEqual(one.texts(), ["them as I said"]);
});

test("M-20: two envelopes in one place are a fork", async () => {
  const one = await talking();
  const envelope = (await one.anna.says(one.conv(), "one story")).slice();
  await until(() => one.texts().length === 1);
  envelope[300] = (envelope[300] ?? 0) ^ 1;
  for (const link of one.server.links) {
    if (link.side === "visitor") one.server.say(link, { t: "envelope", log: 1, n: 1, minute: 1, envelope });
  }
  await until(() => one.visit.trouble.value === "fork");
});

test("M-11, M-16: acknowledgements of nothing change nothing; a shorter past after a cut is a fork", async () => {
  const one = await talking();
  await one.visit.send("a");
  await said(one, 1);
  for (const link of one.server.links) {
    if (link.side !== "visitor") continue;
    one.server.say(link, { t: "ack", msg_id: random(16), n: 2, minute: 1 });
    one.server.say(link, { t: "read", n: 900 });
    one.server.say(link, { t: "refused", code: "out_of_order", says: "", msg_id: random(16), seq: 9, g: 7 });
  }
  await one.visit.send("b");
  await said(one, 2);
  assert.deepEqual(one.texts(), ["me a", "me b"]);
  assert.equal(one.visit.lines.value[1]?.delivery, "sent");
  one.conv().logs[1].length = 0;
  one.server.cut();
  one.world.clock.advance(1_000);
  await until(() => one.visit.trouble.value === "fork");
});

test("M-17: a server cannot move the keys back, nor make us seal for ever", async () => {
  const one = await talking();
  one.server.meddle = (frame) => [
    frame.t === "ack" ? { t: "refused", code: "generation", says: "", msg_id: frame.msg_id, g: 0 } : frame,
  ];
  await one.visit.send("a");
  await until(() => one.visit.trouble.value === "failed");
  await breathe();
  assert.equal(one.visit.lines.value[0]?.delivery, "unsent");

  const two = await talking();
  let refusals = 0;
  two.server.meddle = (frame) => {
    if (frame.t !== "ack") return [frame];
    refusals += 1;
    return [{ t: "refused", code: "duplicate", says: "", msg_id: frame.msg_id, g: 1 }];
  };
  await two.visit.send("a");
  await breathe(400);
  assert.ok(refusals < 5, `${refusals} in a moment`);
});

test("M-10, M-14: unknown versions, garbage and giants change nothing on the screen but a doubt", async () => {
  const one = await talking();
  const good = await one.anna.seals(one.conv(), "hello");
  const otherVersion = good.slice();
  otherVersion[2] = 2;
  for (const link of one.server.links) {
    if (link.side !== "visitor") continue;
    for (const raw of [new Uint8Array(0), random(100), new Uint8Array(3_000_000)]) link.socket.deliver(raw);
    one.server.say(link, { t: "envelope", log: 2, n: 1, minute: 1, envelope: good });
    one.server.say(link, { t: "envelope", log: 1, n: 2 ** 40, minute: 1, envelope: good });
    one.server.say(link, { t: "envelope", log: 1, n: 0, minute: 1, envelope: good });
    one.server.say(link, { t: "envelope", log: 1, n: 1, minute: 1, envelope: otherVersion });
    one.server.say(link, { t: "envelope", log: 1, n: 2, minute: 1, envelope: random(40) });
  }
  await until(() => one.texts().length === 2);
  await breathe();
  assert.deepEqual(one.texts(), ["them doubt", "them doubt"]);
  assert.equal(one.visit.trouble.value, undefined);
});

test("M-19: the team's notes are not shown to a visitor, under whatever log they come", async () => {
  const one = await talking();
  const note = await one.anna.seals(one.conv(), "canary for the team", { header: { direction: NOTE } });
  const honest = await one.anna.seals(one.conv(), "canary of the log");
  for (const link of one.server.links) {
    if (link.side !== "visitor") continue;
    one.server.say(link, { t: "cert", certificate: one.anna.account.certificate });
    one.server.say(link, { t: "envelope", log: 2, n: 1, minute: 1, envelope: note });
    one.server.say(link, { t: "envelope", log: 2, n: 1, minute: 1, envelope: honest });
    one.server.say(link, { t: "envelope", log: 1, n: 1, minute: 1, envelope: note });
  }
  await until(() => one.texts().length === 1);
  await breathe();
  assert.deepEqual(one.texts(), ["them doubt"]);
});

/** A rotation record, made by hand: what is wrong with it is the caller's. */
async function turn(one: Scene & { readonly anna: Counsellor }, but: Turn = {}): Promise<Uint8Array> {
  const { conv: conversation, server } = one;
  const conv = conversation();
  const { generation = 2, epoch = 1, log = SHARED_LOG, of = conv.id } = but;
  const secret = but.secret ?? random(32);
  const { organisation, team } = one.house;
  const place = { organisation, team, epoch, conv: of, generation, purpose: but.purpose ?? Purpose.VISITOR };
  const ve = (conv.start as { ve: Uint8Array }).ve;
  const forVisitor = await wrap(but.wrapped ?? secret, ve, place);
  const named = await commitment(secret, of, log, generation, epoch);
  const content = rotationContent({ generation, epoch, commitment: named, wrap: but.wrap ?? forVisitor });
  const header = { klass: ROTATION, sender: random(8), seq: 1, prev: NO_PREVIOUS, ...but.header };
  const { certId = one.anna.account.certId, signing = one.anna.account.signing } = but;
  const under = but.under ?? (await server.secretOf(conv, 1, 1));
  const envelope = await one.anna.seals(conv, "", {
    content: but.content ?? content,
    header,
    certId,
    signing,
    secret: under,
  });
  one.anna.forget(); // it had a chain of its own
  return envelope;
}

interface Turn {
  readonly generation?: number;
  readonly epoch?: number;
  readonly log?: number;
  readonly of?: Uint8Array;
  readonly secret?: Uint8Array;
  readonly wrapped?: Uint8Array;
  readonly wrap?: Uint8Array;
  readonly purpose?: Purpose;
  readonly header?: Partial<Header>;
  readonly certId?: Uint8Array;
  readonly signing?: SigningKey;
  readonly under?: Uint8Array;
  readonly content?: Uint8Array;
}

function place(one: Scene, envelope: Uint8Array): void {
  const conv = one.conv();
  const stored = { n: conv.logs[1].length + 1, minute: one.server.minute, envelope, account: undefined };
  conv.logs[1].push(stored);
  for (const link of one.server.links) {
    if (link.side === "visitor") one.server.say(link, { t: "envelope", log: 1, ...stored, account: undefined });
  }
}

test("M-17: a turn that checks is followed without a word, and the one before is over", async () => {
  const one = await talking();
  await one.anna.says(one.conv(), "hello");
  await said(one, 1);
  const secret = random(32);
  place(one, await turn(one, { secret }));
  one.conv().later[1].push({ epoch: 1, wrap: random(80) });
  await one.anna.says(one.conv(), "under the second", { header: { generation: 2 }, secret });
  await one.visit.send("me too");
  await said(one, 3);
  assert.deepEqual(one.texts(), ["them hello", "them under the second", "me me too"]);
  const last = one.conv().logs[1].at(-1)?.envelope ?? new Uint8Array(0);
  assert.equal(parse(last).generation, 2);
  assert.equal(readContent(await openEnvelope(secret, last)), "me too");
  place(one, await one.anna.seals(one.conv(), "under the first", { header: { generation: 1 } }));
  await until(() => one.texts().at(-1) === "them doubt", "doubt");
});

test("M-17: a forged turn is doubtful, moves nobody, and nothing is said under its secret", async () => {
  const stranger = await signingKey(random(32));
  const { certify, accounts } = await house();
  const bram = accounts[1];
  assert.ok(bram);
  const ended = await certify({
    subject: "acc-old",
    keys: [stranger.publicKey, (await agreementKey(random(32))).publicKey],
    roles: ["night/counsellor"],
    notBefore: NOW - 200 * DAY,
    notAfter: NOW - 2 * DAY - 1,
  });
  const forgeries: Record<string, Turn> = {
    "another secret than the one that is named": { wrapped: random(32) },
    "a wrap that does not open": { wrap: random(80) },
    "a wrap of another conversation": { of: random(16) },
    "a wrap for somebody else": { purpose: Purpose.TEAM },
    "named in another log": { log: 2 },
    "a generation that is not the next": { generation: 3 },
    "the generation that there is": { generation: 1 },
    "one of before": { generation: 0 },
    "under a secret that is not the present one": { under: random(32) },
    "signed by nobody we know": { signing: stranger },
    "signed under a certificate that has ended": { signing: stranger, certId: await certId(ended) },
    "signed by somebody else than it says": { signing: bram.signing },
    "under another certificate than the signer's": { certId: bram.certId },
    "a message that pretends to be one": { header: { klass: MESSAGE } },
    "a record that pretends to be a message": { content: textContent("hello") },
    "from the visitor's own side": { header: { direction: VISITOR } },
    "a note's": { header: { direction: NOTE } },
    "from the generation that comes": { header: { generation: 2 } },
    "from the opening": { header: { generation: 0 } },
    "cut short": { content: new Uint8Array([2, 0, 0, 0, 2]) },
  };
  for (const [name, but] of Object.entries(forgeries)) {
    const one = await talking();
    await one.anna.says(one.conv(), "hello");
    await said(one, 1);
    const secret = random(32);
    const envelope = await turn(one, { secret, ...but }).catch(() => undefined);
    if (envelope === undefined) {
      assert.equal(name, "from the visitor's own side"); // it cannot even be made
      continue;
    }
    for (const link of one.server.links) one.server.say(link, { t: "cert", certificate: ended });
    place(one, envelope);
    await until(() => one.texts().length === 2, name);
    assert.equal(one.texts().at(-1), "them doubt", name);
    await one.visit.send("canary");
    await until(() => one.conv().logs[1].length === 3, name);
    const last = one.conv().logs[1].at(-1)?.envelope ?? new Uint8Array(0);
    assert.equal(parse(last).generation, 1, name);
    await assert.rejects(openEnvelope(secret, last), name);
    assert.equal(readContent(await openEnvelope(await one.server.secretOf(one.conv(), 1, 1), last)), "canary");
    one.visit.wipe();
  }
});

test("M-17, M-4: a turn back to an epoch that is over is doubtful", async () => {
  const one = await talking();
  await one.anna.says(one.conv(), "hello");
  await said(one, 1);
  const secret = random(32);
  place(one, await turn(one, { secret, epoch: 5 }));
  place(one, await turn(one, { generation: 3, epoch: 4, under: secret, header: { generation: 2 } }));
  await until(() => one.texts().at(-1) === "them doubt", "doubt");
  place(one, await turn(one, { generation: 3, epoch: 5, under: secret, header: { generation: 2 } }));
  place(one, await one.anna.seals(one.conv(), "", { header: { generation: 3 }, secret: random(32) }));
  await until(() => one.texts().length === 3, "one more, which does not open");
});

test("a server that names a generation to come gets nothing under it, and what was typed waits", async () => {
  const one = await talking();
  one.server.meddle = (frame) => {
    if (frame.t !== "ack") return [frame];
    return [{ t: "refused", code: "generation", says: "no", msg_id: frame.msg_id, seq: 1, prev: NO_PREVIOUS, g: 7 }];
  };
  await one.visit.send("canary");
  for (let n = 0; n < 10; n++) {
    await breathe(10);
    one.server.clock.advance(1_000);
  }
  for (const { envelope } of one.conv().logs[1]) assert.ok(parse(envelope).generation <= 1);
  assert.notEqual(one.visit.lines.value.at(-1)?.delivery, "sent");
});
