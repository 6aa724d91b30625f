/**
 * Random plays of a visitor and a counsellor over bad lines: in the end both have read exactly what was said, once,
 * in the server's order. Several things happen at once, because that is when things go wrong.
 */

import assert from "node:assert/strict";
import { before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import fc from "fast-check";
import { MESSAGE, parse } from "../../src/crypto/envelope.ts";
import type { Desk } from "../../src/desk/session-desk.ts";
import type { Talk } from "../../src/desk/session-talk.ts";
import type { Visit } from "../../src/visitor/session-visit.ts";
import { breathe, passing, until } from "../wire/fake-world.ts";
import type { Conv, Link } from "../wire/model-server.ts";
import { linesAt, linesOf, type Room, room, signedIn } from "./scene.ts";

const { PLAYS = "40" } = process.env;

type Who = "visitor" | "desk";
type Step =
  | { readonly do: "say"; readonly who: Who; readonly count: number }
  | { readonly do: "note" }
  | { readonly do: "cut"; readonly who: Who | "both" }
  /** What the server says does not arrive until the next cut or the next hearing. */
  | { readonly do: "deafen"; readonly who: Who }
  | { readonly do: "hear"; readonly who: Who }
  /** The server repeats an envelope, or an acknowledgement, that it has said before. */
  | { readonly do: "repeat"; readonly who: Who; readonly which: number }
  | { readonly do: "busy"; readonly times: number }
  | { readonly do: "take" }
  | { readonly do: "unseat" }
  /** The team gets another key: the desk is closed, comes back, and its next word turns the log. */
  | { readonly do: "epoch" }
  | { readonly do: "breathe"; readonly turns: number }
  | { readonly do: "wait"; readonly ms: number };

const who = fc.constantFrom<Who>("visitor", "desk");
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ do: fc.constant("say" as const), who, count: fc.integer({ min: 1, max: 4 }) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("note" as const) }) },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant("cut" as const),
      who: fc.constantFrom<Who | "both">("visitor", "desk", "both"),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("deafen" as const), who }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("hear" as const), who }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("repeat" as const), who, which: fc.nat(20) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("busy" as const), times: fc.integer({ min: 1, max: 3 }) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("take" as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("unseat" as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("epoch" as const) }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant("breathe" as const), turns: fc.nat(12) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("wait" as const), ms: fc.integer({ min: 1, max: 3_000 }) }) },
);

let one: Room;
let desk: Desk;

before(async () => {
  one = await room();
  desk = await signedIn(one);
});

/** One play: the actors, and what was said. */
class Play {
  readonly visit: Visit = one.visit();
  readonly said: { visitor: string[]; desk: string[]; notes: string[] } = { visitor: [], desk: [], notes: [] };
  conv: Conv | undefined;

  get talk(): Talk | undefined {
    const id = this.conv && Buffer.from(this.conv.id).toString("hex");
    return desk.conversations.value.find((talk) => talk.conv === id);
  }

  links(side: Who): Link[] {
    return [...one.server.links].filter((link) => link.side === side && (side === "desk" || link.conv === this.conv));
  }

  async begin(): Promise<void> {
    const known = new Set(one.server.convs.keys());
    void this.visit.start();
    await until(() => this.visit.phase.value === "waiting", "a start");
    this.conv = [...one.server.convs].find(([id]) => !known.has(id))?.[1];
  }

  async sitsDown(): Promise<void> {
    await desk.take(Buffer.from(this.conv?.id ?? []).toString("hex"));
  }

  async does(step: Step): Promise<void> {
    const { talk, conv } = this;
    switch (step.do) {
      case "say":
        for (let i = 0; i < step.count; i++) await this.#says(step.who);
        return;
      case "note": {
        const text = `note ${this.said.notes.length + 1}`;
        if (talk !== undefined && (await talk.note(text))) this.said.notes.push(text);
        return;
      }
      case "cut":
        for (const side of ["visitor", "desk"] as const) {
          if (step.who === side || step.who === "both")
            for (const link of this.links(side)) one.server.cut((l) => l === link);
        }
        return;
      case "deafen":
      case "hear":
        for (const link of this.links(step.who)) {
          link.isHeld = step.do === "deafen";
          link.flush();
        }
        return;
      case "repeat":
        for (const link of this.links(step.who)) this.#repeats(link, step.which);
        return;
      case "busy":
        one.server.busy += step.times;
        return;
      case "take":
        if (conv?.holder === undefined && talk === undefined)
          void desk.take(Buffer.from(conv?.id ?? []).toString("hex"));
        return;
      case "unseat":
        return this.#unseats();
      case "epoch":
        return one.server.beginEpoch();
      case "breathe":
        await sleep(step.turns / 2);
        return;
      case "wait":
        one.clock.advance(step.ms);
        return;
    }
  }

  /** Let every line heal and everything arrive. */
  async heals(): Promise<void> {
    one.server.busy = 0;
    for (const side of ["visitor", "desk"] as const) await this.does({ do: "hear", who: side });
    for (let i = 0; i < 400 && !this.#isDone(); i++) {
      const waits = this.conv?.holder === undefined && i % 20 === 19;
      if (waits) await this.does({ do: "take" });
      one.clock.advance(200);
      await sleep(2); // real time, for the cryptography
    }
  }

  #isDone(): boolean {
    const { visitor, desk: staff, notes } = this.said;
    const both = visitor.length + staff.length;
    const settled = (lines: readonly { delivery: string }[]) =>
      lines.every((line) => line.delivery !== "sending" && line.delivery !== "retrying");
    const talk = this.talk;
    return (
      talk !== undefined &&
      linesAt(this.visit).filter((line) => line !== "them swap").length >= both &&
      talk.lines.value.length >= both + notes.length &&
      settled(this.visit.lines.value) &&
      settled(talk.lines.value)
    );
  }

  /** Only between words, and heard: what a desk has not sent is lost with the conversation, and we would not know. */
  async #unseats(): Promise<void> {
    const { talk, conv } = this;
    const isQuiet = talk?.lines.value.every((line) => line.delivery !== "sending" && line.delivery !== "retrying");
    const isHeard = desk.connected.value && this.links("desk").every((link) => !link.isHeld);
    if (conv?.holder === undefined || !isQuiet || !isHeard) return;
    one.server.unseat(conv);
    await until(() => this.talk === undefined, "a desk that lost it");
  }

  async #says(who: Who): Promise<void> {
    const text = `${who} ${this.said[who].length + 1}`;
    const taken = who === "visitor" ? await this.visit.send(text) : this.talk?.send(text);
    if (taken === true) this.said[who].push(text);
  }

  #repeats(link: Link, which: number): void {
    const log = this.conv?.logs[1] ?? [];
    const stored = log[which % Math.max(1, log.length)];
    if (stored === undefined || this.conv === undefined) return;
    const { n, minute, envelope } = stored;
    const more = link.side === "desk" ? { conv: this.conv.id } : {};
    const msg_id = envelope.slice(42, 58);
    if (link.side === "desk" && !link.follows.has(Buffer.from(this.conv.id).toString("hex"))) return;
    one.server.say(link, { t: "envelope", ...more, log: 1, n, minute, envelope });
    one.server.say(link, { t: "ack", ...more, ...(link.side === "desk" && { log: 1 }), msg_id, n, minute });
  }
}

/** The order in which the server has them, as the one who wrote each would tell it. */
function assertWhole(play: Play): void {
  const { visit, talk, said } = play;
  assert.ok(talk, "the desk has it");
  const atVisitor = linesAt(visit).filter((line) => line !== "them swap");
  const atDesk = linesOf(talk);
  const shared = atDesk.filter((line) => !line.startsWith("note "));
  const plain = (lines: string[]) => lines.map((line) => line.replace(/^(me|them|visitor|colleague|note) /, ""));
  assert.deepEqual(plain(atVisitor), plain(shared), "both read the same, in the same order");
  assert.deepEqual(
    plain(shared).filter((text) => text.startsWith("visitor")),
    said.visitor,
  );
  assert.deepEqual(
    plain(shared).filter((text) => text.startsWith("desk")),
    said.desk,
  );
  assert.deepEqual(plain(atDesk.filter((line) => line.startsWith("note "))), said.notes);
  const messages = play.conv?.logs[1].filter(({ envelope }) => parse(envelope).klass === MESSAGE);
  assert.equal(messages?.length, said.visitor.length + said.desk.length, "nothing twice");
  const order = play.conv?.logs[1].map(({ envelope }) => parse(envelope).generation);
  assert.deepEqual(
    order,
    order?.toSorted((a, b) => a - b),
    "it never goes back",
  );
  assert.equal(visit.trouble.value, undefined);
  assert.equal(talk.fork.value, false);
}

test("whatever happens to the lines, both sides end with exactly what was said", { timeout: 600_000 }, async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 30 }), fc.nat(3), async (steps, lateness) => {
      const play = new Play();
      await play.begin();
      // Most plays begin in the middle of a talk: there is more to lose.
      if (lateness > 0) await play.sitsDown();
      for (const next of steps) await play.does(next);
      await play.heals();
      try {
        assertWhole(play);
      } finally {
        play.visit.wipe();
        for (const conv of one.server.convs.values()) conv.endedBy = "visitor";
        one.server.convs.clear();
        one.server.cut();
        await breathe(5);
        one.clock.advance(6_000);
        await passing(one.clock, () => desk.connected.value, "a desk that is back");
        one.clock.advance(10_000);
        await passing(one.clock, () => desk.connected.value && desk.conversations.value.length === 0, "an empty desk");
      }
    }),
    { numRuns: Number(PLAYS) },
  );
});
