/**
 * Signing out at a server that may be out of reach: said again for a while, so that the conversations go back to the
 * queue once the server is there again. Only the token is kept for it, and no longer than that.
 */

import type { Surroundings } from "../wire/surroundings.ts";

const FIRST_WAIT = 1_000;
const LONGEST_WAIT = 15_000;
const GIVE_UP_AFTER = 120_000;

/** Resolves after the first attempt, whatever came of it; the others follow by themselves. */
export function sayFarewell(world: Surroundings, token: string): Promise<void> {
  const end = world.now() + GIVE_UP_AFTER;
  const attempt = async (wait: number): Promise<void> => {
    if ((await isHeard(world, token)) || world.now() + wait > end) return;
    world.after(wait, () => void attempt(Math.min(LONGEST_WAIT, wait * 2)));
  };
  return attempt(FIRST_WAIT);
}

/** A refusal is an answer, too; but a proxy also speaks for a server that is down. */
async function isHeard(world: Surroundings, token: string): Promise<boolean> {
  try {
    const { status } = await world.http("POST", "/desk/sign-out", {}, token);
    return status < 500 && status !== 429;
  } catch {
    return false;
  }
}
