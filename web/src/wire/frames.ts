/** How a frame becomes bytes and back; what both sockets have in common. The frames themselves: visitor-frames, desk-frames. */

import { decode, encode } from "./msgpack.ts";
import { bytes, bytesUpTo, type Fields, oneOf, type Reads, type RecordOf, record, whole, words } from "./shape.ts";

/** What we speak; it is in the path of a socket and in the server's first frame. */
export const PROTOCOL = 2;
/** The server closes the socket on a longer one. */
export const LONGEST_SAID = 20_480;
/** An opening carries up to a hundred envelopes; more than this is no honest answer. */
export const LONGEST_HEARD = 2_097_152;
export const LONGEST_ENVELOPE = 16_594;
const LIMITS = { list: 512, map: 32, text: 2_048, bytes: 32_768 };

export type Shapes = Readonly<Record<string, Reads<object>>>;
type FrameNamed<S extends Shapes, T extends keyof S> = S[T] extends Reads<infer F> ? { readonly t: T } & F : never;
/** One of the frames that *S* describes, told apart by `t`. */
export type FrameOf<S extends Shapes> = { [T in keyof S]: FrameNamed<S, T> }[keyof S];

export type Unheard = "too large" | "not a frame" | "unknown frame" | "ill-typed frame";
export type Heard<F> = { readonly ok: true; readonly frame: F } | { readonly ok: false; readonly why: Unheard };

/** Shapes of the fields that several frames share. */
export const conv = bytes(16);
export const msgId = bytes(16);
export const envelope = bytesUpTo(LONGEST_ENVELOPE);
export const wrap = bytes(80);
export const certificate = bytesUpTo(2_048);
export const name = words(200);
export const by = oneOf("visitor", "team");

export const nothing = record({});

/** `refused`, with what the server expects; on the desk's socket it may name a conversation. */
export function refusal<O extends Fields>(more: O) {
  return record(
    { code: words(40), says: words(500) },
    { msg_id: msgId, seq: whole, prev: bytes(32), g: whole, ...more },
  );
}
export type Refusal = RecordOf<{ code: Reads<string>; says: Reads<string> }, Expected>;
type Expected = { msg_id: Reads<Uint8Array>; seq: Reads<number>; prev: Reads<Uint8Array>; g: Reads<number> };

/** A decoder for the frames that *shapes* describes. It never throws: a hostile server is an ordinary case. */
export function hearing<S extends Shapes>(shapes: S): (raw: Uint8Array) => Heard<FrameOf<S>> {
  return (raw) => {
    if (raw.length > LONGEST_HEARD) return { ok: false, why: "too large" };
    let map: unknown;
    try {
      map = decode(raw, LIMITS);
    } catch {
      return { ok: false, why: "not a frame" };
    }
    if (typeof map !== "object" || map === null || Array.isArray(map)) return { ok: false, why: "not a frame" };
    const { t, ...rest } = map as { t?: unknown };
    if (typeof t !== "string" || !Object.hasOwn(shapes, t)) return { ok: false, why: "unknown frame" };
    const fields = shapes[t]?.(rest);
    if (fields === undefined) return { ok: false, why: "ill-typed frame" };
    return { ok: true, frame: { t, ...fields } as FrameOf<S> };
  };
}

/** The bytes of *frame*. An overlong one is a fault of ours, so it throws instead of losing the socket. */
export function spoken(frame: { readonly t: string }): Uint8Array<ArrayBuffer> {
  const raw = encode(frame);
  if (raw.length > LONGEST_SAID) throw new RangeError("frame too large");
  return raw;
}
