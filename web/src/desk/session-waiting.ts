/** The list of those who wait, and what they wrote first, as far as this desk has asked and can open it. */

import { type Signal, signal } from "@preact/signals";
import { hex, wipe } from "../crypto/bytes.ts";
import type { DeskHears, DeskSays, Opening } from "../wire/desk-frames.ts";
import { readOpening } from "./session-logs.ts";
import type { Vault } from "./session-vault.ts";
import type { WaitingRow } from "./state.ts";

type Queue = Extract<DeskHears, { t: "queue" }>;

interface Read {
  /** The end of the log when we asked. */
  readonly askedAt: number;
  readonly text: string | undefined;
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

  /** Ask for what we have not read, or not to its end. */
  ask(): void {
    if (!this.#vault.isOpen) return;
    const due = this.#queue.filter((row) => this.#read.get(hex(row.conv))?.askedAt !== row.last);
    if (due.length === 0 || !this.#say({ t: "openings", convs: due.map((row) => row.conv) })) return;
    for (const row of due) {
      const { text, isUnreadable = false } = this.#read.get(hex(row.conv)) ?? {};
      this.#read.set(hex(row.conv), { askedAt: row.last, text, isUnreadable });
    }
  }

  async opened(frame: Opening): Promise<void> {
    const name = hex(frame.conv);
    if (frame.wrap.length === 0) {
      this.#queue = this.#queue.filter((row) => hex(row.conv) !== name);
      return this.#publish();
    }
    const { conv, wrap, epoch, envelopes } = frame;
    const secret = await this.#vault.secretIn(conv, { log: 1, g: 0, epoch, wrap });
    const text = secret === undefined ? undefined : await readOpening(conv, secret, envelopes);
    if (secret !== undefined) wipe(secret);
    const read = this.#read.get(name);
    if (read === undefined || !this.#vault.isOpen) return;
    this.#read.set(name, { ...read, text, isUnreadable: secret === undefined });
    this.#publish();
  }

  /** What was read is forgotten; it can be asked for again. */
  lock(): void {
    this.#read.clear();
    this.#publish();
  }

  /** On a new connection the same rows may have other openings on their way. */
  disconnected(): void {
    for (const [conv, read] of this.#read) if (read.text === undefined) this.#read.delete(conv);
  }

  clear(): void {
    this.#queue = [];
    this.more.value = 0;
    this.lock();
  }

  #publish(): void {
    this.rows.value = this.#queue.map(({ conv, number, since, again }) => {
      const name = hex(conv);
      const { text: opening, isUnreadable: unreadable = false } = this.#read.get(name) ?? {};
      return { conv: name, number, since, again, opening, unreadable };
    });
  }
}
