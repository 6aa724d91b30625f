/** Our MessagePack against another hand's, and against garbage. */

import assert from "node:assert/strict";
import { test } from "node:test";
import * as other from "@msgpack/msgpack";
import fc from "fast-check";
import { decode, encode } from "../../src/wire/msgpack.ts";

const LIMITS = { list: 512, map: 32, text: 2_048, bytes: 70_000 };

const leaf = fc.oneof(
  fc.constant(null),
  fc.boolean(),
  fc.maxSafeNat(),
  fc.integer({ min: 0, max: 70_000 }),
  fc.string({ unit: "grapheme", maxLength: 300 }),
  fc.uint8Array({ maxLength: 300 }),
);
/** Never a name of the language's own: ours reads none (tested below), so that nothing can be put under every object. */
const name = fc.string({ maxLength: 40 }).filter((text) => text !== "__proto__");
const value = fc.letrec((tie) => ({
  any: fc.oneof({ depthSize: "small", maxDepth: 5 }, leaf, tie("list"), tie("map")),
  list: fc.array(tie("any"), { maxLength: 20 }),
  map: fc.dictionary(name, tie("any"), { maxKeys: 20, noNullPrototype: true }),
})).any;

/** The same value with no prototype between it and a comparison. */
const plain = (given: unknown): unknown => structuredClone(given);

test("what one hand writes the other reads, and writes the same", () => {
  const property = fc.property(value, (given) => {
    const ours = encode(given);
    assert.deepEqual(ours, new Uint8Array(other.encode(given)));
    assert.deepEqual(plain(decode(ours, LIMITS)), plain(given));
  });
  fc.assert(property, { numRuns: 500 });
});

test("lengths at the edges, and fields that are not there", () => {
  for (const n of [0, 15, 16, 31, 32, 255, 256, 65_535, 65_536]) {
    const bytes = new Uint8Array(n).fill(7);
    assert.deepEqual(encode(bytes), new Uint8Array(other.encode(bytes)));
    assert.deepEqual(encode("x".repeat(n)), new Uint8Array(other.encode("x".repeat(n))));
    assert.deepEqual(decode(encode(bytes), LIMITS), bytes);
    const list = Array.from({ length: n }, () => 1);
    assert.deepEqual(encode(list), new Uint8Array(other.encode(list)));
  }
  for (const n of [127, 128, 255, 256, 65_535, 65_536, 2 ** 32 - 1, 2 ** 32, 2 ** 53 - 1]) {
    assert.deepEqual(encode(n), new Uint8Array(other.encode(n)));
    assert.equal(decode(encode(n), LIMITS), n);
  }
  assert.deepEqual(encode({ t: "x", gone: undefined, n: 1 }), encode({ t: "x", n: 1 }));
  for (const wrong of [-1, 1.5, Number.NaN, 2 ** 53]) assert.throws(() => encode(wrong), RangeError);
});

test("of garbage we read no more than another hand, and never fail in another way", () => {
  const mutated = fc.tuple(value, fc.nat(), fc.integer({ min: 0, max: 255 })).map(([given, at, byte]) => {
    const raw = encode(given);
    raw[at % Math.max(1, raw.length)] = byte;
    return raw;
  });
  const property = fc.property(fc.oneof(fc.uint8Array({ maxLength: 60 }), mutated), (raw) => {
    let ours: unknown;
    try {
      ours = decode(raw, LIMITS);
    } catch (error) {
      assert.equal((error as Error).name, "Malformed");
      return;
    }
    assert.deepEqual(plain(ours), plain(other.decode(raw)));
  });
  fc.assert(property, { numRuns: 3_000 });
});

test("what is too long, too deep, cut off, said twice, or of another kind is refused", () => {
  const deep = Uint8Array.from([...Array.from({ length: 9 }, () => 0x91), 1]);
  const twice = Uint8Array.from([0x82, 0xa1, 97, 1, 0xa1, 97, 2]);
  const few = { list: 2, map: 1, text: 3, bytes: 3 };
  const refused: [Uint8Array, typeof few][] = [
    [new Uint8Array(0), LIMITS],
    [deep, LIMITS],
    [twice, LIMITS],
    [Uint8Array.from([0x81, 1, 1]), LIMITS], // a number for a key
    [Uint8Array.from([0x81, 0xa9, ...new TextEncoder().encode("__proto__"), 1]), LIMITS],
    [Uint8Array.from([0xcf, 0, 0x20, 0, 0, 0, 0, 0, 0]), LIMITS], // 2^53
    [Uint8Array.from([1, 1]), LIMITS],
    [Uint8Array.from([0xcb, 0, 0, 0, 0, 0, 0, 0, 0]), LIMITS], // a float
    [Uint8Array.from([0xd4, 1, 1]), LIMITS], // an extension
    [Uint8Array.from([0xa1, 0xff]), LIMITS], // not UTF-8
    [Uint8Array.from([0xdd, 0xff, 0xff, 0xff, 0xff]), LIMITS],
    [Uint8Array.from([0xc6, 0xff, 0xff, 0xff, 0xff]), LIMITS],
    [encode([1, 2, 3]), few],
    [encode({ a: 1, b: 2 }), few],
    [encode("four"), few],
    [encode(new Uint8Array(4)), few],
  ];
  for (const [raw, limits] of refused) assert.throws(() => decode(raw, limits), { name: "Malformed" });
});
