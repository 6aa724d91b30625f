/** Shares on paper: who restores, who does not, and what is noticed of a hasty hand. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { wordlist } from "@scure/bip39/wordlists/english.js";
import fc from "fast-check";
import { concat, hex } from "../../src/crypto/bytes.ts";
import {
  combine,
  fromPaper,
  LINES,
  NotRestored,
  type Paper,
  type Share,
  SharedKey,
  type Sharing,
  sameLine,
  split,
  toPaper,
} from "../../src/crypto/shares.ts";
import { filled, fixed } from "./play.ts";

const ROOT: Sharing = { key: SharedKey.ROOT, organisation: "luwte", shares: 3, threshold: 2 };
const plays = { numRuns: 30 };
const sharing: fc.Arbitrary<Sharing> = fc.record({
  key: fc.constantFrom(...Object.values(SharedKey)),
  organisation: fc.string({ unit: "grapheme", maxLength: 40 }),
  shares: fc.constantFrom(3, 5),
  threshold: fc.constantFrom(2, 3),
});
/** Random order, and so any choice of them: the first ones are taken. */
const order = fc.shuffledSubarray([0, 1, 2, 3, 4], { minLength: 5 });
const line = fc.integer({ min: 0, max: LINES - 1 });

/** A set of shares that went over paper and back. */
async function papers(secret: Uint8Array, of: Sharing): Promise<Paper[]> {
  return Promise.all((await split(secret, of)).map((share) => toPaper(share, of.organisation)));
}

async function typedBack(all: readonly Paper[]): Promise<Share[]> {
  return Promise.all(all.map((paper) => fromPaper(paper.lines)));
}

function picked<T>(all: readonly T[], places: readonly number[], count: number): T[] {
  const there = places.filter((at) => at < all.length);
  return there.slice(0, count).map((at) => all[at] as T);
}

async function says(work: Promise<unknown>, reason: string, where: Partial<NotRestored> = {}): Promise<void> {
  await assert.rejects(work, (error: NotRestored) => {
    assert.ok(error instanceof NotRestored, String(error));
    const { line, share, missing } = error;
    const told = Object.fromEntries(
      Object.entries({ line, share, missing }).filter(([, value]) => value !== undefined),
    );
    assert.deepEqual({ reason: error.reason, message: error.message, ...told }, { reason, message: reason, ...where });
    return true;
  });
}

test("any that are enough restore, and so do more; one fewer says how many are missing", async () => {
  const property = fc.asyncProperty(fixed(32), sharing, order, async (secret, of, places) => {
    const shares = await typedBack(await papers(secret, of));
    for (let count = of.threshold; count <= of.shares; count++) {
      assert.deepEqual(await combine(picked(shares, places, count), of), concat(secret));
    }
    for (let count = 1; count < of.threshold; count++) {
      await says(combine(picked(shares, places, count), of), "few", { missing: of.threshold - count });
    }
    await says(combine([], of), "few");
  });
  await fc.assert(property, plays);
});

test("every pair of three, every three of five", async () => {
  for (const kind of [ROOT, { ...ROOT, shares: 5, threshold: 3 }]) {
    const shares = await typedBack(await papers(filled(7), kind));
    let restored = 0;
    for (const a of shares)
      for (const b of shares)
        for (const c of kind.threshold === 2 ? [undefined] : shares) {
          const few = [a, b, ...(c === undefined ? [] : [c])];
          if (new Set(few).size < kind.threshold) continue;
          assert.deepEqual(await combine(few, kind), filled(7));
          restored++;
        }
    assert.equal(restored, kind.threshold === 2 ? 6 : 60);
  }
});

test("a paper says what it is", async () => {
  const [first, second] = await papers(filled(1), { ...ROOT, key: SharedKey.RECOVERY });
  assert.ok(first !== undefined && second !== undefined);
  const { lines, set, organisation, ...told } = first;
  assert.equal(organisation, "luwte");
  assert.deepEqual(told, { key: 2, number: 1, shares: 3, threshold: 2 });
  assert.match(set, /^[0-9a-f]{8}$/);
  assert.equal(second.set, set);
  assert.equal(lines.length, 8);
  for (const line of lines) assert.match(line, /^([a-z]{3,8} ){4}[a-z]{3,8}$/);
  const read = await fromPaper(lines);
  assert.deepEqual({ ...read, set: hex(read.set), point: read.point.length }, { ...told, set, point: 38 });
});

test("however it is typed it is read", async () => {
  const [paper] = await papers(filled(9), ROOT);
  assert.ok(paper !== undefined);
  const share = await fromPaper(paper.lines);
  const ways: ((line: string, at: number) => string)[] = [
    (line) => line.toUpperCase(),
    (line, at) => `${at + 1}.  ${line.replaceAll(" ", ", ")} `,
    (line) => line.replace(/[a-z]+/g, (word) => word.slice(0, 4)),
    (line) => line.replaceAll("e", "\u00e9"),
  ];
  for (const way of ways) {
    assert.deepEqual(await fromPaper(paper.lines.map(way)), share);
    for (const [at, line] of paper.lines.entries()) {
      assert.ok(await sameLine(way(line, at), line));
      assert.ok(!(await sameLine(way(line, at), paper.lines[(at + 1) % 8] ?? "")));
    }
  }
  assert.ok(!(await sameLine("", "")));
});

test("one other word is found, and its line named: every word of the list in every place of a line", async () => {
  const [paper] = await papers(filled(3), ROOT);
  assert.ok(paper !== undefined);
  for (const at of [0, 5]) {
    for (let place = 0; place < 5; place++) {
      for (const word of wordlist) {
        const words = paper.lines[at]?.split(" ") ?? [];
        if (words[place] === word) continue;
        words[place] = word;
        await says(fromPaper(paper.lines.with(at, words.join(" "))), "slip", { line: at + 1 });
      }
    }
  }
});

const LETTERS = "abcdefghijklmnopqrstuvwxyz";

test("one other letter, one too many, one too few: the share as it was, or its line", async () => {
  const property = fc.asyncProperty(fixed(32), line, fc.nat(), fc.nat(25), fc.nat(2), async (secret, at, n, c, how) => {
    const [paper] = await papers(secret, ROOT);
    assert.ok(paper !== undefined);
    const written = paper.lines[at] ?? "";
    const where = n % written.length;
    const typed = written.slice(0, where) + (how < 2 ? LETTERS[c] : "") + written.slice(how === 1 ? where : where + 1);
    const read = fromPaper(paper.lines.with(at, typed));
    // Past the fourth letter no word is another one.
    if (await sameLine(typed, written)) assert.deepEqual(await read, await fromPaper(paper.lines));
    else await says(read, "slip", { line: at + 1 });
  });
  await fc.assert(property, { numRuns: 300 });
});

test("words that trade places in a line, a word that is missing or comes twice", async () => {
  const property = fc.asyncProperty(fixed(32), line, fc.nat(4), fc.nat(4), async (secret, at, a, b) => {
    const [paper] = await papers(secret, ROOT);
    const words = paper?.lines[at]?.split(" ") ?? [];
    const [one, other] = [words[a] ?? "", words[b] ?? ""];
    const typed = [words.toSpliced(a, 1), words.toSpliced(a, 0, other)];
    if (one !== other) typed.push(words.with(a, other).with(b, one));
    for (const wrong of typed) {
      await says(fromPaper(paper?.lines.with(at, wrong.join(" ")) ?? []), "slip", { line: at + 1 });
    }
  });
  await fc.assert(property, plays);
});

test("lines that trade places, are missing, or are too many", async () => {
  for (let play = 0; play < 20; play++) {
    const [paper] = await papers(filled(play), ROOT);
    assert.ok(paper !== undefined);
    const { lines } = paper;
    for (let a = 0; a < LINES; a++) {
      for (let b = a + 1; b < LINES; b++) {
        await says(fromPaper(lines.with(a, lines[b] ?? "").with(b, lines[a] ?? "")), "slip", { line: a + 1 });
      }
      await says(fromPaper(lines.slice(0, a)), "slip", { line: a + 1 });
      await says(fromPaper(lines.with(a, "")), "slip", { line: a + 1 });
    }
    await says(fromPaper([...lines, lines[7] ?? ""]), "slip", { line: 9 });
  }
});

test("a line of another paper of the set is no line of this one; of another set's hardly ever", async () => {
  let passed = 0;
  for (let play = 0; play < 30; play++) {
    const [all, [stranger]] = [await papers(filled(play), ROOT), await papers(filled(play), ROOT)];
    for (const [own, other] of [[0, 1] as const, [1, 2] as const, [2, 0] as const]) {
      for (let from = 0; from < LINES; from++) {
        const mixed = all[own]?.lines.with(from, all[other]?.lines[from] ?? "") ?? [];
        await says(fromPaper(mixed), "slip", { line: from === 0 ? 2 : from + 1 });
      }
    }
    const mixed = all[0]?.lines.with(4, stranger?.lines[4] ?? "") ?? [];
    await fromPaper(mixed).then(
      () => passed++,
      (error: NotRestored) => assert.deepEqual([error.reason, error.line], ["slip", 5]),
    );
  }
  assert.ok(passed < 5);
});

test("a later form of paper says so, and is not taken for a slip", async () => {
  const [share] = await split(filled(1), ROOT);
  assert.ok(share !== undefined);
  // The key's field is three bits wide; what does not fit lands in the version.
  const later = { ...share, key: (share.key | 16) as SharedKey };
  await says(fromPaper((await toPaper(later, "luwte")).lines), "version");
});

test("shares of two ceremonies never meet, nor those of two keys", async () => {
  const property = fc.asyncProperty(fixed(32), sharing, async (secret, of) => {
    const [ours, theirs] = [await split(secret, of), await split(secret, of)];
    const mixed = [...ours.slice(0, of.threshold - 1), ...theirs.slice(of.threshold - 1, of.threshold)];
    await says(combine(mixed, of), "other_set", { share: of.threshold });
    const other = of.key === SharedKey.ROOT ? SharedKey.RECOVERY : SharedKey.ROOT;
    await says(combine(ours, { ...of, key: other }), "other_key", { share: 1 });
  });
  await fc.assert(property, plays);
});

test("the same share twice is one share", async () => {
  const [one, two, three] = await split(filled(4), { ...ROOT, shares: 5, threshold: 3 });
  assert.ok(one !== undefined && two !== undefined && three !== undefined);
  await says(combine([one, one], ROOT), "twice", { share: 1 });
  await says(combine([one, two, three, two], ROOT), "twice", { share: 2 });
  // Under another number it has the same place on the polynomial still.
  await says(combine([one, two, { ...one, number: 4 }], ROOT), "wrong");
});

test("a wrong share restores nothing; with one more than enough it is named", async () => {
  const property = fc.asyncProperty(
    sharing,
    order,
    fc.nat(37),
    fc.integer({ min: 1, max: 255 }),
    async (of, o, at, d) => {
      const shares = await split(filled(5), of);
      const places = o.filter((place) => place < of.shares);
      const bad = places[0] ?? 0;
      const point = new Uint8Array(shares[bad]?.point ?? []);
      point[at] = (point[at] ?? 0) ^ d;
      const spoilt = shares.with(bad, { ...(shares[bad] as Share), point });
      await says(combine(picked(spoilt, places, of.threshold), of), "wrong");
      const more = combine(picked(spoilt, places, of.threshold + 1), of);
      if (of.shares > of.threshold) await says(more, "wrong", { share: bad + 1 });
      else await says(more, "wrong");
    },
  );
  await fc.assert(property, { numRuns: 200 });
});

test("another organisation's shares, or a set that says other numbers, restore nothing here", async () => {
  const shares = await split(filled(6), ROOT);
  await says(combine(shares, { ...ROOT, organisation: "other" }), "wrong");
  await says(combine(shares.slice(0, 2), { ...ROOT, organisation: "" }), "wrong");
  const claims = shares.map((share) => ({ ...share, shares: 5 }));
  await says(combine(claims.slice(0, 2), ROOT), "wrong");
  // One alone that lies about the threshold is still alone.
  const alone = shares.slice(0, 1).map((share) => ({ ...share, threshold: 1 }));
  await says(combine(alone, ROOT), "wrong");
});

test("what cannot be shared is not shared", async () => {
  await assert.rejects(split(filled(1, 31), ROOT), RangeError);
  for (const [shares, threshold] of [[3, 1] as const, [2, 3] as const, [8, 2] as const]) {
    await assert.rejects(split(filled(1), { ...ROOT, shares, threshold }), RangeError);
  }
});
