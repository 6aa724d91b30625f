/** Padding: seven sizes, one way to fill each, and no other. */

import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { concat, u32 } from "../../src/crypto/bytes.ts";
import { BUCKETS, MAX_BODY, MAX_ENVELOPE, pad, unpad } from "../../src/crypto/envelope.ts";

const nearEdge = fc
  .tuple(fc.constantFrom(...BUCKETS), fc.integer({ min: -2, max: 2 }))
  .map(([bucket, off]) => new Uint8Array(Math.min(MAX_BODY, bucket - 4 + off)).fill(120));
const body = fc.oneof(fc.uint8Array({ maxLength: 600 }), nearEdge);
const malformed = { name: "Malformed" };

test("padding comes off again and fills the smallest bucket", () => {
  const property = fc.property(body, (said) => {
    const padded = pad(said);
    assert.deepEqual(new Uint8Array(unpad(padded)), new Uint8Array(said));
    assert.equal(padded.length, Math.min(...BUCKETS.filter((bucket) => bucket >= said.length + 4)));
  });
  fc.assert(property);
});

test("padding that is not zero is refused", () => {
  const property = fc.property(body, fc.nat(), fc.integer({ min: 1, max: 255 }), (said, at, value) => {
    const padded = pad(said);
    const room = padded.length - 4 - said.length;
    if (room === 0) return;
    padded[4 + said.length + (at % room)] = value;
    assert.throws(() => unpad(padded), malformed);
  });
  fc.assert(property);
});

test("a bucket larger than needed is refused", () => {
  const property = fc.property(body, fc.constantFrom(...BUCKETS), (said, bucket) => {
    const padded = pad(said);
    if (bucket <= padded.length) return;
    assert.throws(() => unpad(concat(padded, new Uint8Array(bucket - padded.length))), malformed);
  });
  fc.assert(property);
});

test("a length opens only where it belongs", () => {
  const length = fc.oneof(fc.integer({ min: 0, max: 17000 }), fc.integer({ min: 0, max: 2 ** 32 - 1 }));
  const property = fc.property(length, fc.constantFrom(...BUCKETS), (n, bucket) => {
    const padded = concat(u32(n), new Uint8Array(bucket - 4));
    const smallest = BUCKETS.find((size) => n + 4 <= size);
    if (smallest === bucket) assert.equal(unpad(padded).length, n);
    else assert.throws(() => unpad(padded), malformed);
  });
  fc.assert(property);
});

test("bytes that were not padded are refused", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 255 }), (data) => {
      assert.throws(() => unpad(data), malformed);
    }),
  );
});

test("the longest body fits and one byte more does not", () => {
  assert.equal(pad(new Uint8Array(MAX_BODY)).length + 194 + 16, MAX_ENVELOPE);
  assert.equal(MAX_ENVELOPE, 16594);
  assert.throws(() => pad(new Uint8Array(MAX_BODY + 1)), malformed);
});
