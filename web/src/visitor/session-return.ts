/** Looking up a return phrase. The answer is a box for every question; that it opens is all that shows that it was one. */

import { base64, unbase64, wipe } from "../crypto/bytes.ts";
import { CannotOpen, Malformed } from "../crypto/errors.ts";
import { type Carried, locatorOf, NotAPhrase, openCarried, readPhrase } from "../crypto/phrase.ts";
import { record, words } from "../wire/shape.ts";
import type { Surroundings } from "../wire/surroundings.ts";
import type { Miss } from "./state.ts";

const readBox = record({ box: words(400) });

export interface Return {
  readonly carried: Carried;
  /** Shown to the server with the first resume: only who has the phrase goes on in the place of another page. */
  readonly locator: Uint8Array;
}

/** What the phrase in *text* opens, or why nothing was found. A typing error is told without asking the server. */
export async function findByPhrase(
  world: Surroundings,
  line: string,
  organisation: string,
  text: string,
): Promise<Return | Miss> {
  let entropy: Uint8Array;
  try {
    entropy = await readPhrase(text);
  } catch (reason) {
    return reason instanceof NotAPhrase ? { miss: "typed", word: reason.word } : { miss: "failed" };
  }
  try {
    const locator = await locatorOf(entropy);
    const answer = await world.http("POST", `${line}/phrase`, { locator: base64(locator) });
    const box = answer.status === 200 ? readBox(answer.body) : undefined;
    if (box === undefined) return { miss: "failed" };
    return { carried: await openCarried(entropy, organisation, unbase64(box.box)), locator };
  } catch (reason) {
    return { miss: reason instanceof CannotOpen || reason instanceof Malformed ? "nothing" : "failed" };
  } finally {
    wipe(entropy);
  }
}
