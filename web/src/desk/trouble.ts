/** A plain code to a sentence. Name or passphrase: one sentence, whichever it was. */

import { say } from "./words.ts";

const sentences = {
  sign_in_refused: "in.wrong",
  code_needed: "in.wrong.code",
  code_refused: "factor.wrong",
  not_a_sheet: "sheet.not",
  sheet_refused: "sheet.wrong",
  passphrase_refused: "own.wrong",
  no_such_session: "own.ended",
  network: "in.network",
  slow_down: "in.slow",
  busy: "in.slow",
  untrusted: "in.untrusted",
  not_admitted: "in.admit",
  no_such_invitation: "join.gone",
  name_taken: "join.taken",
  other_words: "join.other",
  no_such_applicant: "people.gone",
  no_such_member: "people.left",
  last_lead: "people.last",
  epoch_not_due: "people.made",
  certificate_refused: "people.refused",
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
