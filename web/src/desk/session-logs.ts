/** One log of a conversation at the desk: what came, what goes out, and the secrets for both, by generation. */

import { wipe } from "../crypto/bytes.ts";
import { type Header, NOTE, sealSigned, TEAM, TEAM_LOG, VISITOR } from "../crypto/envelope.ts";
import { GapWatch } from "../wire/gap.ts";
import { Outbox } from "../wire/outbox.ts";
import type { Surroundings } from "../wire/surroundings.ts";
import { type Entry, Transcript } from "../wire/transcript.ts";
import type { Vault } from "./session-vault.ts";

export interface LogEvents {
  entry(entry: Entry): void;
  append(envelope: Uint8Array, isFirst: boolean): boolean;
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
  readonly #gap: GapWatch;
  readonly #secrets = new Map<number, Uint8Array>();
  /** Whether what we write may be sealed with this generation's secret. */
  readonly #mayWrite = new Set<number>();

  constructor(world: Surroundings, vault: Vault, conv: Uint8Array, log: 1 | 2, events: LogEvents) {
    const writes = log === TEAM_LOG ? { direction: NOTE, generation: 0 } : { direction: TEAM, generation: 1 };
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
      moved: () => this.#gap.look(),
      fork: () => events.fork(),
      fault: (reason) => events.fault(reason),
    });
    const outbox: Outbox = new Outbox(world, {
      conv,
      direction: writes.direction,
      generation: () => writes.generation,
      moveTo: () => false,
      secret: (generation) => (this.#mayWrite.has(generation) ? this.#secrets.get(generation) : undefined),
      seen: () => transcript.seen(),
      seal: async (secret: Uint8Array, header: Header, content: Uint8Array) => {
        const signer = vault.signer;
        if (signer === undefined) throw new Error("locked");
        return sealSigned(secret, header, signer.certId, signer.key, content);
      },
      say: (envelope, isFirst) => events.append(envelope, isFirst),
      placed: (n, minute, envelope) => transcript.place(n, minute, envelope),
      changed: () => events.changed(),
      stopped: (code) => events.stopped(code),
      fault: (reason) => {
        if (vault.isOpen) events.fault(reason); // else: locked while it was sealed; it waits
      },
    });
    this.transcript = transcript;
    this.outbox = outbox;
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
    this.outbox.connected();
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

  has(generation: number): boolean {
    return this.#secrets.has(generation);
  }

  hold(generation: number, secret: Uint8Array): void {
    const before = this.#secrets.get(generation);
    this.#secrets.set(generation, secret);
    if (before !== undefined && before !== secret) wipe(before);
  }

  allowWriting(generation: number): void {
    this.#mayWrite.add(generation);
    this.outbox.wake();
  }

  forbidWriting(): void {
    this.#mayWrite.clear();
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
    this.transcript.stop();
    this.outbox.wipe();
  }
}

function isShared({ direction, generation }: Header): boolean {
  return (direction === VISITOR && generation <= 1) || (direction === TEAM && generation === 1);
}

function isNote({ direction, generation }: Header): boolean {
  return direction === NOTE && generation === 0;
}
