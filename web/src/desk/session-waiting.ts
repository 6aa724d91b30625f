/** The list of those who wait, and what they wrote first, as far as this desk has asked and can open it. */

import { type Signal, signal } from "@preact/signals";
import { hex, wipe } from "../crypto/bytes.ts";
import type { DeskHears, DeskSays, Opening as OpeningFrame, Priority } from "../wire/desk-frames.ts";
import { Opening } from "./session-opening.ts";
import type { Vault } from "./session-vault.ts";
import type { WaitingRow } from "./state.ts";

type Queue = Extract<DeskHears, { t: "queue" }>;
type Standing = Extract<DeskHears, { t: "standing" }>;
type Messages = Extract<DeskHears, { t: "messages" }>;

/** The server takes so many at once. */
const OPENINGS = 30;
/** Of whom it is remembered that they left by themselves. */
const LEFT = 30;

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
  readonly left: Signal<readonly string[]> = signal([]);
  readonly messages: Signal<ReadonlySet<string>> = signal(new Set());
  readonly #vault: Vault;
  readonly #say: (frame: DeskSays) => boolean;
  #queue: Queue["waiting"] = [];
  #away: Standing["away"] = [];
  #marks = new Map<string, Priority>();
  #read = new Map<string, Read>();

  constructor(vault: Vault, say: (frame: DeskSays) => boolean) {
    this.#vault = vault;
    this.#say = say;
  }

  /** The whole list, as it is now. */
  show(frame: Queue): void {
    this.#queue = frame.waiting;
    this.more.value = frame.more;
    this.#settle();
  }

  /** Who is away, and what staff said of those in the list. */
  stand(frame: Standing): void {
    this.#away = frame.away;
    this.#marks = new Map(frame.marks.map((mark) => [hex(mark.conv), mark.priority]));
    this.#settle();
  }

  /** What was left for later, of those in the list and of our own; told before they are shown. */
  remark(frame: Messages): void {
    this.messages.value = new Set(frame.convs.map(hex));
    this.#publish();
  }

  /** Somebody who waited is gone. */
  leave(conv: string): void {
    this.left.value = [...this.left.value.filter((one) => one !== conv), conv].slice(-LEFT);
  }

  /** Those who are here, then those who are away; whoever just went from one to the other is there once. */
  get #all(): Queue["waiting"] {
    const away = new Set(this.#away.map((row) => hex(row.conv)));
    return [...this.#queue.filter((row) => !away.has(hex(row.conv))), ...this.#away];
  }

  #settle(): void {
    const still = new Set(this.#all.map((row) => hex(row.conv)));
    this.#read = new Map([...this.#read].filter(([conv]) => still.has(conv)));
    this.ask();
    this.#publish();
  }

  /** Ask for what we have not read, from where we are. */
  ask(): void {
    if (!this.#vault.isOpen) return;
    const behind = this.#all.filter((row) => this.#read.get(hex(row.conv))?.askedAt !== row.last);
    for (let at = 0; at < behind.length; at += OPENINGS) this.#ask(behind.slice(at, at + OPENINGS));
  }

  #ask(due: Queue["waiting"]): void {
    const after = due.map((row) => this.#read.get(hex(row.conv))?.opening?.last ?? 0);
    if (!this.#say({ t: "openings", convs: due.map((row) => row.conv), after })) return;
    for (const row of due) {
      const { opening, isUnreadable = false } = this.#read.get(hex(row.conv)) ?? {};
      this.#read.set(hex(row.conv), { askedAt: row.last, opening, isUnreadable });
    }
  }

  async opened(frame: OpeningFrame): Promise<void> {
    const name = hex(frame.conv);
    if (frame.wrap.length === 0) {
      this.#queue = this.#queue.filter((row) => hex(row.conv) !== name);
      this.#away = this.#away.filter((row) => hex(row.conv) !== name);
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
    this.#away = [];
    this.#marks.clear();
    this.messages.value = new Set();
    this.left.value = [];
    this.more.value = 0;
    this.lock();
  }

  #publish(): void {
    const awayRows = new Set(this.#away);
    this.rows.value = this.#all.map((row) => {
      const { number, since, again } = row;
      const conv = hex(row.conv);
      const { opening, isUnreadable: unreadable = false } = this.#read.get(conv) ?? {};
      const priority = this.#marks.get(conv) ?? "normal";
      const shown = { opening: unreadable ? undefined : opening?.text, unreadable };
      const message = this.messages.value.has(conv);
      return { conv, number, since, again: again && !message, ...shown, priority, away: awayRows.has(row), message };
    });
  }
}
