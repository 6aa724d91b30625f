/** Whether a number that must exist stays away: asked for again once, and after that the server is hiding something. */

import type { Surroundings } from "./surroundings.ts";

/** What is late on a live connection gets so long before it is asked for again. */
const LATE_AFTER = 5_000;
/**
 * And so long after that, on one connection: longer than a dead one goes unnoticed, so that a tunnel is never taken for
 * a lie. A server that cuts the line before that is seen to cut it.
 */
const WITHHELD_AFTER = 50_000;
/** A timer that is so late tells that the page was frozen: nobody was there to be brought anything. */
const FROZEN = 5_000;

export interface GapRules {
  /** The first number that has not come although it must exist. */
  missing(): number | undefined;
  /** Ask the server again for what follows the last that we have. */
  again(): void;
  /** Asked for and still not there: the two sides do not see the same transcript. */
  fork(): void;
}

export class GapWatch {
  readonly #world: Surroundings;
  readonly #rules: GapRules;
  #life: "down" | "live" | "over" = "down";
  #missing: number | undefined;
  #isAsked = false;
  /** How long this number has been late, before it was asked for, on connections before this one. */
  #waited = 0;
  #stopTimer: (() => void) | undefined;

  constructor(world: Surroundings, rules: GapRules) {
    this.#world = world;
    this.#rules = rules;
  }

  /** The server knows us on this connection: what we lack is on its way. */
  up(): void {
    if (this.#life !== "over") this.#life = "live";
    this.look();
  }

  down(): void {
    if (this.#life !== "over") this.#life = "down";
    this.#halt();
    if (this.#isAsked) this.#waited = 0;
  }

  end(): void {
    this.#life = "over";
    this.#halt();
  }

  /** Something came, or something more is known to exist. Each step forward begins the wait anew. */
  look(): void {
    const missing = this.#rules.missing();
    if (missing !== this.#missing) {
      this.#halt();
      this.#missing = missing;
      this.#isAsked = false;
      this.#waited = 0;
    }
    if (this.#life === "live" && missing !== undefined && this.#stopTimer === undefined) this.#wait();
  }

  #wait(): void {
    const began = this.#world.now();
    const wait = (this.#isAsked ? WITHHELD_AFTER : LATE_AFTER) - this.#waited;
    const cancel = this.#world.after(wait, () => this.#late(began + wait));
    this.#stopTimer = () => {
      cancel();
      this.#waited += Math.max(0, this.#world.now() - began);
    };
  }

  #halt(): void {
    this.#stopTimer?.();
    this.#stopTimer = undefined;
  }

  #late(due: number): void {
    this.#stopTimer = undefined;
    if (this.#isAsked && this.#world.now() > due + FROZEN) {
      this.#waited = 0;
      this.#wait();
      return;
    }
    if (this.#isAsked) {
      this.end();
      this.#rules.fork();
      return;
    }
    this.#isAsked = true;
    this.#waited = 0;
    this.#wait();
    this.#rules.again();
  }
}
