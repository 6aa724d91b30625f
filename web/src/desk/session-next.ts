/** Asking for the next: one question at a time, answered by a name first and by the conversation itself then. */

import type { Surroundings } from "../wire/surroundings.ts";

const ANSWER_WITHIN = 10_000;

export class NextOne {
  readonly #world: Surroundings;
  #settle: ((conv: string | undefined) => void) | undefined;
  #given: string | undefined;

  constructor(world: Surroundings) {
    this.#world = world;
  }

  get isAsked(): boolean {
    return this.#settle !== undefined;
  }

  /** The conversation, once it is on the screen; undefined when there is none, or no answer. */
  answer(): Promise<string | undefined> {
    return new Promise((resolve) => {
      const late = this.#world.after(ANSWER_WITHIN, () => this.none());
      this.#settle = (conv) => {
        late();
        this.#settle = undefined;
        this.#given = undefined;
        resolve(conv);
      };
    });
  }

  given(conv: string): void {
    this.#given = conv;
  }

  taken(conv: string): void {
    if (conv === this.#given) this.#settle?.(conv);
  }

  none(): void {
    this.#settle?.(undefined);
  }
}
