/** How a visitor's conversation begins: the server is checked, secrets are made and wrapped for the team and for us. */

import { concat, random } from "../crypto/bytes.ts";
import { startSignature, type VisitorKeys } from "../crypto/keys.ts";
import { Purpose, wrap } from "../crypto/wrap.ts";
import { PROTOCOL } from "../wire/frames.ts";
import { clocksAgree, type Team, type Trust } from "../wire/trust.ts";
import type { Hello, Start } from "../wire/visitor-frames.ts";

export interface Place {
  readonly organisation: string;
  readonly line: string;
}

/** The team behind this line, if the server is ours and its clock is sane; throws otherwise. */
export async function checkHello(hello: Hello, place: Place, trust: Trust, now: number): Promise<Team> {
  const [admin, team] = hello.certificates;
  const isOurs = hello.protocol === PROTOCOL && hello.organisation === place.organisation && hello.line === place.line;
  if (!isOurs || !clocksAgree(hello.minute, now)) throw new Error("another server, or another time");
  if (admin === undefined || team === undefined) throw new Error("no certificates");
  return trust.introduce(admin, team, now / 1000);
}

/** The frame that creates the conversation. Its bytes stay the same however often it must be said. */
export async function makeStart(
  place: Place,
  team: Team,
  keys: VisitorKeys,
  secrets: readonly [Uint8Array, Uint8Array],
): Promise<Start> {
  const wraps: Uint8Array[] = [];
  for (const [generation, secret] of secrets.entries()) {
    const context = {
      organisation: place.organisation,
      team: team.slug,
      epoch: team.epoch,
      conv: keys.conv,
      generation,
    };
    wraps.push(await wrap(secret, team.key, { ...context, purpose: Purpose.TEAM }));
    wraps.push(await wrap(secret, keys.ve.publicKey, { ...context, purpose: Purpose.VISITOR }));
  }
  return {
    t: "start",
    line: place.line,
    ve: keys.ve.publicKey,
    vg: keys.vg.publicKey,
    credential: concat(keys.credential),
    team_cert: team.certId,
    wraps,
    sig: await startSignature(place.line, keys, team.certId, wraps),
    rotates: true,
  };
}

/** Fresh secrets: VS, CS_0 and CS_1. */
export function freshSecrets(): { readonly vs: Uint8Array; readonly cs: readonly [Uint8Array, Uint8Array] } {
  return { vs: random(32), cs: [random(32), random(32)] };
}
