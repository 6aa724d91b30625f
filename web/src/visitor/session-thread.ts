/** A visitor's one conversation: what was said, what is on its way, and the secrets for both. No screen, no socket. */

import { equal, wipe } from "../crypto/bytes.ts";
import { type Header, SHARED_LOG, seal, TEAM, VISITOR } from "../crypto/envelope.ts";
import type { VisitorKeys } from "../crypto/keys.ts";
import { commitment, readRotation } from "../crypto/rotation.ts";
import { Purpose, unwrap } from "../crypto/wrap.ts";
import { GapWatch } from "../wire/gap.ts";
import { Outbox } from "../wire/outbox.ts";
import type { Surroundings } from "../wire/surroundings.ts";
import { type Entry, Transcript } from "../wire/transcript.ts";
import type { Trust } from "../wire/trust.ts";
import type { VisitorSays } from "../wire/visitor-frames.ts";
import { Lines } from "./session-lines.ts";
import type { Line } from "./state.ts";

export interface ThreadEvents {
  say(frame: VisitorSays): boolean;
  /** Something is missing that a new connection would bring. */
  again(): void;
  /** The counsellor wrote something, and it checks. */
  theyWrote(n: number): void;
  changed(): void;
  fork(): void;
  stopped(code: string): void;
  fault(reason: unknown): void;
}

export class Thread {
  readonly keys: VisitorKeys;
  readonly secrets: Uint8Array[];
  readonly transcript: Transcript;
  readonly outbox: Outbox;
  readonly #gap: GapWatch;
  readonly #events: ThreadEvents;
  readonly #trust: Trust;
  readonly #organisation: string;
  readonly #lines = new Lines();
  /** Up to this number it is from before this page; undefined: this page began it. */
  #past: number | undefined;
  #generation = 0;
  /** Of the newest secret; it never goes back. */
  #epoch = 0;
  #times = 0;
  #read = 0;
  #isWiped = false;

  constructor(
    world: Surroundings,
    trust: Trust,
    organisation: string,
    keys: VisitorKeys,
    secrets: readonly [Uint8Array, Uint8Array],
    events: ThreadEvents,
    cameBack: boolean,
  ) {
    this.keys = keys;
    this.secrets = [...secrets];
    this.#trust = trust;
    this.#organisation = organisation;
    this.#events = events;
    this.#past = cameBack ? 0 : undefined;
    const { conv } = keys;
    const fault = (reason: unknown) => events.fault(reason);
    const secret = (generation: number) => (this.#isWiped ? undefined : this.secrets[generation]);
    const transcript: Transcript = new Transcript({
      conv,
      log: SHARED_LOG,
      // A visitor's, and not from our outbox: it is of an earlier page of ours, or of nobody's.
      admits: ({ direction, generation }) =>
        direction === TEAM ? generation > 0 : direction === VISITOR && this.#past !== undefined,
      secret,
      turns: (header, content) => this.#turns(header, content),
      turned: (generation) => {
        this.#generation = generation;
      },
      // What happens while this page lives needs a certificate that holds now, whatever minute the server tells.
      signer: async (certId, minute) =>
        (await trust.signer(certId, world.now() / 1000)) ??
        (transcript.last < (this.#past ?? 0) ? trust.signer(certId, minute * 60) : undefined),
      isOwn: (header, envelope) => outbox.isOwn(header, envelope),
      settle: (header) => outbox.settle(header),
      entry: (entry) => this.#entry(entry),
      moved: () => this.#gap.look(),
      fork: () => events.fork(),
      fault,
    });
    const outbox: Outbox = new Outbox(world, {
      conv,
      direction: VISITOR,
      generation: () => this.#generation,
      moveTo: (generation) => this.moveTo(generation),
      secret,
      seen: () => transcript.seen(),
      seal,
      say: (envelope) => events.say({ t: "append", envelope }),
      placed: (n, minute, envelope) => transcript.place(n, minute, envelope),
      changed: () => events.changed(),
      stopped: (code) => events.stopped(code),
      fault,
    });
    this.transcript = transcript;
    this.outbox = outbox;
    this.#gap = new GapWatch(world, {
      missing: () => transcript.missing,
      again: () => events.again(),
      fork: () => events.fork(),
    });
  }

  /** Up to *n* it was there before we came. */
  resumed(n: number): void {
    if (this.#past === 0) this.#past = n;
    this.transcript.promise(n);
  }

  lines(): readonly Line[] {
    return this.#lines.all(this.outbox.unplaced);
  }

  /** The server knows us on a new socket: say again what it may not have heard. */
  connected(): void {
    this.#gap.up();
    this.outbox.connected();
    const theirs = this.#lines.lastTheirs;
    if (theirs > 0) this.#events.say({ t: "delivered", n: theirs });
    if (this.#read > 0) this.#events.say({ t: "read", n: this.#read });
  }

  disconnected(): void {
    this.#gap.down();
    this.outbox.disconnected();
  }

  /** Nothing more is said, nothing more is missed. */
  stop(): void {
    this.#gap.end();
    this.outbox.stop();
  }

  seen(): void {
    const n = this.#lines.lastTheirs;
    if (n <= this.#read) return;
    this.#read = n;
    this.#events.say({ t: "read", n }); // unheard, it is said again on the next connection
  }

  /** Up to *n* our messages were delivered or read; the transcript may still be busy with what came before. */
  async reached(how: "delivered" | "read", n: number): Promise<void> {
    await this.transcript.idle();
    this.#lines.reached(how, n);
    this.#events.changed();
  }

  /** A counsellor has it now, for the *times*-th time. */
  claimed(times: number): void {
    this.moveTo(1);
    // Who comes back was not there when a colleague took over: it is no news any more.
    const isNews = this.#times > 0 || this.#past === undefined;
    if (times > this.#times && times > 1 && isNews) this.#lines.swap();
    this.#times = Math.max(times, this.#times);
    this.#events.changed();
  }

  /** The keys only ever move on, beyond the first step by a rotation alone: until that has come, it is tried again. */
  moveTo(generation: number): boolean {
    if (generation < this.#generation) return false;
    this.#generation = Math.max(this.#generation, Math.min(generation, 1));
    return true;
  }

  async #turns({ conv, generation: before }: Header, content: Uint8Array): Promise<boolean> {
    const { generation, epoch, commitment: named, wrap } = readRotation(content, SHARED_LOG);
    if (generation !== before + 1 || epoch < this.#epoch) return false;
    const [organisation, team] = [this.#organisation, this.#trust.team ?? ""];
    const place = { organisation, team, epoch, conv, generation, purpose: Purpose.VISITOR };
    const secret = await unwrap(wrap, this.keys.ve, place);
    if (!this.#isWiped && equal(await commitment(secret, conv, SHARED_LOG, generation, epoch), named)) {
      this.#epoch = epoch;
      this.secrets[generation] = secret;
      return true;
    }
    wipe(secret);
    return false;
  }

  wipe(): void {
    this.#isWiped = true;
    this.#gap.end();
    this.outbox.wipe();
    this.transcript.stop();
    this.#lines.clear();
    wipe(...this.secrets, this.keys.credential);
  }

  #entry(entry: Entry): void {
    this.#lines.add(entry);
    if (entry.kind === "text" && entry.direction === TEAM) {
      this.moveTo(1);
      this.#events.say({ t: "delivered", n: entry.n });
      this.#events.theyWrote(entry.n);
    }
    this.#events.changed();
  }
}
