/** Records in words: what was done, why, and what came of it. */

import { nl } from "../words/desk.nl.ts";
import { capital, say } from "./words.ts";

type Key = keyof typeof nl;
/** Sentences without a place to fill. */
type Plain =
  | Extract<Key, `did.${string}` | `role.${string}` | `why.${string}`>
  | (typeof reasons)[keyof typeof reasons];

const reasons = {
  completed: "end.completed",
  visitor_left: "end.visitor_left",
  abuse: "end.abuse",
  test_call: "end.test_call",
  prank: "end.prank",
  asked: "step.asked",
  danger: "step.danger",
  supervision: "step.supervision",
  complaint: "step.complaint",
  absent: "glass.absent",
  law: "glass.law",
  desk_gone: "why.desk_gone",
  given_back: "why.given_back",
  signed_out: "why.signed_out",
  counsellor: "role.counsellor",
  lead: "role.lead",
  reviewer: "role.reviewer",
  admin: "role.admin",
  late: "why.late",
  own: "why.own",
  team: "why.team",
  wrong_code: "why.wrong_code",
  recovery_code: "why.recovery_code",
  sheet: "why.sheet",
  too_early: "why.too_early",
  signed: "why.signed",
  unsigned: "why.unsigned",
} as const;

const isPlain = (key: string): key is Plain => Object.hasOwn(nl, key);
const isReason = (word: string): word is keyof typeof reasons => Object.hasOwn(reasons, word);

const others = ["operator", "nobody", "visitor", "retention", "ledger"] as const;

/** Who did it; whoever has no account goes by a word of the log. */
export function doer(name: string): string {
  const other = others.find((one) => one === name);
  return other === undefined ? name : say(`audit.${other}`);
}

/** What has no word of its own is shown as the log has it. */
function worded(kind: "did" | "role", word: string): string {
  const key = `${kind}.${word}`;
  return isPlain(key) ? say(key) : word;
}

export const deed = (action: string): string => worded("did", action);

export const role = (name: string | undefined): string => worded("role", name ?? "unknown");

export const why = (reason: string): string => (isReason(reason) ? capital(say(reasons[reason])) : reason);

export function outcome(result: string): string {
  if (result === "done") return say("audit.done");
  return result === "failed" ? say("audit.failed") : say("audit.refused", { code: result });
}
