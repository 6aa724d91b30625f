/**
 * The next secret of a log: made at this desk, wrapped to the team and to the visitor, and named in a signed record.
 * From the moment it is made nothing is sealed under the one before; what was typed waits until the record has its
 * place, or a colleague's has.
 */

import { equal, random, wipe } from "../crypto/bytes.ts";
import { type Header, NO_PREVIOUS, ROTATION } from "../crypto/envelope.ts";
import { commitment, rotationContent } from "../crypto/rotation.ts";
import type { KeptWrap } from "../wire/desk-frames.ts";
import type { Refusal } from "../wire/frames.ts";
import type { Surroundings } from "../wire/surroundings.ts";

export interface Made {
  readonly secret: Uint8Array;
  readonly kept: KeptWrap;
  /** To the visitor; empty in the team's log. */
  readonly forVisitor: Uint8Array;
}

export interface TurningRules {
  readonly conv: Uint8Array;
  readonly log: 1 | 2;
  readonly direction: number;
  /** Undefined while locked. */
  make(generation: number): Promise<Made | undefined>;
  secret(generation: number): Uint8Array | undefined;
  hold(made: Made): void;
  /** It was in vain: the log goes on under the one before, or under a colleague's. */
  drop(generation: number): void;
  seen(): Promise<{ readonly seq: number; readonly head: Uint8Array }>;
  seal(secret: Uint8Array, header: Header, content: Uint8Array): Promise<Uint8Array>;
  say(envelope: Uint8Array, kept: KeptWrap): boolean;
  placed(n: number, minute: number, envelope: Uint8Array): void;
  stopped(code: string): void;
  fault(reason: unknown): void;
}

const AGAIN = new Set(["busy", "slow_down", "failed"]);
const PAUSE = 1_000;

interface Pending {
  readonly generation: number;
  readonly kept: KeptWrap;
  /** Undefined while it is being sealed. */
  record: { readonly msgId: Uint8Array; readonly envelope: Uint8Array } | undefined;
}

export class Turning {
  readonly #world: Surroundings;
  readonly #rules: TurningRules;
  #pending: Pending | undefined;
  #isMaking = false;
  /** From this generation a colleague turned first: their record is on its way. */
  #lostFrom: number | undefined;
  #keeps = false;
  #isStopped = false;
  /** The generations of which a colleague's secret is there: none of ours may take its place. */
  readonly #theirs = new Set<number>();
  #cancel: () => void = () => {};

  constructor(world: Surroundings, rules: TurningRules) {
    this.#world = world;
    this.#rules = rules;
  }

  /** The log keeps the secret that it has: the visitor's page knows of no other. */
  get keeps(): boolean {
    return this.#keeps;
  }

  /** Its wrap is ours, as yet; after a lock it is opened from here. */
  get kept(): KeptWrap | undefined {
    return this.#pending?.record && this.#pending.kept;
  }

  /** Turn away from *generation*, once. */
  begin(generation: number): void {
    if (this.#isMaking || this.#pending !== undefined || this.#lostFrom === generation) return;
    if (this.#keeps || this.#isStopped) return;
    this.#isMaking = true;
    this.#begin(generation)
      .catch((reason) => {
        const pending = this.#pending;
        this.#pending = undefined;
        if (pending !== undefined) this.#rules.drop(pending.kept.g);
        this.#rules.fault(reason);
      })
      .finally(() => {
        this.#isMaking = false;
      });
  }

  /** The server knows us on a new connection. */
  connected(): void {
    this.#lostFrom = undefined;
    this.#say();
  }

  acknowledged(msgId: Uint8Array, n: number, minute: number): void {
    const record = this.#pending?.record;
    if (record !== undefined && equal(record.msgId, msgId)) this.#rules.placed(n, minute, record.envelope);
  }

  refused({ code, msg_id }: Refusal): void {
    const pending = this.#pending;
    if (pending?.record === undefined || msg_id === undefined || !equal(pending.record.msgId, msg_id)) return;
    if (AGAIN.has(code)) {
      this.#cancel();
      this.#cancel = this.#world.after(PAUSE, () => this.#say());
      return;
    }
    this.#keeps = code === "not_rotating";
    if (!this.#keeps && code !== "generation") this.#rules.stopped(code);
    this.#lose(pending);
  }

  /** A colleague's secret is there; where it is in the place of ours, ours goes. */
  rival(kept: KeptWrap): void {
    const pending = this.#pending;
    if (pending !== undefined && equal(kept.wrap, pending.kept.wrap)) return;
    this.#theirs.add(kept.g);
    if (pending?.kept.g === kept.g) this.#lose(pending);
  }

  /** The log is under another generation now. */
  turned(): void {
    this.#pending = undefined;
    this.#lostFrom = undefined;
    this.#cancel();
  }

  stop(): void {
    this.#isStopped = true;
    this.#cancel();
  }

  async #begin(generation: number): Promise<void> {
    const { conv, log } = this.#rules;
    const made = await this.#rules.make(generation + 1);
    if (made === undefined) return;
    const { secret, kept, forVisitor } = made;
    const named = await commitment(secret, conv, log, kept.g, kept.epoch);
    const before = this.#rules.secret(generation);
    if (before === undefined || this.#theirs.has(kept.g)) return wipe(secret); // locked, or a colleague was first
    const pending: Pending = { generation, kept, record: undefined };
    this.#pending = pending;
    this.#rules.hold(made);
    const { seq: seenSeq, head: seenHead } = await this.#rules.seen();
    const header: Header = {
      klass: ROTATION,
      direction: this.#rules.direction,
      conv,
      generation,
      // A chain of its own: whether it comes through changes nothing of what was typed.
      sender: random(8),
      seq: 1,
      msgId: random(16),
      prev: NO_PREVIOUS,
      seenSeq,
      seenHead,
    };
    const content = rotationContent({ generation: kept.g, epoch: kept.epoch, commitment: named, wrap: forVisitor });
    const envelope = await this.#rules.seal(before, header, content);
    if (this.#pending !== pending) return; // a colleague was first after all
    // What was sealed with keys that were overwritten meanwhile must never leave.
    if (this.#rules.secret(generation) !== before || this.#rules.secret(kept.g) !== secret) {
      this.#pending = undefined;
      this.#rules.drop(kept.g);
      return;
    }
    pending.record = { msgId: header.msgId, envelope };
    this.#say();
  }

  #say(): void {
    const { record, kept } = this.#pending ?? {};
    if (record !== undefined && kept !== undefined) this.#rules.say(record.envelope, kept);
  }

  #lose({ generation, kept }: Pending): void {
    this.#pending = undefined;
    this.#lostFrom = generation;
    this.#cancel();
    this.#rules.drop(kept.g);
  }
}
