/**
 * What is under a key of before gets the key of today: what ended, a few conversations at a time, and the team's canned
 * replies. Then the server can forget the key of before.
 */

import { type Signal, signal } from "@preact/signals";
import { base64 } from "../crypto/bytes.ts";
import { MOST_WRAPS } from "../wire/desk-frames.ts";
import { list, oneOf, record, whole } from "../wire/shape.ts";
import type { Surroundings } from "../wire/surroundings.ts";
import { ask, base64Of, believed } from "./session-keyring.ts";
import { readReplies } from "./session-replies.ts";
import type { Vault } from "./session-vault.ts";

/** Between two batches: whoever talks meanwhile notices nothing. */
const BREATH = 100;
const AGAIN = 600_000;
/** Half of what the server takes of one account in a minute: whoever writes replies of their own meanwhile has room. */
const REPLIES_AT_ONCE = 30;
const NEXT_REPLIES = 60_000;

const readBatch = record({
  epoch: whole,
  left: whole,
  last: whole,
  conversations: list(
    record({
      conv: base64Of(16),
      wraps: list(record({ log: oneOf(1, 2), g: whole, epoch: whole, wrap: base64Of(80) }), MOST_WRAPS),
    }),
    100,
  ),
});
type Batch = NonNullable<ReturnType<typeof readBatch>>;

export class DeskRewrap {
  /** How many are still to be done; undefined until that is known. */
  readonly left: Signal<number | undefined> = signal(undefined);
  readonly #world: Surroundings;
  #replies = 0;
  /** Whether replies were left for the next minute. */
  #hasMore = false;
  #round = 0;
  #stop: () => void = () => {};

  constructor(world: Surroundings) {
    this.#world = world;
  }

  /** A lead signed in. */
  begin(vault: Vault, token: string): void {
    this.clear();
    const round = this.#round;
    const goOn = async (after: number): Promise<void> => {
      const last = await this.#batch(vault, token, after).catch(() => undefined);
      if (round !== this.#round) return;
      // At the end of the list, or of our luck, from the beginning after a while: what did not open may open then.
      const [next, pause] = last === undefined ? [0, this.#hasMore ? NEXT_REPLIES : AGAIN] : [last, BREATH];
      this.#stop = this.#world.after(pause, () => void goOn(next));
    };
    void goOn(0);
  }

  clear(): void {
    this.#round += 1;
    this.#stop();
    this.left.value = undefined;
  }

  /** Where to go on; undefined at the end. */
  async #batch(vault: Vault, token: string, after: number): Promise<number | undefined> {
    if (!vault.isOpen) return undefined;
    if (after === 0) await this.#reseal(vault, token).catch(() => {}); // tried again in the next round
    const batch = believed(await ask(this.#world, "/desk/rewrap/next", { after }, token), readBatch);
    this.left.value = batch.left + this.#replies;
    // The server has begun an epoch that we were not welcomed to yet.
    if (batch.conversations.length === 0 || batch.epoch !== vault.epoch) return undefined;
    const conversations = [];
    for (const one of batch.conversations) {
      const wraps = await anew(vault, one);
      if (wraps !== undefined) conversations.push({ conv: base64(one.conv), wraps });
    }
    if (conversations.length > 0) await ask(this.#world, "/desk/rewrap", { epoch: batch.epoch, conversations }, token);
    this.left.value = Math.max(0, batch.left - conversations.length) + this.#replies;
    return batch.last;
  }

  /** What no key of ours opens stays as it is. */
  async #reseal(vault: Vault, token: string): Promise<void> {
    const { epoch } = vault;
    if (epoch === undefined) return;
    const { team } = believed(await ask(this.#world, "/desk/replies", undefined, token), readReplies);
    const behind = team.filter((one) => one.epoch < epoch);
    this.#replies = behind.length;
    let done = 0;
    for (const { id, version, sealed } of behind) {
      this.#hasMore = done >= REPLIES_AT_ONCE;
      if (this.#hasMore) return;
      const text = await vault.openReply("team", id, version, sealed);
      const anew = text && (await vault.sealReply("team", id, version + 1, text));
      if (anew === undefined) continue;
      const place = { scope: "team", id: base64(id), version, epoch };
      await ask(this.#world, "/desk/replies", { ...place, sealed: base64(anew) }, token);
      this.#replies -= 1;
      done += 1;
    }
  }
}

/** All secrets of one conversation, or none: half of them would be lost with the old key. */
async function anew(
  vault: Vault,
  { conv, wraps }: Batch["conversations"][number],
): Promise<readonly { readonly log: number; readonly g: number; readonly wrap: string }[] | undefined> {
  const done = [];
  for (const one of wraps) {
    const made = await vault.rewrap(conv, one);
    if (made === undefined) return undefined;
    done.push({ log: made.log, g: made.g, wrap: base64(made.wrap) });
  }
  return done;
}
