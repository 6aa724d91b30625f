/**
 * The sending side of one log: what was typed stays here until it has its place. Sealed once, it is said with the
 * same bytes for as long as it takes; it is sealed anew only after the server refused it, where the server expects it.
 */

import { equal, hex, random, wipe } from "../crypto/bytes.ts";
import { type Header, MESSAGE, NO_PREVIOUS } from "../crypto/envelope.ts";
import { sha256 } from "../crypto/primitives.ts";
import type { Refusal } from "./frames.ts";
import type { OutboxRules, Unplaced } from "./outbox-rules.ts";
import { Serial } from "./serial.ts";
import type { Surroundings } from "./surroundings.ts";

export type { OutboxRules, Unplaced } from "./outbox-rules.ts";

interface Sealed {
  readonly header: Header;
  readonly msgId: string;
  readonly envelope: Uint8Array;
  readonly hash: Uint8Array;
}

interface Item {
  readonly id: string;
  readonly text: string;
  readonly content: Uint8Array;
  sealed: Sealed | undefined;
  retrying: boolean;
  ack: { readonly n: number; readonly minute: number } | undefined;
}

/** So many may be under way; more would only make a refusal dearer. */
const WINDOW = 16;
const FIRST_WAIT = 500;
const LONGEST_WAIT = 8_000;
/** Said again with the same bytes, later. */
const AGAIN = new Set(["busy", "slow_down", "failed", "wrong_order", "muted"]);
const ANEW = new Set(["out_of_order", "generation", "duplicate", "team_secret_exists"]);

export class Outbox {
  readonly #rules: OutboxRules;
  readonly #world: Surroundings;
  readonly #serial: Serial;
  readonly #sender = random(8);
  /** Not acknowledged yet, in the order in which they were typed. */
  #queue: Item[] = [];
  /** Acknowledged, not yet seen in their place. */
  #acked: Item[] = [];
  /** How many of the queue were said on this connection. */
  #said = 0;
  #seq = 0;
  #prev: Uint8Array = NO_PREVIOUS;
  /** Of our own envelopes by seq: a server may only send us back to where we have been. */
  readonly #hashes: Uint8Array[] = [NO_PREVIOUS];
  #anyAck = false;
  #live = false;
  #stumbles = 0;
  #cancelWait: (() => void) | undefined;
  #stopped = false;

  constructor(world: Surroundings, rules: OutboxRules) {
    this.#world = world;
    this.#rules = rules;
    this.#serial = new Serial((reason) => rules.fault(reason));
  }

  /** What has no place in the transcript yet, in order. */
  get unplaced(): readonly Unplaced[] {
    return [...this.#acked, ...this.#queue].map(({ id, text, ack, retrying }) => {
      const state = ack !== undefined ? "sent" : this.#stopped ? "unsent" : retrying ? "retrying" : "sending";
      return { id, text, state, minute: ack?.minute };
    });
  }

  add(id: string, text: string, content: Uint8Array): void {
    this.#queue.push({ id, text, content, sealed: undefined, retrying: false, ack: undefined });
    this.#rules.changed();
    this.wake();
  }

  /** The server knows us on a new connection: all that is not acknowledged is said again, byte for byte. */
  connected(): void {
    this.#live = true;
    this.#said = 0;
    this.#cancelWait?.();
    this.#cancelWait = undefined;
    this.wake();
  }

  disconnected(): void {
    this.#live = false;
    this.#retry();
  }

  /** Something that was missing may be there now: keys, a connection, room. */
  wake(): void {
    this.#serial.do(() => this.#pump());
  }

  /** When everything that can be said now is said. */
  idle(): Promise<void> {
    return this.#serial.idle();
  }

  acknowledged(msgId: Uint8Array, n: number, minute: number): void {
    const at = this.#find(msgId);
    const item = this.#queue[at];
    if (item?.sealed === undefined) return; // known already, or never ours: neither changes anything
    this.#queue.splice(at, 1);
    if (at < this.#said) this.#said -= 1;
    item.ack = { n, minute };
    this.#acked.push(item);
    this.#stumbles = 0;
    this.#anyAck = true;
    this.#rules.placed(n, minute, item.sealed.envelope);
    this.#rules.changed();
    this.wake();
  }

  refused(refusal: Refusal): void {
    this.#serial.do(() => this.#refused(refusal));
  }

  isOwn(header: Header, envelope: Uint8Array): boolean {
    const item = this.#held(header);
    return item?.sealed !== undefined && equal(item.sealed.envelope, envelope);
  }

  /** It has its place in the transcript, whether or not an acknowledgement ever came. */
  settle(header: Header): { readonly id: string; readonly text: string } | undefined {
    const item = this.#held(header);
    if (item === undefined) return undefined;
    const at = this.#queue.indexOf(item);
    if (at >= 0) {
      this.#queue.splice(at, 1);
      if (at < this.#said) this.#said -= 1;
      this.#stumbles = 0;
      this.#anyAck = true;
    } else this.#acked.splice(this.#acked.indexOf(item), 1);
    wipe(item.content);
    this.wake();
    return { id: item.id, text: item.text };
  }

  get isStopped(): boolean {
    return this.#stopped;
  }

  /** The server has nothing of ours, and the first secret is another one: all of it is sealed again. */
  startAnew(): void {
    for (const item of this.#queue) item.sealed = undefined;
    this.#said = 0;
    this.#seq = 0;
    this.#prev = NO_PREVIOUS;
    this.#hashes.length = 1;
  }

  /** Nothing more is said. What was typed stays to be read. */
  stop(): void {
    this.#stopped = true;
    this.#cancelWait?.();
    this.#rules.changed();
  }

  /** And nothing is left of it. */
  wipe(): void {
    this.stop();
    this.#serial.stop();
    for (const item of [...this.#queue, ...this.#acked]) wipe(item.content);
    this.#queue = [];
    this.#acked = [];
  }

  async #pump(): Promise<void> {
    while (this.#live && !this.#stopped && this.#cancelWait === undefined && this.#said < WINDOW) {
      const item = this.#queue[this.#said];
      if (item === undefined) return;
      if (item.sealed === undefined && !(await this.#seal(item))) return;
      // While we sealed, the connection may have gone or an acknowledgement may have moved the queue.
      if (!this.#live || this.#queue[this.#said] !== item || item.sealed === undefined) continue;
      if (!this.#rules.say(item.sealed.envelope, !this.#anyAck && this.#said === 0)) return;
      this.#said += 1;
    }
  }

  /** False: it cannot be sealed now. Nothing leaves in any other form. */
  async #seal(item: Item): Promise<boolean> {
    const generation = this.#rules.generation();
    const secret = this.#rules.secret(generation);
    if (secret === undefined) return false;
    const { seq: seenSeq, head: seenHead } = await this.#rules.seen();
    const header: Header = {
      klass: MESSAGE,
      direction: this.#rules.direction,
      conv: this.#rules.conv,
      generation,
      sender: this.#sender,
      seq: this.#seq + 1,
      msgId: random(16),
      prev: this.#prev,
      seenSeq,
      seenHead,
    };
    const envelope = await this.#rules.seal(secret, header, item.content);
    const hash = await sha256(envelope);
    // Keys that went away meanwhile were overwritten: what was sealed with zeros must never leave.
    if (this.#stopped || this.#rules.secret(generation) !== secret) return false;
    item.sealed = { header, msgId: hex(header.msgId), envelope, hash };
    this.#seq = header.seq;
    this.#prev = hash;
    this.#hashes[header.seq] = hash;
    return true;
  }

  #refused(refusal: Refusal): void {
    const refused = refusal.msg_id === undefined ? undefined : this.#queue[this.#find(refusal.msg_id)];
    if (refused?.sealed === undefined || this.#stopped) return;
    if (AGAIN.has(refusal.code)) this.#later();
    else if (ANEW.has(refusal.code)) this.#anew(refusal, refused.sealed);
    else this.#giveUp(refusal.code);
  }

  /** Seal again what the server does not have, where it expects it; with new message ids, in the same order. */
  #anew(refusal: Refusal, refused: Sealed): void {
    const { code } = refusal;
    const { seq, prev } = { seq: refusal.seq ?? refused.header.seq, prev: refusal.prev ?? refused.header.prev };
    // Something before it is missing there, and we still have it: then the same bytes are what is expected.
    const fits = (held: Item) => held.sealed?.header.seq === seq && equal(held.sealed.header.prev, prev);
    if (code === "out_of_order" && this.#queue.some(fits)) {
      this.#later();
      return;
    }
    const ours = this.#hashes[seq - 1];
    const known = ours !== undefined && equal(ours, prev);
    const moved = refusal.g === undefined || refusal.g === this.#rules.generation() || this.#rules.moveTo(refusal.g);
    if (!known || !moved) {
      this.#giveUp("failed");
      return;
    }
    for (const item of this.#queue) {
      if (item.sealed !== undefined && item.sealed.header.seq >= seq) item.sealed = undefined;
    }
    this.#seq = seq - 1;
    this.#prev = prev;
    this.#hashes.length = seq;
    this.#said = Math.min(
      this.#said,
      this.#queue.findIndex((item) => item.sealed === undefined),
    );
    this.#stumbles += 1;
    // Once is ordinary, when a counsellor comes in between; a server that keeps refusing gets pauses.
    if (this.#stumbles > 2) this.#later();
    else this.wake();
  }

  #later(): void {
    this.#retry();
    this.#said = 0;
    if (this.#cancelWait !== undefined) return;
    const wait = Math.min(LONGEST_WAIT, FIRST_WAIT * 2 ** Math.min(this.#stumbles, 10));
    this.#stumbles += 1;
    this.#cancelWait = this.#world.after(wait * (0.5 + this.#world.chance() / 2), () => {
      this.#cancelWait = undefined;
      this.wake();
    });
  }

  #retry(): void {
    for (const item of this.#queue) item.retrying = true;
    this.#rules.changed();
  }

  #giveUp(code: string): void {
    this.#retry();
    this.stop();
    this.#rules.stopped(code);
  }

  #find(msgId: Uint8Array): number {
    const id = hex(msgId);
    return this.#queue.findIndex((item) => item.sealed?.msgId === id);
  }

  #held(header: Header): Item | undefined {
    const id = hex(header.msgId);
    return [...this.#acked, ...this.#queue].find((item) => item.sealed?.msgId === id);
  }
}
