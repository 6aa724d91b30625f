/**
 * Are the secrets of a conversation the visitor's own?
 *
 * Anybody can wrap something to the team's public key, the server too. The visitor signed the wraps at the start, with
 * keys that the conversation's id is the hash of; so a secret that was put in their place is noticed before anything is
 * written under it.
 */

import { equal } from "../crypto/bytes.ts";
import { verify } from "../crypto/curves.ts";
import { conversationId, startSignatureBytes } from "../crypto/keys.ts";
import type { Released } from "./desk-frames.ts";

/** In the order of `start`: CS_0 and CS_1, each to the team and to the visitor. */
const TO_TEAM = [0, 2];

export async function isVisitorsOwn(taken: Released): Promise<boolean> {
  const { line, ve, vg, credential_hash, team_cert, wraps, sig } = taken.start;
  if (!equal(await conversationId(ve, vg), taken.conv)) return false;
  const signed = await startSignatureBytes(line, ve, vg, credential_hash, team_cert, wraps).catch(() => undefined);
  if (signed === undefined || !(await verify(vg, sig, signed))) return false;
  return TO_TEAM.every((at, g) => {
    const kept = taken.wraps.find((one) => one.log === 1 && one.g === g);
    const signedWrap = wraps[at];
    return kept !== undefined && signedWrap !== undefined && equal(kept.wrap, signedWrap);
  });
}
