/** The return phrase of this conversation: drawn, shown once, kept by the server when the visitor says so, or ended. */

import { type Signal, signal } from "@preact/signals";
import { equal, wipe } from "../crypto/bytes.ts";
import { type Carried, locatorOf, newPhrase, sealCarried } from "../crypto/phrase.ts";
import { sha256 } from "../crypto/primitives.ts";
import type { Surroundings } from "../wire/surroundings.ts";
import type { VisitorSays } from "../wire/visitor-frames.ts";
import type { PhraseSession } from "./state.ts";

const ANSWER_WITHIN = 10_000;
const NONE = new Uint8Array(0);

export interface PhraseRules {
  /** What the phrase will open; undefined while there is no conversation. */
  carried(): Carried | undefined;
  say(frame: VisitorSays): boolean;
}

/** Said until the server has it: this locator's hash is on record, or none is. */
interface Wish {
  readonly frame: VisitorSays;
  readonly record: Uint8Array;
  done(is: boolean): void;
}

export class ReturnPhrase implements PhraseSession {
  readonly has: Signal<boolean> = signal(false);
  readonly words: Signal<readonly string[]> = signal([]);
  readonly #world: Surroundings;
  readonly #organisation: string;
  readonly #rules: PhraseRules;
  #entropy: Uint8Array | undefined;
  #wish: Wish | undefined;

  constructor(world: Surroundings, organisation: string, rules: PhraseRules) {
    this.#world = world;
    this.#organisation = organisation;
    this.#rules = rules;
  }

  async draw(): Promise<void> {
    this.drop();
    const { entropy, words } = await newPhrase();
    if (this.#rules.carried() === undefined) return wipe(entropy);
    this.#entropy = entropy;
    this.words.value = words;
  }

  async keep(): Promise<void> {
    const [entropy, carried] = [this.#entropy, this.#rules.carried()];
    if (entropy === undefined || carried === undefined) throw new Error("no phrase to keep");
    const locator = await locatorOf(entropy);
    const record = await sha256(locator);
    wipe(locator);
    const box = await sealCarried(entropy, this.#organisation, carried);
    await this.#ask({ t: "keep_phrase", locator_hash: record, box }, record);
    this.drop();
  }

  drop(): void {
    if (this.#entropy !== undefined) wipe(this.#entropy);
    this.#entropy = undefined;
    this.words.value = [];
  }

  end(): Promise<void> {
    return this.#ask({ t: "end_phrase" }, NONE);
  }

  /** The server says what it has on record. */
  heard(record: Uint8Array): void {
    this.has.value = record.length > 0;
    if (this.#wish !== undefined && equal(this.#wish.record, record)) this.#wish.done(true);
  }

  /** The server knows us on a new socket. */
  connected(): void {
    if (this.#wish !== undefined) this.#rules.say(this.#wish.frame);
  }

  wipe(): void {
    this.drop();
    this.#wish?.done(false);
    this.has.value = false;
  }

  /** Rejects when the server did not say in time that it is so; a later answer still counts. */
  #ask(frame: VisitorSays, record: Uint8Array): Promise<void> {
    this.#wish?.done(false);
    return new Promise((resolve, reject) => {
      const cancel = this.#world.after(ANSWER_WITHIN, () => this.#wish?.done(false));
      this.#wish = {
        frame,
        record,
        done: (is) => {
          cancel();
          this.#wish = undefined;
          if (is) resolve();
          else reject(new Error("the server did not answer"));
        },
      };
      this.#rules.say(frame);
    });
  }
}
