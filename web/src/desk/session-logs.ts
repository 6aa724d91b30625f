/** One log of a conversation at the desk: what came, what goes out, and the secrets for both, by generation. */

import { equal, wipe } from "../crypto/bytes.ts";
import { type Header, NOTE, SHARED_LOG, sealSigned, TEAM, TEAM_LOG, VISITOR } from "../crypto/envelope.ts";
import { commitment, readRotation } from "../crypto/rotation.ts";
import type { KeptWrap } from "../wire/desk-frames.ts";
import type { Refusal } from "../wire/frames.ts";
import { GapWatch } from "../wire/gap.ts";
import { Outbox } from "../wire/outbox.ts";
import type { Surroundings } from "../wire/surroundings.ts";
import { type Entry, Transcript } from "../wire/transcript.ts";
import { Turning } from "./session-turning.ts";
import type { Vault } from "./session-vault.ts";

/** So many envelopes, or minutes, are under one secret before the next one is made. */
const MOST = 500;
const LONGEST = 30 * 24 * 60;

export interface LogEvents {
  entry(entry: Entry): void;
  append(envelope: Uint8Array, isFirst: boolean): boolean;
  /** Say a rotation record, with the secret's wrap to the team. */
  turn(envelope: Uint8Array, kept: KeptWrap): boolean;
  /** The visitor's key that a next secret of the shared log is wrapped to, too; undefined: it is not known. */
  visitor(): Uint8Array | undefined;
  changed(): void;
  /** Something is missing: ask for it again. */
  again(): void;
  fork(): void;
  stopped(code: string): void;
  fault(reason: unknown): void;
}

export class DeskLog {
  readonly transcript: Transcript;
  readonly outbox: Outbox;
  readonly turning: Turning;
  readonly #gap: GapWatch;
  readonly #world: Surroundings;
  readonly #vault: Vault;
  readonly #isShared: boolean;
  readonly #secrets = new Map<number, Uint8Array>();
  /** Of the team's keys that they are wrapped to. */
  readonly #epochs = new Map<number, number>();
  /** Of the newest that a rotation named; it never goes back. */
  #turnedTo = 0;
  /** Those that we made, here or at another desk of ours, as our own signature says. */
  readonly #own = new Set<number>();
  /** Whether what we write may be sealed with this generation's secret. */
  readonly #mayWrite = new Set<number>();

  constructor(world: Surroundings, vault: Vault, conv: Uint8Array, log: 1 | 2, events: LogEvents) {
    this.#world = world;
    this.#vault = vault;
    this.#isShared = log === SHARED_LOG;
    const direction = this.#isShared ? TEAM : NOTE;
    const seal = async (secret: Uint8Array, header: Header, content: Uint8Array) => {
      const signer = vault.signer;
      if (signer === undefined) throw new Error("locked");
      return sealSigned(secret, header, signer.certId, signer.key, content);
    };
    const fault = (reason: unknown) => {
      if (vault.isOpen) events.fault(reason); // else: locked while it was sealed; it waits
    };
    const latest = () => world.now() / 60_000 + 48 * 60;
    const transcript: Transcript = new Transcript({
      conv,
      log,
      admits: log === TEAM_LOG ? isNote : isShared,
      secret: (generation) => this.#secrets.get(generation),
      // History is judged at its minute, which is the server's word; but not at one that has not come yet.
      signer: async (id, minute) => (minute <= latest() ? vault.trust.signer(id, minute * 60) : undefined),
      isOwn: (header, envelope) => outbox.isOwn(header, envelope),
      settle: (header) => outbox.settle(header),
      entry: (entry) => events.entry(entry),
      turns: (header, content, account) => this.#turns(log, header, content, account),
      turned: (generation) => this.#turned(generation),
      moved: () => this.#gap.look(),
      fork: () => events.fork(),
      fault: (reason) => events.fault(reason),
    });
    const outbox: Outbox = new Outbox(world, {
      conv,
      direction,
      generation: () => this.#generation,
      // A colleague turned; once their record has come it goes on from there.
      moveTo: (generation) => generation > this.#generation,
      secret: (generation) => this.#toWriteWith(generation),
      seen: () => transcript.seen(),
      seal,
      say: (envelope, isFirst) => events.append(envelope, isFirst),
      placed: (n, minute, envelope) => transcript.place(n, minute, envelope),
      changed: () => events.changed(),
      stopped: (code) => events.stopped(code),
      fault,
    });
    this.transcript = transcript;
    this.outbox = outbox;
    this.turning = new Turning(world, {
      conv,
      log,
      direction,
      make: async (generation) => {
        const visitor = this.#isShared ? events.visitor() : undefined;
        return this.#isShared && visitor === undefined ? undefined : vault.newSecret(conv, log, generation, visitor);
      },
      secret: (generation) => this.#secrets.get(generation),
      hold: ({ secret, kept }) => this.hold(kept, secret),
      drop: (generation) => this.#drop(generation),
      seen: () => transcript.seen(),
      seal,
      say: (envelope, kept) => events.turn(envelope, kept),
      placed: (n, minute, envelope) => transcript.place(n, minute, envelope),
      stopped: (code) => {
        this.outbox.stop(); // rather nothing than under a secret whose time is over
        events.stopped(code);
      },
      fault,
    });
    this.#gap = new GapWatch(world, {
      missing: () => transcript.missing,
      again: () => events.again(),
      fork: () => events.fork(),
    });
  }

  /** The server sends what we lack; it says that there is something up to number *last*. */
  connected(last: number): void {
    this.transcript.promise(last);
    this.#gap.up();
    this.turning.connected();
    this.outbox.connected();
  }

  disconnected(): void {
    this.#gap.down();
    this.outbox.disconnected();
  }

  /** Nothing more is said, nothing more is missed. */
  stop(): void {
    this.#gap.end();
    this.turning.stop();
    this.outbox.stop();
  }

  acknowledged(msgId: Uint8Array, n: number, minute: number): void {
    this.outbox.acknowledged(msgId, n, minute);
    this.turning.acknowledged(msgId, n, minute);
  }

  refused(refusal: Refusal): void {
    this.outbox.refused(refusal);
    this.turning.refused(refusal);
  }

  has(generation: number): boolean {
    return this.#secrets.has(generation);
  }

  hold({ g, epoch }: KeptWrap, secret: Uint8Array): void {
    const before = this.#secrets.get(g);
    this.#secrets.set(g, secret);
    this.#epochs.set(g, epoch);
    if (before !== undefined && before !== secret) wipe(before);
  }

  allowWriting(generation: number): void {
    this.#mayWrite.add(generation);
    this.outbox.wake();
  }

  forbidWriting(): void {
    this.#mayWrite.clear();
  }

  /** Under which our next words are. */
  get #generation(): number {
    return Math.max(this.#isShared ? 1 : 0, this.transcript.generation);
  }

  /** Nothing is sealed under a secret when there is a later one, or should be. */
  #toWriteWith(generation: number): Uint8Array | undefined {
    const secret = this.#secrets.get(generation);
    if (secret === undefined || !this.#mayWrite.has(generation)) return undefined;
    if (generation < Math.max(...this.#secrets.keys())) return undefined;
    if (!this.#isDue(generation)) return secret;
    this.turning.begin(generation);
    return undefined;
  }

  /**
   * A new secret, before anything else is said: the team's key is another one; this one has been long in use; or a
   * colleague made it, and that it was one of today only the server says.
   */
  #isDue(generation: number): boolean {
    const [epoch, newest] = [this.#epochs.get(generation), this.#vault.epoch];
    if (epoch === undefined || newest === undefined || this.turning.keeps) return false;
    const { envelopes, since } = this.transcript.age;
    const isOld = envelopes >= MOST || (envelopes > 0 && this.#world.now() / 60_000 - since >= LONGEST);
    const isAnothers = this.#isShared && generation > 1 && !this.#own.has(generation);
    return epoch < newest || isOld || isAnothers;
  }

  async #turns(
    log: 1 | 2,
    { conv, generation: before }: Header,
    content: Uint8Array,
    account: string | undefined,
  ): Promise<boolean> {
    const { generation, epoch, commitment: named } = readRotation(content, log);
    const secret = this.#secrets.get(generation);
    if (generation !== before + 1 || epoch < this.#turnedTo || secret === undefined) return false;
    if (!equal(await commitment(secret, conv, log, generation, epoch), named)) return false;
    this.#turnedTo = epoch;
    if (account === this.#vault.account) this.#own.add(generation);
    return true;
  }

  #turned(generation: number): void {
    this.turning.turned();
    this.allowWriting(generation);
  }

  #drop(generation: number): void {
    const secret = this.#secrets.get(generation);
    if (secret !== undefined) wipe(secret);
    this.#secrets.delete(generation);
    this.#epochs.delete(generation);
    this.outbox.wake();
  }

  /** Secrets are overwritten; what arrives is kept as it is. */
  lock(): void {
    this.transcript.pause();
    wipe(...this.#secrets.values());
    this.#secrets.clear();
  }

  unlocked(): void {
    this.transcript.resume();
    this.outbox.wake();
  }

  wipe(): void {
    this.lock();
    this.#gap.end();
    this.turning.stop();
    this.transcript.stop();
    this.outbox.wipe();
  }
}

function isShared({ direction, generation }: Header): boolean {
  return direction === VISITOR || (direction === TEAM && generation > 0);
}

function isNote({ direction }: Header): boolean {
  return direction === NOTE;
}
