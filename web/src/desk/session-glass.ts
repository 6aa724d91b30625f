/** Opening what is not ours, with a reason; and what others opened so, until somebody says that they saw it. */

import { type Signal, signal } from "@preact/signals";
import { unhex } from "../crypto/bytes.ts";
import type { DeskHears, DeskSays } from "../wire/desk-frames.ts";
import type { Surroundings } from "../wire/surroundings.ts";
import type { Broken, Glass, Ground } from "./state-glass.ts";

const ANSWER_WITHIN = 10_000;

export class DeskGlass implements Glass {
  readonly broken: Signal<readonly Broken[]> = signal([]);
  readonly #world: Surroundings;
  readonly #say: (frame: DeskSays) => boolean;
  #asked: ((code: string | undefined) => void) | undefined;

  constructor(world: Surroundings, say: (frame: DeskSays) => boolean) {
    this.#world = world;
    this.#say = say;
  }

  get isAsked(): boolean {
    return this.#asked !== undefined;
  }

  hear(frame: Extract<DeskHears, { t: "broken" }>): void {
    this.broken.value = frame.glass;
  }

  open(number: number, day: number, basis: Ground, reason: string): Promise<string | undefined> {
    if (this.isAsked || !this.#say({ t: "break_glass", number, day, basis, reason })) return Promise.resolve("network");
    return new Promise((resolve) => {
      const late = this.#world.after(ANSWER_WITHIN, () => this.settle("network"));
      this.#asked = (code) => {
        late();
        resolve(code);
      };
    });
  }

  /** It is open, or this is why not. */
  settle(code: string | undefined): void {
    const asked = this.#asked;
    this.#asked = undefined;
    asked?.(code);
  }

  close(conv: string): void {
    this.#say({ t: "close_glass", conv: unhex(conv) });
  }

  see(key: number): void {
    this.#say({ t: "see_glass", key });
  }

  clear(): void {
    this.settle("network");
    this.broken.value = [];
  }
}
