/** What somebody wrote before anybody took their conversation. It grows while they wait; each part comes once. */

import { SHARED_LOG, VISITOR } from "../crypto/envelope.ts";
import type { Opening as Frame } from "../wire/desk-frames.ts";
import { Transcript } from "../wire/transcript.ts";

export class Opening {
  readonly #texts: string[] = [];
  readonly #transcript: Transcript;
  #secret: Uint8Array | undefined;

  constructor(conv: Uint8Array) {
    this.#transcript = new Transcript({
      conv,
      log: SHARED_LOG,
      admits: ({ direction, generation }) => direction === VISITOR && generation === 0,
      secret: (generation) => (generation === 0 ? this.#secret : undefined),
      signer: async () => undefined,
      isOwn: () => false,
      settle: () => undefined,
      turns: async () => false,
      turned: () => {},
      entry: (entry) => {
        if (entry.kind === "text") this.#texts.push(entry.text);
      },
      moved: () => {},
      fork: () => {},
      fault: () => {},
    });
  }

  /** The number up to which it is here. */
  get last(): number {
    return this.#transcript.last;
  }

  /** As far as it came and checks. */
  get text(): string {
    return this.#texts.join("\n");
  }

  /** Read on; *secret* is used now and not kept. */
  async read(secret: Uint8Array, envelopes: Frame["envelopes"]): Promise<void> {
    this.#secret = secret;
    for (const { n, minute, envelope } of envelopes) this.#transcript.place(n, minute, envelope);
    await this.#transcript.idle();
    this.#secret = undefined;
  }
}
