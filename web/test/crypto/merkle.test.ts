/** Consistency proofs by RFC 9162, against a slow tree that is the definition word for word. */

import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { hex, unhex } from "../../src/crypto/bytes.ts";
import { isConsistent, join, leaf } from "../../src/crypto/merkle.ts";
import { sha256 } from "../../src/crypto/primitives.ts";

const split = (n: number): number => 2 ** Math.floor(Math.log2(n - 1));

/** Section 2.1.1. */
async function root(leaves: readonly Uint8Array[]): Promise<Uint8Array> {
  if (leaves.length === 0) return sha256(new Uint8Array(0));
  if (leaves.length === 1) return leaf(leaves[0] as Uint8Array);
  const k = split(leaves.length);
  return join(await root(leaves.slice(0, k)), await root(leaves.slice(k)));
}

/** Section 2.1.4.1. */
async function prove(m: number, leaves: readonly Uint8Array[], known = true): Promise<Uint8Array[]> {
  if (m === leaves.length) return known ? [] : [await root(leaves)];
  const k = split(leaves.length);
  const [left, right] = [leaves.slice(0, k), leaves.slice(k)];
  if (m <= k) return [...(await prove(m, left, known)), await root(right)];
  return [...(await prove(m - k, right, false)), await root(left)];
}

// google/certificate-transparency, merkletree: what implementations share.
const shared = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"];

test("the published roots", async () => {
  const roots = [];
  for (const n of [1, 2, 3, 8]) roots.push(hex(await root(shared.slice(0, n).map(unhex))));
  assert.deepEqual(roots, [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
  ]);
});

test("a log that only grew is proved; one bit, a hash more or less, or another past is not", async () => {
  const entries = fc.array(fc.uint8Array({ maxLength: 4 }), { minLength: 2, maxLength: 40 });
  const play = fc.asyncProperty(entries, fc.nat(), fc.nat(), fc.nat(255), async (leaves, a, b, bit) => {
    const m = 1 + (a % (leaves.length - 1));
    const [first, second] = [
      { size: m, root: await root(leaves.slice(0, m)) },
      { size: leaves.length, root: await root(leaves) },
    ];
    const proof = await prove(m, leaves);
    assert.equal(await isConsistent(first, second, proof), true);
    assert.equal(await isConsistent(first, second, proof.slice(1)), false);
    assert.equal(await isConsistent(first, second, [...proof, second.root]), false);
    assert.equal(await isConsistent(second, first, proof), false);
    const bent = [first.root, second.root, ...proof].map((one) => one.slice());
    const at = bent[b % bent.length] as Uint8Array;
    at[bit >> 3] = (at[bit >> 3] ?? 0) ^ (1 << (bit & 7));
    const [from, to, ...path] = bent as [Uint8Array, Uint8Array, ...Uint8Array[]];
    assert.equal(await isConsistent({ ...first, root: from }, { ...second, root: to }, path), false);
    const past = leaves.with(b % m, new Uint8Array(5));
    const anew = { size: leaves.length, root: await root(past) };
    assert.equal(await isConsistent(first, anew, await prove(m, past)), false);
  });
  await fc.assert(play, { numRuns: 100 });
});
