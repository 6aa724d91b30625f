/** The frames of the visitor's socket, docs/protocol.md 5.1. */

import {
  by,
  certificate,
  conv,
  envelope,
  type FrameOf,
  hearing,
  msgId,
  name,
  nothing,
  refusal,
  wrap,
} from "./frames.ts";
import { bytesOrNone, flag, list, oneOf, orNil, record, whole } from "./shape.ts";

const fromServer = {
  hello: record({
    protocol: whole,
    organisation: name,
    line: name,
    minute: whole,
    certificates: list(certificate, 2),
  }),
  started: record({ conv }),
  resumed: record({ conv, last: whole, wraps: list(record({ g: whole, wrap }), 64) }),
  ack: record({ msg_id: msgId, n: whole, minute: whole }),
  ended: record({ by }),
  erased: record({ conv }),
  pong: nothing,
  waiting: record({ place: whole, low: orNil(whole), high: orNil(whole) }),
  line: record({ open: flag }),
  claimed: record({ times: whole }),
  muted: record({ on: flag }),
  for_later: nothing,
  phrase: record({ locator_hash: bytesOrNone(32) }),
  envelope: record({ log: oneOf(1), n: whole, minute: whole, envelope }),
  cert: record({ certificate }),
  delivered: record({ n: whole }),
  read: record({ n: whole }),
  typing: nothing,
  refused: refusal({}),
};

export type VisitorHears = FrameOf<typeof fromServer>;
export type Hello = Extract<VisitorHears, { t: "hello" }>;
export const hearAsVisitor = hearing(fromServer);

export interface Start {
  readonly t: "start";
  readonly line: string;
  readonly ve: Uint8Array;
  readonly vg: Uint8Array;
  readonly credential: Uint8Array;
  readonly team_cert: Uint8Array;
  readonly wraps: readonly Uint8Array[];
  readonly sig: Uint8Array;
  readonly for_later?: true;
  readonly rotates: true;
}

export interface Erase {
  readonly t: "erase";
  readonly ve: Uint8Array;
  readonly vg: Uint8Array;
  readonly sig: Uint8Array;
}

export type VisitorSays =
  | Start
  | Erase
  | {
      readonly t: "resume";
      readonly conv: Uint8Array;
      readonly credential: Uint8Array;
      readonly after: number;
      readonly away?: true;
      readonly page?: Uint8Array;
      readonly locator?: Uint8Array | undefined;
    }
  | { readonly t: "keep_phrase"; readonly locator_hash: Uint8Array; readonly box: Uint8Array }
  | { readonly t: "end_phrase" }
  | { readonly t: "away"; readonly away: boolean }
  | { readonly t: "append"; readonly envelope: Uint8Array }
  | { readonly t: "delivered" | "read"; readonly n: number }
  | { readonly t: "typing" | "end" | "ping" };
