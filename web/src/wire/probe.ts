/** Looks now and then whether a WebSocket gets through, while the talk goes on by long-polling. */

import { PROTOCOL } from "./frames.ts";
import type { Socket, Surroundings } from "./surroundings.ts";

/** Here the server speaks first, so that a proxy which only pretends to open a WebSocket is found out. */
const SPEAKS_FIRST = `/socket/${PROTOCOL}`;
const FIRST = 10_000;
const LONGEST = 300_000;
const PATIENCE = 10_000;

export class Probe {
  readonly #world: Surroundings;
  readonly #through: () => void;
  #wait = FIRST;
  #socket: Socket | undefined;
  #cancel: () => void = () => {};

  /** *through* is told when a WebSocket spoke. */
  constructor(world: Surroundings, through: () => void) {
    this.#world = world;
    this.#through = through;
  }

  /** Look after a while; each look that is in vain makes the next while longer. */
  later(): void {
    this.stop();
    this.#cancel = this.#world.after(this.#wait, () => this.#look());
  }

  /** The network may be another one: the next while is short again. */
  reset(): void {
    this.#wait = FIRST;
  }

  stop(): void {
    this.#cancel();
    const socket = this.#socket;
    this.#socket = undefined;
    if (socket === undefined) return;
    socket.onmessage = socket.onclose = null;
    try {
      socket.close(1000);
    } catch {
      // One that is still connecting may refuse.
    }
  }

  #look(): void {
    try {
      this.#socket = this.#world.socket(SPEAKS_FIRST);
    } catch {
      this.#inVain();
      return;
    }
    this.#cancel = this.#world.after(PATIENCE, () => this.#inVain());
    this.#socket.onclose = () => this.#inVain();
    this.#socket.onmessage = () => {
      this.stop();
      this.#through();
    };
  }

  #inVain(): void {
    this.#wait = Math.min(LONGEST, this.#wait * 3);
    this.later();
  }
}
