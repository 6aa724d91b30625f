/** What a desk remembers of the log of who did what, and a server that writes its past anew; and broken glass. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { decode } from "@msgpack/msgpack";
import { base64, concat, hex, random, utf8 } from "../../src/crypto/bytes.ts";
import { type SigningKey, signingKey } from "../../src/crypto/curves.ts";
import { join, leaf } from "../../src/crypto/merkle.ts";
import { sha256 } from "../../src/crypto/primitives.ts";
import { DeskAudit } from "../../src/desk/session-audit.ts";
import type { Desk } from "../../src/desk/session-desk.ts";
import type { DeskSays } from "../../src/wire/desk-frames.ts";
import { breathe, FakeClock, fakeWorld, until } from "../wire/fake-world.ts";
import { ORGANISATION } from "../wire/house.ts";
import type { Conv, Frame, Link } from "../wire/model-server.ts";
import { linesOf, type Room, room, signedIn, takesNext, talkOf, visitorWho } from "./scene.ts";

const LENA = 2;
const HOUR = 3_600_000;
const ORIGIN = `luwte-audit/${ORGANISATION}`;

const linkOf = (one: Room, who: number): Link => {
  const link = [...one.server.links].find((found) => found.account === one.house.accounts[who]);
  if (link === undefined) throw new Error("no such desk");
  return link;
};
const onlyConv = (one: Room): Conv => [...one.server.convs.values()][0] as Conv;

async function told(one: Room, who: number, frame: Frame): Promise<void> {
  one.server.say(linkOf(one, who), frame);
  await breathe();
}

/** A log as its server has it: it may write its past anew, and signs whatever it likes. */
class Log {
  leaves: Uint8Array[] = [];
  erasures = 0;
  origin = ORIGIN;
  readonly key: SigningKey;

  constructor(key: SigningKey) {
    this.key = key;
  }

  grow(count: number): void {
    for (let n = 0; n < count; n++) this.leaves.push(random(8));
  }

  async root(from = 0, to = this.leaves.length): Promise<Uint8Array> {
    if (to - from === 0) return sha256(new Uint8Array(0));
    if (to - from === 1) return leaf(this.leaves[from] as Uint8Array);
    const middle = from + 2 ** Math.floor(Math.log2(to - from - 1));
    return join(await this.root(from, middle), await this.root(middle, to));
  }

  async proof(first: number, from = 0, to = this.leaves.length, known = true): Promise<Uint8Array[]> {
    if (first === to - from) return known ? [] : [await this.root(from, to)];
    const middle = from + 2 ** Math.floor(Math.log2(to - from - 1));
    if (first <= middle - from) return [...(await this.proof(first, from, middle, known)), await this.root(middle, to)];
    return [...(await this.proof(first - (middle - from), middle, to, false)), await this.root(from, middle)];
  }

  /** The frame for a desk that remembers *after* records. */
  async checkpoint(after: number, size = this.leaves.length): Promise<Frame> {
    const root = base64(await this.root(0, size));
    const text = `${this.origin}\n${size}\n${root}\nminute 30000000\nerasures ${this.erasures}\n`;
    const id = (await sha256(concat(utf8(`${this.origin}\n`), new Uint8Array([1]), this.key.publicKey))).subarray(0, 4);
    const signature = base64(concat(id, await this.key.sign(utf8(text))));
    const proof = after > 0 && after < size ? await this.proof(after, 0, size) : [];
    return { t: "checkpoint", key: this.key.publicKey, note: `${text}\n\u2014 ${this.origin} ${signature}\n`, proof };
  }
}

const aLog = async (count: number): Promise<Log> => {
  const log = new Log(await signingKey(random(32)));
  log.grow(count);
  return log;
};

/** What one desk remembers, without the desk around it: the frames are what its server said. */
async function remembering(): Promise<{ clock: FakeClock; audit: DeskAudit; log: Log; said: DeskSays[] }> {
  const clock = new FakeClock();
  const said: DeskSays[] = [];
  const { surroundings } = fakeWorld({ clock, connect: () => {} });
  const say = (frame: DeskSays): boolean => said.push(frame) > 0;
  const audit = new DeskAudit(surroundings, ORGANISATION, say, () => undefined);
  const log = await aLog(5);
  audit.connected();
  await hears(audit, await log.checkpoint(0));
  assert.equal(audit.remembered.value?.size, 5);
  return { clock, audit, log, said };
}

const hears = (audit: DeskAudit, frame: Frame): Promise<void> => audit.hear(frame as Parameters<DeskAudit["hear"]>[0]);

test("a log that only grows is believed, over a lost connection too, and a new shift begins anew", async () => {
  const { audit, log, said } = await remembering();
  for (const more of [0, 1, 6]) {
    const before = log.leaves.length;
    log.grow(more);
    await hears(audit, await log.checkpoint(before));
    assert.equal(audit.remembered.value?.size, before + more);
  }
  audit.disconnected();
  audit.connected();
  assert.deepEqual(said, [
    { t: "witness", after: 0 },
    { t: "witness", after: 12 },
  ]);
  log.erasures = 4;
  log.grow(1);
  await hears(audit, await log.checkpoint(12));
  assert.deepEqual([audit.remembered.value?.size, audit.doubt.value], [13, undefined]);
  audit.clear();
  assert.equal(audit.remembered.value, undefined);
});

const attacks: Record<string, (log: Log) => Promise<Frame>> = {
  "a record of the past is another one": async (log) => {
    log.leaves[2] = random(8);
    log.grow(3);
    return log.checkpoint(5);
  },
  "the past is shorter": async (log) => {
    log.leaves.length = 4;
    return log.checkpoint(0);
  },
  "the same size with another past": async (log) => {
    log.leaves[0] = random(8);
    return log.checkpoint(5);
  },
  "no proof": async (log) => {
    log.grow(3);
    return { ...(await log.checkpoint(5)), proof: [] };
  },
  "a proof from elsewhere": async (log) => {
    log.grow(3);
    return log.checkpoint(4);
  },
  "another key": async (log) => {
    const other = new Log(await signingKey(random(32)));
    other.leaves = log.leaves;
    return other.checkpoint(5);
  },
  "another log": async (log) => {
    log.origin = "luwte-audit/somebody-else";
    return log.checkpoint(5);
  },
  "a signature that is none": async (log) => {
    log.grow(1);
    const frame = await log.checkpoint(5);
    return { ...frame, note: frame.note.replace("minute 3", "minute 4") };
  },
  "no note at all": async (log) => ({ ...(await log.checkpoint(5)), note: "hello" }),
  "erasures taken back": async (log) => {
    log.erasures = 2;
    const { note } = await log.checkpoint(5);
    log.erasures = 1;
    log.grow(1);
    return { ...(await log.checkpoint(5)), first: note } as Frame;
  },
};

for (const [name, attack] of Object.entries(attacks)) {
  test(`a hostile server is found out, and nothing it says takes that back: ${name}`, async () => {
    const { audit, log } = await remembering();
    const { first, ...frame } = await attack(log);
    if (first !== undefined) await hears(audit, { ...(await log.checkpoint(5)), note: first, proof: [] });
    await hears(audit, frame as Frame);
    assert.equal(audit.doubt.value, "rewritten");
    await hears(audit, await (await aLog(5)).checkpoint(0));
    await hears(audit, await log.checkpoint(5));
    assert.deepEqual([audit.doubt.value, audit.remembered.value?.size], ["rewritten", 5]);
    audit.clear();
    assert.equal(audit.doubt.value, undefined);
  });
}

test("a desk is told on the wire, and warns until its shift ends", async () => {
  const one = await room();
  const anna = await signedIn(one, 0);
  assert.deepEqual(one.server.witnessed, [0]);
  const log = await aLog(5);
  await told(one, 0, await log.checkpoint(0));
  await until(() => anna.audit.remembered.value?.size === 5, "the first checkpoint");
  one.server.cut((link) => link.side === "desk");
  one.clock.advance(1_000);
  await until(() => one.server.witnessed.length === 2, "asking on");
  assert.deepEqual(one.server.witnessed, [0, 5]);
  log.leaves[2] = random(8);
  log.grow(1);
  await told(one, 0, await log.checkpoint(5));
  await until(() => anna.audit.doubt.value === "rewritten", "the warning");
  await anna.signOut();
  assert.equal(anna.audit.doubt.value, undefined);
});

test("a server that shows nothing for hours is told of, until it does; a lost connection is no silence", async () => {
  const { clock, audit, log } = await remembering();
  clock.advance(3 * HOUR - 1);
  assert.equal(audit.doubt.value, undefined);
  audit.disconnected();
  clock.advance(2 * HOUR);
  assert.equal(audit.doubt.value, undefined);
  audit.connected();
  clock.advance(599_999);
  assert.equal(audit.doubt.value, undefined);
  clock.advance(1);
  assert.equal(audit.doubt.value, "silent");
  log.grow(1);
  await hears(audit, await log.checkpoint(5));
  assert.equal(audit.doubt.value, undefined);
  clock.advance(3 * HOUR);
  assert.equal(audit.doubt.value, "silent");
});

test("a lead's page is what the server says, and what is none is not believed", async () => {
  const one = await room();
  const lena = await signedIn(one, LENA);
  const row = {
    n: 7,
    minute: 30_000_000,
    name: "anna",
    role: "counsellor",
    action: "opening.read",
    conversation: "00ff",
    reason: "",
    about: "",
    result: "done",
  };
  one.server.records = { rows: [row], more: true, employees: ["anna", "lena"] };
  const wanted = { employee: "anna", number: 3, day: 20_000, before: undefined };
  assert.deepEqual(await lena.audit.look(wanted), one.server.records);
  const said = one.server.captured
    .map((raw) => new TextDecoder().decode(raw))
    .findLast((text) => text.includes("/audit"));
  assert.equal(said, '/desk/audit {"employee":"anna","number":3,"day":20000}');
  for (const records of [{ rows: [{ ...row, opening: "hello" }], more: false, employees: [] }, { rows: [] }]) {
    one.server.records = records;
    assert.equal(await lena.audit.look(wanted), "untrusted");
  }
  await lena.signOut();
  assert.equal(await lena.audit.look(wanted), "signed_out");
});

async function throughGlass(): Promise<{ one: Room; anna: Desk; bram: Desk; conv: string }> {
  const one = await room();
  await visitorWho(one, "hello");
  const [anna, bram] = [await signedIn(one, 0), await signedIn(one, 1)];
  const talk = await takesNext(anna);
  await anna.send(talk.conv, "hi");
  await anna.note(talk.conv, "sounds young");
  await until(() => onlyConv(one).logs[2].length === 1, "the note");
  const opening = bram.glass.open(1, 20_000, "absent", "nobody answers");
  await until(() => one.server.deeds.length === 1, "asking");
  one.server.openUp(linkOf(one, 1), onlyConv(one), "anna");
  assert.equal(await opening, undefined);
  await until(() => linesOf(talkOf(bram, talk.conv)).length === 3, "both logs");
  return { one, anna, bram, conv: talk.conv };
}

test("what is read through glass is read, and nothing goes from there to anybody", async () => {
  const { one, bram, conv } = await throughGlass();
  const talk = talkOf(bram, conv);
  assert.deepEqual([talk.throughGlass.value, talk.beside.value], [true, "anna"]);
  const before = one.server.captured.length;
  assert.deepEqual([await bram.send(conv, "no"), await bram.note(conv, "no")], [false, false]);
  bram.typing(conv);
  bram.seen(conv);
  await breathe();
  assert.deepEqual(
    one.server.captured.slice(before).map((raw) => (decode(raw) as Frame).t),
    [],
  );
  bram.glass.close(conv);
  await until(() => one.server.deeds.at(-1)?.t === "close_glass", "closing");
  assert.equal(hex(one.server.deeds.at(-1)?.conv), conv);
  await told(one, 1, { t: "stepped_out", conv: onlyConv(one).id });
  assert.equal(bram.conversations.value.length, 0);
});

test("one that has ended stays to be read, and goes from the screen when it is closed", async () => {
  const { one, bram, conv } = await throughGlass();
  await told(one, 1, { t: "ended", conv: onlyConv(one).id, by: "team" });
  assert.equal(talkOf(bram, conv).ended.value, "team");
  bram.dismiss(conv);
  await until(() => one.server.deeds.at(-1)?.t === "close_glass", "closing");
  assert.equal(bram.conversations.value.length, 1);
  await told(one, 1, { t: "stepped_out", conv: onlyConv(one).id });
  assert.equal(bram.conversations.value.length, 0);
});

test("a refusal is told to whoever asked, and nothing is shown", async () => {
  const one = await room();
  const bram = await signedIn(one, 1);
  const opening = bram.glass.open(1, 20_000, "law", "nobody answers");
  await until(() => one.server.deeds.length === 1, "asking");
  await told(one, 1, { t: "refused", code: "reason_needed", says: "no" });
  assert.equal(await opening, "reason_needed");
  assert.deepEqual([bram.conversations.value.length, bram.trouble.value], [0, undefined]);
});

test("broken glass stands until the server says that somebody saw it", async () => {
  const one = await room();
  const lena = await signedIn(one, LENA);
  const row = { key: 3, number: 1, by: "anna", basis: "danger", reason: "at the door", minute: 1, mine: false };
  await told(one, LENA, { t: "broken", glass: [row] });
  assert.deepEqual(lena.glass.broken.value, [row]);
  lena.glass.see(3);
  await until(() => one.server.deeds.at(-1)?.t === "see_glass", "seeing");
  assert.equal(lena.glass.broken.value.length, 1);
  await told(one, LENA, { t: "broken", glass: [{ ...row, basis: "curious" }] });
  assert.deepEqual(lena.glass.broken.value, [row]);
  await told(one, LENA, { t: "broken", glass: [] });
  assert.deepEqual(lena.glass.broken.value, []);
});
