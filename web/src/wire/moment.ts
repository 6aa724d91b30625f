/** Something that is true for a moment after each sign of it, such as that the other side types. */

import type { Surroundings } from "./surroundings.ts";

export class Moment {
  readonly #world: Surroundings;
  readonly #ms: number;
  readonly #tell: (on: boolean) => void;
  #cancel: () => void = () => {};

  constructor(world: Surroundings, ms: number, tell: (on: boolean) => void) {
    this.#world = world;
    this.#ms = ms;
    this.#tell = tell;
  }

  /** A sign of it, now. */
  begin(): void {
    this.#cancel();
    this.#tell(true);
    this.#cancel = this.#world.after(this.#ms, () => this.#tell(false));
  }

  end(): void {
    this.#cancel();
    this.#tell(false);
  }
}
