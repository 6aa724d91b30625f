/**
 * What a rotation record says: which secret a log goes on with, so that nobody can put another in its place. The secret
 * is never in the record itself but wrapped: to the visitor here, to the team beside it.
 */

import { type Bytes, concat, owned, toNumber, u8, u32, utf8 } from "./bytes.ts";
import { SHARED_LOG } from "./envelope.ts";
import { CannotOpen } from "./errors.ts";
import { hkdfSalted } from "./primitives.ts";
import { WRAP_BYTES } from "./wrap.ts";

const KIND = 2;
const FIXED = 41;

export interface Rotation {
  /** The one that begins. */
  readonly generation: number;
  /** Of the team's key that the secret was wrapped to. */
  readonly epoch: number;
  readonly commitment: Uint8Array;
  /** To the visitor; empty in the team's log. */
  readonly wrap: Uint8Array;
}

/** What a secret is known by, in this place and no other. */
export function commitment(
  secret: Uint8Array,
  conv: Uint8Array,
  log: number,
  generation: number,
  epoch: number,
): Promise<Bytes> {
  const info = concat(utf8("luwte/v1/rotation\0"), conv, u8(log), u32(generation), u32(epoch));
  return hkdfSalted(secret, new Uint8Array(0), info, 32);
}

export function rotationContent({ generation, epoch, commitment, wrap }: Rotation): Bytes {
  return concat(u8(KIND), u32(generation), u32(epoch), commitment, wrap);
}

/** Give what `rotationContent` got, or throw CannotOpen. */
export function readRotation(content: Uint8Array, log: number): Rotation {
  if (content[0] !== KIND || content.length !== FIXED + (log === SHARED_LOG ? WRAP_BYTES : 0)) throw new CannotOpen();
  const own = owned(content);
  return {
    generation: toNumber(own.subarray(1, 5)),
    epoch: toNumber(own.subarray(5, 9)),
    commitment: own.slice(9, FIXED),
    wrap: own.slice(FIXED),
  };
}
