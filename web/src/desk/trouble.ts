/** A plain code to a sentence. Name or passphrase: one sentence, whichever it was. */

import { say } from "./words.ts";

const sentences = {
  sign_in_refused: "in.wrong",
  network: "in.network",
  slow_down: "in.slow",
  busy: "in.slow",
  untrusted: "in.untrusted",
  signed_out: "in.out",
  limit_reached: "no.limit",
  not_on_shift: "no.shift",
  already_offered: "no.twice",
  no_such_offer: "no.offer",
  unsent: "no.unsent",
  opened_often: "glass.often",
  reason_needed: "glass.short",
  conversation_ended: "end.team",
  no_such_conversation: "gone",
} as const;

const known = (code: string): code is keyof typeof sentences => code in sentences;

export const explain = (code: string): string => say(known(code) ? sentences[code] : "failed");
