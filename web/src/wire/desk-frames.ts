/** The frames of the desk's socket, docs/protocol.md 5.2. */

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
import { bytes, bytesOrNone, flag, list, oneOf, orNil, record, whole, words } from "./shape.ts";

const log = oneOf(1, 2);
const keptWrap = record({ log, g: whole, epoch: whole, wrap });

const row = record({ conv, number: whole, since: whole, last: whole, again: flag });
const ground = oneOf("danger", "absent", "complaint", "law");
const priority = oneOf("urgent", "soon", "normal");
const released = {
  conv,
  number: whole,
  since: whole,
  times: whole,
  last: whole,
  note_last: whole,
  wraps: list(keptWrap, 64),
  start: record({
    line: name,
    ve: bytes(32),
    vg: bytes(32),
    credential_hash: bytes(32),
    team_cert: bytes(16),
    wraps: list(wrap, 4),
    sig: bytes(64),
  }),
};
const call = record({
  conv,
  number: whole,
  asked: whole,
  by: name,
  coming: orNil(name),
  mine: flag,
  going: flag,
});
const running = record({ conv, number: whole, since: whole, holder: name, companions: list(name, 64) });

const fromServer = {
  welcome: record({
    protocol: whole,
    organisation: name,
    team: name,
    account: name,
    minute: whole,
    certificates: list(certificate, 3),
    team_keys: list(record({ epoch: whole, wrap }), 512),
  }),
  queue: record({
    waiting: list(row, 30),
    more: whole,
  }),
  standing: record({ marks: list(record({ conv, priority }), 60), away: list(row, 30) }),
  messages: record({ convs: list(conv, 512) }),
  given: record({ conv }),
  presence: record({ conv, state: oneOf("here", "away", "gone"), since: whole }),
  opening: record({
    conv,
    wrap: bytesOrNone(80),
    epoch: whole,
    envelopes: list(record({ n: whole, minute: whole, envelope }), 512),
  }),
  taken: record(released),
  envelope: record({ conv, log, n: whole, minute: whole, envelope }),
  cert: record({ certificate }),
  ack: record({ conv, log, msg_id: msgId, n: whole, minute: whole }),
  ended: record({ conv, by }),
  erased: record({ conv }),
  lost: record({ conv }),
  delivered: record({ conv, n: whole }),
  read: record({ conv, n: whole }),
  typing: record({ conv }),
  pong: nothing,
  wrap: record({ conv, log, g: whole, epoch: whole, wrap }),
  // Handing on.
  shift: record({ limit: whole, colleagues: list(record({ account: name, name, held: whole }), 60) }),
  asked: record({ conv, to: name, name }),
  offered: record({ conv, number: whole, by: name, name, minute: whole }),
  offer_over: record({ conv, why: oneOf("accepted", "declined", "withdrawn", "late", "gone", "over") }),
  muted: record({ conv, on: flag }),
  refused: refusal({ conv }),
  line: record({ open: flag, until: orNil(whole), by: orNil(name) }),
  alarms: record({ alarms: list(call, 512) }),
  company: record({ talks: list(record({ conv, names: list(name, 64) }), 512) }),
  stepped_in: record({ ...released, holder: name }),
  stepped_out: record({ conv }),
  // Broken glass, and what the audit log is.
  opened: record({ ...released, holder: name, basis: ground }),
  broken: record({
    glass: list(
      record({ key: whole, number: whole, by: name, basis: ground, reason: words(300), minute: whole, mine: flag }),
      512,
    ),
  }),
  // Who lost everything, and reads along later.
  returning: record({ people: list(record({ account: name, name, before: name, reads_from: whole }), 512) }),
  checkpoint: record({ key: bytes(32), note: words(2_048), proof: list(bytes(32), 128) }),
  picture: record({
    waiting: whole,
    away: whole,
    limit: whole,
    longest: orNil(whole),
    running: list(running, 512),
    desks: list(record({ name, role: name, held: whole, here: flag }), 512),
    answered: whole,
    missed: whole,
  }),
};

export type DeskHears = FrameOf<typeof fromServer>;
export type Welcome = Extract<DeskHears, { t: "welcome" }>;
export type Taken = Extract<DeskHears, { t: "taken" }>;
export type SteppedIn = Extract<DeskHears, { t: "stepped_in" }>;
export type Opened = Extract<DeskHears, { t: "opened" }>;
/** What opens a conversation, whoever has it. */
export type Released = Taken | SteppedIn | Opened;
export type Leading = Extract<DeskHears, { t: "line" | "alarms" | "company" | "picture" | "returning" }>;
export type Opening = Extract<DeskHears, { t: "opening" }>;
export type HandingHears = Extract<DeskHears, { t: "shift" | "asked" | "offered" | "offer_over" | "muted" }>;
export type KeptWrap = Taken["wraps"][number];
export const hearAtDesk = hearing(fromServer);

export type Priority = "urgent" | "soon" | "normal";
export type EndReason = "completed" | "visitor_left" | "abuse" | "test_call" | "prank";

export type DeskSays =
  | { readonly t: "sign_on"; readonly token: Uint8Array }
  | { readonly t: "openings"; readonly convs: readonly Uint8Array[]; readonly after: readonly number[] }
  | { readonly t: "take" | "typing"; readonly conv: Uint8Array }
  | { readonly t: "follow"; readonly conv: Uint8Array; readonly shared: number; readonly notes: number }
  | { readonly t: "append"; readonly envelope: Uint8Array; readonly wrap?: Uint8Array; readonly epoch?: number }
  | { readonly t: "end"; readonly conv: Uint8Array; readonly reason: EndReason }
  | { readonly t: "withdraw" | "give_back"; readonly conv: Uint8Array }
  | { readonly t: "hand_over"; readonly conv: Uint8Array; readonly to: string }
  | { readonly t: "answer"; readonly conv: Uint8Array; readonly accept: boolean }
  | { readonly t: "mute"; readonly conv: Uint8Array; readonly on: boolean }
  | { readonly t: "delivered" | "read"; readonly conv: Uint8Array; readonly n: number }
  | { readonly t: "triage"; readonly conv: Uint8Array; readonly priority: Priority }
  | { readonly t: "need_colleague" | "coming" | "solved" | "step_out" | "take_over"; readonly conv: Uint8Array }
  | { readonly t: "step_in"; readonly conv: Uint8Array; readonly reason: string }
  | { readonly t: "open_line" | "close_line" }
  | {
      readonly t: "break_glass";
      readonly number: number;
      readonly day: number;
      readonly basis: string;
      readonly reason: string;
    }
  | { readonly t: "close_glass"; readonly conv: Uint8Array }
  | { readonly t: "see_glass"; readonly key: number }
  | { readonly t: "witness"; readonly after: number }
  | { readonly t: "next" | "ping" };
