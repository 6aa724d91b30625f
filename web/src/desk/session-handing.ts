/**
 * Handing on at a desk: what is asked, what the server answers, and what of it is believed. An offer gives nobody
 * anything; a conversation that comes with it must prove itself as every other (session-talk.ts).
 */

import { effect, type Signal, signal } from "@preact/signals";
import { hex, unhex } from "../crypto/bytes.ts";
import type { DeskSays, HandingHears } from "../wire/desk-frames.ts";
import type { Surroundings } from "../wire/surroundings.ts";
import type { Asked, Colleague, Handing, News, Offer } from "./handing.ts";
import type { Talk } from "./session-talk.ts";

export interface HandingEvents {
  say(frame: DeskSays): boolean;
  talk(conv: string): Talk | undefined;
  trouble(code: string | undefined): void;
}

const ANSWER_WITHIN = 10_000;
/** More at once is no honest server. */
const MOST_OFFERS = 12;

interface Pending {
  readonly says: DeskSays["t"];
  readonly to: string | undefined;
  done(well: boolean): void;
}

export class DeskHanding implements Handing {
  readonly limit: Signal<number | undefined> = signal(undefined);
  readonly colleagues: Signal<readonly Colleague[]> = signal([]);
  readonly offers: Signal<readonly Offer[]> = signal([]);
  readonly asked: Signal<ReadonlyMap<string, Asked>> = signal(new Map());
  readonly muted: Signal<ReadonlySet<string>> = signal(new Set());
  readonly news: Signal<News | undefined> = signal(undefined);

  readonly #world: Surroundings;
  readonly #events: HandingEvents;
  /** The name that each account had first since sign-in: a server that swaps names later is not followed. */
  readonly #names = new Map<string, string>();
  readonly #pending = new Map<string, Pending>();

  constructor(world: Surroundings, events: HandingEvents) {
    this.#world = world;
    this.#events = events;
  }

  async handOver(conv: string, account: string): Promise<boolean> {
    return (await this.#allSaid(conv)) && this.#ask({ t: "hand_over", conv: unhex(conv), to: account }, conv);
  }

  withdraw(conv: string): Promise<boolean> {
    return this.#ask({ t: "withdraw", conv: unhex(conv) }, conv);
  }

  answer(conv: string, accept: boolean): Promise<boolean> {
    if (!this.offers.value.some((offer) => offer.conv === conv)) return Promise.resolve(false);
    return this.#ask({ t: "answer", conv: unhex(conv), accept }, conv);
  }

  async giveBack(conv: string): Promise<boolean> {
    return (await this.#allSaid(conv)) && this.#ask({ t: "give_back", conv: unhex(conv) }, conv);
  }

  mute(conv: string, on: boolean): Promise<boolean> {
    return this.#ask({ t: "mute", conv: unhex(conv), on }, conv);
  }

  hear(frame: HandingHears): void {
    if (frame.t === "shift") this.#shift(frame);
    else if (frame.t === "asked") this.#asked(hex(frame.conv), frame.to, frame.name);
    else if (frame.t === "offered") this.#offered(frame);
    else if (frame.t === "offer_over") this.#over(hex(frame.conv), frame.why);
    else this.#mute(hex(frame.conv), frame.on);
  }

  /** A new connection: the server tells all of it again. */
  welcome(): void {
    this.offers.value = [];
    this.asked.value = new Map();
    this.muted.value = new Set();
  }

  disconnected(): void {
    for (const conv of [...this.#pending.keys()]) this.#settle(conv, false, "network");
  }

  /** We have it now. */
  taken(conv: string): void {
    if (this.#pending.get(conv)?.says === "answer") this.#settle(conv, true);
    this.#drop(conv);
  }

  /** It is no longer ours, or nobody's. */
  lost(conv: string): void {
    this.#settle(conv, this.#pending.get(conv)?.says === "give_back");
    this.#forget(conv);
  }

  ended(conv: string): void {
    this.#settle(conv, false);
    this.#forget(conv);
  }

  /** Whether the refusal answers a deed of ours. */
  refused(conv: string, code: string): boolean {
    if (!this.#pending.has(conv)) return false;
    if (code === "no_such_offer") this.#drop(conv);
    this.#settle(conv, false, code);
    return true;
  }

  clear(): void {
    for (const conv of [...this.#pending.keys()]) this.#settle(conv, false);
    this.welcome();
    this.#names.clear();
    this.limit.value = undefined;
    this.colleagues.value = [];
    this.news.value = undefined;
  }

  #shift(frame: Extract<HandingHears, { t: "shift" }>): void {
    this.limit.value = frame.limit;
    this.colleagues.value = frame.colleagues.flatMap(({ account, name, held }) => {
      const known = this.#named(account, name);
      return known === undefined ? [] : [{ account, name: known, held }];
    });
  }

  #asked(conv: string, to: string, name: string): void {
    const talk = this.#events.talk(conv);
    if (talk === undefined || talk.ended.value !== undefined) return;
    const pending = this.#pending.get(conv);
    if (pending?.says === "hand_over" && pending.to !== to) {
      // Somebody else was asked than we chose.
      this.#settle(conv, false, "untrusted");
      this.#events.say({ t: "withdraw", conv: unhex(conv) });
      return;
    }
    const asked = { number: talk.number, name: this.#named(to, name) ?? "" };
    this.asked.value = new Map([...this.asked.value, [conv, asked]]);
    if (pending?.says === "hand_over") this.#settle(conv, true);
  }

  #offered(frame: Extract<HandingHears, { t: "offered" }>): void {
    const conv = hex(frame.conv);
    const name = this.#named(frame.by, frame.name);
    const isOurs = this.#events.talk(conv) !== undefined;
    if (name === undefined || isOurs || this.offers.value.length >= MOST_OFFERS) return;
    const others = this.offers.value.filter((offer) => offer.conv !== conv);
    this.offers.value = [...others, { conv, number: frame.number, name }];
  }

  #over(conv: string, why: News["why"]): void {
    const asked = this.asked.value.get(conv);
    const offer = this.offers.value.find((one) => one.conv === conv);
    const about = asked ?? offer;
    if (about === undefined) return;
    this.news.value = { number: about.number, name: about.name, ours: asked !== undefined, why };
    this.#drop(conv);
    const says = this.#pending.get(conv)?.says;
    // A yes of ours is answered by `taken`.
    if (says === "withdraw" || (says === "answer" && why !== "accepted")) {
      this.#settle(conv, why === "withdrawn" || why === "declined");
    }
  }

  #mute(conv: string, on: boolean): void {
    if (this.#events.talk(conv) === undefined) return;
    const muted = new Set(this.muted.value);
    if (on) muted.add(conv);
    else muted.delete(conv);
    this.muted.value = muted;
    if (this.#pending.get(conv)?.says === "mute") this.#settle(conv, true);
  }

  /** The name of an account; undefined for one that goes by a name which is somebody else's. */
  #named(account: string, name: string): string | undefined {
    const known = this.#names.get(account);
    if (known !== undefined) return known;
    const plain = name.trim();
    if (plain === "" || [...this.#names.values()].includes(plain)) return undefined;
    this.#names.set(account, plain);
    return plain;
  }

  /** Whoever goes on must find everything that was typed here. */
  #allSaid(conv: string): Promise<boolean> {
    const talk = this.#events.talk(conv);
    if (talk === undefined || this.#pending.has(conv)) return Promise.resolve(false);
    return new Promise((resolve) => {
      const isLate = signal(false);
      const cancel = this.#world.after(ANSWER_WITHIN, () => {
        isLate.value = true;
      });
      const stop = effect(() => {
        const said = talk.lines.value.length >= 0 && !talk.hasUnsent;
        if (!said && !isLate.value) return;
        cancel();
        if (!said) this.#events.trouble("unsent");
        resolve(said);
        queueMicrotask(() => stop());
      });
    });
  }

  #ask(frame: DeskSays, conv: string): Promise<boolean> {
    if (this.#pending.has(conv)) return Promise.resolve(false);
    this.#events.trouble(undefined);
    if (!this.#events.say(frame)) {
      this.#events.trouble("network");
      return Promise.resolve(false);
    }
    return new Promise((resolve) => {
      const late = this.#world.after(ANSWER_WITHIN, () => this.#settle(conv, false, "network"));
      this.#pending.set(conv, {
        says: frame.t,
        to: frame.t === "hand_over" ? frame.to : undefined,
        done: (well) => {
          late();
          resolve(well);
        },
      });
    });
  }

  #settle(conv: string, well: boolean, code?: string): void {
    const pending = this.#pending.get(conv);
    if (pending === undefined) return;
    this.#pending.delete(conv);
    if (code !== undefined) this.#events.trouble(code);
    pending.done(well);
  }

  /** No offer of it is open. */
  #drop(conv: string): void {
    if (this.asked.value.has(conv)) {
      this.asked.value = new Map([...this.asked.value].filter(([one]) => one !== conv));
    }
    this.offers.value = this.offers.value.filter((offer) => offer.conv !== conv);
  }

  #forget(conv: string): void {
    this.muted.value = new Set([...this.muted.value].filter((one) => one !== conv));
  }
}
