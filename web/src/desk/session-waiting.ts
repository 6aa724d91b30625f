/** The list of those who wait, and what they wrote first, as far as this desk has asked and can open it. */

import { type Signal, signal } from "@preact/signals";
import { hex, wipe } from "../crypto/bytes.ts";
import type { DeskHears, DeskSays, Opening as OpeningFrame } from "../wire/desk-frames.ts";
import { Opening } from "./session-opening.ts";
import type { Vault } from "./session-vault.ts";
import type { WaitingRow } from "./state.ts";

type Queue = Extract<DeskHears, { t: "queue" }>;

interface Read {
  /** The end of the log when we asked; undefined: that answer will not come any more. */
  readonly askedAt: number | undefined;
  /** Undefined until something came. */
  readonly opening: Opening | undefined;
  readonly isUnreadable: boolean;
}

export class WaitingList {
  readonly rows: Signal<readonly WaitingRow[]> = signal([]);
  readonly more: Signal<number> = signal(0);
  readonly #vault: Vault;
  readonly #say: (frame: DeskSays) => boolean;
  #queue: Queue["waiting"] = [];
  #read = new Map<string, Read>();

  constructor(vault: Vault, say: (frame: DeskSays) => boolean) {
    this.#vault = vault;
    this.#say = say;
  }

  /** The whole list, as it is now. */
  show(frame: Queue): void {
    this.#queue = frame.waiting;
    this.more.value = frame.more;
    const still = new Set(frame.waiting.map((row) => hex(row.conv)));
    this.#read = new Map([...this.#read].filter(([conv]) => still.has(conv)));
    this.ask();
    this.#publish();
  }

  /** Ask for what we have not read, from where we are. */
  ask(): void {
    if (!this.#vault.isOpen) return;
    const due = this.#queue.filter((row) => this.#read.get(hex(row.conv))?.askedAt !== row.last);
    const after = due.map((row) => this.#read.get(hex(row.conv))?.opening?.last ?? 0);
    if (due.length === 0 || !this.#say({ t: "openings", convs: due.map((row) => row.conv), after })) return;
    for (const row of due) {
      const { opening, isUnreadable = false } = this.#read.get(hex(row.conv)) ?? {};
      this.#read.set(hex(row.conv), { askedAt: row.last, opening, isUnreadable });
    }
  }

  async opened(frame: OpeningFrame): Promise<void> {
    const name = hex(frame.conv);
    if (frame.wrap.length === 0) {
      this.#queue = this.#queue.filter((row) => hex(row.conv) !== name);
      return this.#publish();
    }
    const { conv, wrap, epoch, envelopes } = frame;
    const secret = await this.#vault.secretIn(conv, { log: 1, g: 0, epoch, wrap });
    const opening = this.#read.get(name)?.opening ?? new Opening(conv);
    if (secret !== undefined) {
      await opening.read(secret, envelopes);
      wipe(secret);
    }
    const read = this.#read.get(name);
    if (read === undefined || !this.#vault.isOpen) return;
    this.#read.set(name, { ...read, opening, isUnreadable: secret === undefined });
    this.#publish();
  }

  /** What was read is forgotten; it can be asked for again. */
  lock(): void {
    this.#read.clear();
    this.#publish();
  }

  /** What was asked for and did not come must be asked for again. */
  disconnected(): void {
    for (const [conv, read] of this.#read) this.#read.set(conv, { ...read, askedAt: undefined });
  }

  clear(): void {
    this.#queue = [];
    this.more.value = 0;
    this.lock();
  }

  #publish(): void {
    this.rows.value = this.#queue.map(({ conv, number, since, again }) => {
      const name = hex(conv);
      const { opening, isUnreadable: unreadable = false } = this.#read.get(name) ?? {};
      return { conv: name, number, since, again, opening: unreadable ? undefined : opening?.text, unreadable };
    });
  }
}
