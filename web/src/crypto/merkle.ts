/** Proofs that a log only grew (RFC 9162, section 2.1.4). The server's twin is src/luwte/crypto/merkle.py. */

import { concat, equal, u8 } from "./bytes.ts";
import { sha256 } from "./primitives.ts";

/** The hash of one entry; its prefix keeps leaves and nodes apart. */
export function leaf(data: Uint8Array): Promise<Uint8Array> {
  return sha256(concat(u8(0), data));
}

/** The hash of two subtrees. */
export function join(left: Uint8Array, right: Uint8Array): Promise<Uint8Array> {
  return sha256(concat(u8(1), left, right));
}

/** What a log was: how many entries, and the root of the tree over them. */
export interface Tree {
  readonly size: number;
  readonly root: Uint8Array;
}

const isOdd = (n: number): boolean => n % 2 === 1;
const half = (n: number): number => Math.floor(n / 2);
const isPowerOfTwo = (n: number): boolean => (isOdd(n) ? n === 1 : isPowerOfTwo(half(n)));

/** Whether *proof* shows that the second tree begins with the first (section 2.1.4.2). */
export async function isConsistent(first: Tree, second: Tree, proof: readonly Uint8Array[]): Promise<boolean> {
  if (first.size > second.size) return false;
  if (first.size === 0) return proof.length === 0 && equal(first.root, await sha256(new Uint8Array(0)));
  if (first.size === second.size) return proof.length === 0 && equal(first.root, second.root);
  const [start, ...path] = isPowerOfTwo(first.size) ? [first.root, ...proof] : proof;
  if (start === undefined) return false;
  let [small, large] = [first.size - 1, second.size - 1];
  while (isOdd(small)) [small, large] = [half(small), half(large)];
  let [begun, whole] = [start, start];
  for (const one of path) {
    if (large === 0) return false;
    if (isOdd(small) || small === large) {
      begun = await join(one, begun);
      whole = await join(one, whole);
      while (small > 0 && !isOdd(small)) [small, large] = [half(small), half(large)];
    } else {
      whole = await join(whole, one);
    }
    [small, large] = [half(small), half(large)];
  }
  return large === 0 && equal(begun, first.root) && equal(whole, second.root);
}
