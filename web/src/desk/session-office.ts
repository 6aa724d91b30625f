/** Without a desk there is no socket: a reviewer's or an admin's page asks now and then, and so notices when it is over. */

import { type Signal, signal } from "@preact/signals";
import { flag, list, orNil, record, whole, words } from "../wire/shape.ts";
import type { Surroundings } from "../wire/surroundings.ts";
import { ask, believed, Trouble } from "./session-keyring.ts";
import type { House, Office } from "./state-office.ts";

const LOOK_EVERY = 5_000;

const readHouse = record({
  open: flag,
  until: orNil(whole),
  desks: whole,
  signed: orNil(whole),
  sessions: list(record({ account: words(32), began: whole }), 10_000),
});

/** What the page hears of each look. */
interface Hears {
  /** An answer came, or none did. */
  readonly connected: (on: boolean) => void;
  /** The session is over, or the server is not to be believed. */
  readonly over: (why: string) => void;
}

export class DeskOffice implements Office {
  readonly house: Signal<House | undefined> = signal(undefined);
  readonly trouble: Signal<string | undefined> = signal(undefined);
  readonly #world: Surroundings;
  readonly #hears: Hears;
  #token: string | undefined;
  #stop: () => void = () => {};

  constructor(world: Surroundings, hears: Hears) {
    this.#world = world;
    this.#hears = hears;
  }

  /** Somebody without a desk signed in. Rejects when the first look is refused. */
  async begin(token: string, look: () => Promise<void>): Promise<void> {
    this.#token = token;
    await look();
    if (token === this.#token) this.#again(token, look);
  }

  clear(): void {
    this.#stop();
    this.#token = undefined;
    this.house.value = undefined;
    this.trouble.value = undefined;
  }

  /** An admin's look. */
  async look(): Promise<void> {
    const token = this.#token;
    const { until, signed, ...rest } = believed(await ask(this.#world, "/desk/house", undefined, token), readHouse);
    if (token !== this.#token) return;
    this.house.value = { ...rest, until: until ?? undefined, signed: signed ?? undefined };
  }

  async signOut(account: string): Promise<boolean> {
    const token = this.#token;
    this.trouble.value = undefined;
    try {
      await ask(this.#world, "/desk/house/sign-out", { id: account }, token);
      await this.look();
      return true;
    } catch (reason) {
      if (token === this.#token) this.trouble.value = reason instanceof Trouble ? reason.code : "failed";
      return false;
    }
  }

  #again(token: string, look: () => Promise<void>): void {
    this.#stop = this.#world.after(LOOK_EVERY, async () => {
      const code = await look().then(
        () => undefined,
        (reason: unknown) => (reason instanceof Trouble ? reason.code : "failed"),
      );
      if (token !== this.#token) return;
      if (code === "signed_out" || code === "untrusted" || code === "not_accepted") this.#hears.over(code);
      else {
        this.#hears.connected(code !== "network");
        this.#again(token, look);
      }
    });
  }
}
