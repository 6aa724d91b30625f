/** Padding: what was said weighs the same as many other things that might have been. */

import { type Bytes, concat, equal, owned, toNumber, u32 } from "./bytes.ts";
import { Malformed } from "./errors.ts";

export const BUCKETS: readonly number[] = [256, 512, 1024, 2048, 4096, 8192, 16384];
export const SIZES: ReadonlySet<number> = new Set(BUCKETS);
export const MAX_BODY = 16380;

/** Fill `body` with zeros up to the smallest bucket that fits. */
export function pad(body: Uint8Array): Bytes {
  const bucket = BUCKETS.find((size) => 4 + body.length <= size);
  if (bucket === undefined) throw new Malformed("too long for an envelope");
  return concat(u32(body.length), body, new Uint8Array(bucket - 4 - body.length));
}

/** Undo `pad`; there is exactly one way to pad, and all others are refused. */
export function unpad(padded: Uint8Array): Bytes {
  const body = owned(padded).slice(4, 4 + toNumber(padded.subarray(0, 4)));
  if (!equal(pad(body), padded)) throw new Malformed("not padded as it should be");
  return body;
}
