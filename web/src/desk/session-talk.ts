/** One conversation that this desk holds: the shared log, the team's notes, and what the screen shows of both. */

import { type Signal, signal } from "@preact/signals";
import { hex, wipe } from "../crypto/bytes.ts";
import { MAX_BODY, textContent, VISITOR } from "../crypto/envelope.ts";
import type { DeskHears, DeskSays, EndReason, HandingHears, KeptWrap, Released } from "../wire/desk-frames.ts";
import { Moment } from "../wire/moment.ts";
import { isVisitorsOwn } from "../wire/start-proof.ts";
import type { Surroundings } from "../wire/surroundings.ts";
import type { Entry } from "../wire/transcript.ts";
import { DeskLines } from "./session-lines.ts";
import { DeskLog, type LogEvents } from "./session-logs.ts";
import type { Vault } from "./session-vault.ts";
import type { DeskConversation, DeskLine } from "./state.ts";

const TYPING_LASTS = 6_000;
const TYPING_EVERY = 3_000;
/** A staff body carries a certificate id and a signature before the words. */
const LONGEST = MAX_BODY - 80;

export interface TalkEvents {
  say(frame: DeskSays): boolean;
  stopped(code: string): void;
  fault(reason: unknown): void;
}

export class Talk implements DeskConversation {
  readonly conv: string;
  readonly number: number;
  readonly since: number;
  readonly lines: Signal<readonly DeskLine[]> = signal([]);
  readonly unread: Signal<number> = signal(0);
  readonly visitorTypes: Signal<boolean> = signal(false);
  readonly visitorIs: Signal<"here" | "away" | "gone"> = signal("here");
  readonly ended: Signal<"visitor" | "team" | undefined> = signal(undefined);
  readonly erased: Signal<boolean> = signal(false);
  readonly fork: Signal<boolean> = signal(false);
  readonly unreadable: Signal<boolean> = signal(false);
  readonly beside: Signal<string | undefined> = signal(undefined);
  readonly throughGlass: Signal<boolean> = signal(false);
  readonly unsealed: Signal<boolean> = signal(false);

  readonly #id: Uint8Array;
  readonly #world: Surroundings;
  readonly #vault: Vault;
  readonly #events: TalkEvents;
  readonly #logs: Record<1 | 2, DeskLog>;
  readonly #lines = new DeskLines();
  /** The visitor's key, once it has shown to be theirs. */
  #visitor: Uint8Array | undefined;
  /** Ciphertext for the team; it stays while we are locked. */
  #wraps: readonly KeptWrap[] = [];
  /** The team secret that we made; its wrap goes with the first note, until one is acknowledged. */
  #made: KeptWrap | undefined;
  #messageCount = 0;
  #read = 0;
  #lastTyping = 0;
  readonly #typing: Moment;
  #isGone = false;
  #opening: Promise<void> = Promise.resolve();

  constructor(world: Surroundings, vault: Vault, taken: Released, events: TalkEvents) {
    this.#id = taken.conv.slice();
    this.conv = hex(taken.conv);
    this.number = taken.number;
    this.since = taken.since;
    this.#world = world;
    this.#vault = vault;
    this.#events = events;
    this.#typing = new Moment(world, TYPING_LASTS, (on) => {
      this.visitorTypes.value = on;
    });
    const log = (which: 1 | 2) => new DeskLog(world, vault, this.#id, which, this.#logEvents(which));
    this.#logs = { 1: log(1), 2: log(2) };
    if (!vault.isOpen) for (const one of [this.#logs[1], this.#logs[2]]) one.lock();
  }

  /** Something that was typed is not on the server's disk. */
  get hasUnsent(): boolean {
    const { 1: shared, 2: notes } = this.#logs;
    return [...shared.outbox.unplaced, ...notes.outbox.unplaced].some((item) => item.state !== "sent");
  }

  /** We hold it, or read along with who does: read on after what we have, say again what it has not heard. */
  taken(frame: Released): Promise<void> {
    const opened = this.#taken(frame);
    this.#opening = opened.catch(() => {});
    return opened;
  }

  async #taken(frame: Released): Promise<void> {
    this.beside.value = frame.t === "taken" ? undefined : frame.holder;
    this.throughGlass.value = frame.t === "opened";
    // What ended and was wrapped anew has not the wraps that the visitor signed any more. It is read and nothing else:
    // a secret that is not its own opens none of its envelopes.
    const isOnlyRead = frame.t === "opened" && frame.start.wraps.length === 0;
    this.unsealed.value = isOnlyRead;
    if (!isOnlyRead && !(await isVisitorsOwn(frame))) {
      this.#events.stopped("untrusted");
      this.#forked();
      return;
    }
    if (!isOnlyRead) this.#visitor = frame.start.ve.slice();
    this.visitorIs.value = "here"; // until the server tells otherwise
    this.#keep(frame.wraps);
    await this.#openWraps();
    const [shared, notes] = [this.#logs[1].transcript, this.#logs[2].transcript];
    await Promise.all([shared.idle(), notes.idle()]);
    if (this.#isGone) return;
    // It has forgotten what it had told us: another past than ours.
    if (frame.last < shared.last || frame.note_last < notes.last) this.#forked();
    this.#follow();
    this.#logs[1].connected(frame.last);
    this.#logs[2].connected(frame.note_last);
    if (this.#read > 0) this.#events.say({ t: "read", conv: this.#id, n: this.#read });
  }

  disconnected(): void {
    this.#logs[1].disconnected();
    this.#logs[2].disconnected();
  }

  async hear(frame: Exclude<Extract<DeskHears, { conv?: Uint8Array }>, HandingHears>): Promise<void> {
    switch (frame.t) {
      case "envelope":
        return this.#logs[frame.log].transcript.place(frame.n, frame.minute, frame.envelope);
      case "ack":
        this.#logs[frame.log].acknowledged(frame.msg_id, frame.n, frame.minute);
        if (frame.log === 2) this.#settleTeamSecret();
        return;
      case "refused":
        for (const log of [this.#logs[1], this.#logs[2]]) log.refused(frame);
        return;
      case "wrap":
        return frame.log === this.#made?.log && frame.g === this.#made.g
          ? this.#raceLost(frame)
          : this.#colleagueBegan(frame);
      case "delivered":
      case "read":
        await this.#logs[1].transcript.idle();
        this.#lines.reached(frame.t, frame.n);
        return this.#publish();
      case "typing":
        return this.#typing.begin();
      case "ended":
        await this.#logs[1].transcript.idle();
        this.ended.value = frame.by;
        this.#typing.end();
        for (const log of [this.#logs[1], this.#logs[2]]) log.stop();
        return;
    }
  }

  /** False: too long or empty, or nothing is taken here any more. */
  send(text: string): boolean {
    return this.#add(1, text);
  }

  async note(text: string): Promise<boolean> {
    if (this.throughGlass.value) return false;
    if (!this.#logs[2].has(0) && !(await this.#makeTeamSecret())) return false;
    return this.#add(2, text);
  }

  /** The counsellor types; the visitor is told now and then. */
  typing(): void {
    const now = this.#world.now();
    if (now - this.#lastTyping < TYPING_EVERY || this.ended.value !== undefined || this.#isBeside) return;
    if (this.#events.say({ t: "typing", conv: this.#id })) this.#lastTyping = now;
  }

  seen(): void {
    if (!this.#vault.isOpen) return; // the screen is covered
    this.unread.value = 0;
    const n = this.#lines.lastTheirs;
    if (n <= this.#read || this.#isBeside) return;
    this.#read = n;
    this.#events.say({ t: "read", conv: this.#id, n }); // unheard, it is said again on the next connection
  }

  end(reason: EndReason): boolean {
    return this.#events.say({ t: "end", conv: this.#id, reason });
  }

  lock(): void {
    for (const log of [this.#logs[1], this.#logs[2]]) log.lock();
    this.#publish();
  }

  async unlock(): Promise<void> {
    await this.#openWraps();
    if (!this.#vault.isOpen || this.#isGone) return;
    this.#logs[1].unlocked();
    if (this.#made === undefined) this.#logs[2].unlocked();
    else this.#logs[2].outbox.wake();
    this.#publish();
  }

  /** It is erased everywhere, so here too; the screen keeps a line that says so. */
  erase(): void {
    this.wipe();
    this.#wraps = [];
    this.#made = undefined;
    this.unread.value = 0;
    this.erased.value = true;
    this.ended.value ??= "visitor";
  }

  wipe(): void {
    this.#isGone = true;
    this.#typing.end();
    for (const log of [this.#logs[1], this.#logs[2]]) log.wipe();
    this.lines.value = [];
  }

  /** It is a colleague's: nothing goes from here to the visitor. */
  get #isBeside(): boolean {
    return this.beside.value !== undefined;
  }

  /** Ask for all that comes after what we have. */
  #follow(): void {
    const { 1: shared, 2: notes } = this.#logs;
    this.#events.say({ t: "follow", conv: this.#id, shared: shared.transcript.last, notes: notes.transcript.last });
  }

  #logEvents(which: 1 | 2): LogEvents {
    return {
      entry: (entry) => this.#entry(which, entry),
      append: (envelope, isFirst) => {
        const made = which === 2 && isFirst ? this.#made : undefined;
        return this.#say(envelope, made);
      },
      turn: (envelope, kept) => this.#say(envelope, kept),
      visitor: () => this.#visitor,
      changed: () => this.#publish(),
      again: () => this.#follow(),
      fork: () => this.#forked(),
      stopped: (code) => {
        if (code !== "conversation_ended") this.#events.stopped(code);
      },
      fault: (reason) => this.#events.fault(reason),
    };
  }

  #say(envelope: Uint8Array, kept: KeptWrap | undefined): boolean {
    const added = kept === undefined ? {} : { wrap: kept.wrap, epoch: kept.epoch };
    return this.#events.say({ t: "append", envelope, ...added });
  }

  #add(which: 1 | 2, text: string): boolean {
    if (this.ended.value !== undefined || this.fork.value || !this.#vault.isOpen || this.#isGone) return false;
    if (this.throughGlass.value) return false;
    if (which === 1 && (this.unreadable.value || this.#isBeside)) return false; // it would wait for ever
    const whole = text.replace(/\p{Surrogate}/gu, "\u{FFFD}");
    const content = textContent(whole);
    if (whole.trim() === "" || content.length > LONGEST) return false;
    this.#messageCount += 1;
    this.#logs[which].outbox.add(`m${this.#messageCount}`, whole, content);
    return true;
  }

  #entry(which: 1 | 2, entry: Entry): void {
    const line = this.#lines.add(which, entry, this.#vault.account);
    if (which === 2 && entry.kind === "text") {
      // A colleague signed something under this secret, so it is the team's and not one that the server made up.
      this.#logs[2].allowWriting(this.#logs[2].transcript.generation);
    }
    if (line.from === "visitor") {
      this.unread.value += 1;
      if (entry.kind === "text" && entry.direction === VISITOR) this.#typing.end();
    }
    this.#publish();
  }

  async #openWraps(): Promise<void> {
    const ours = [this.#made, this.#logs[1].turning.kept, this.#logs[2].turning.kept];
    const wraps = [...this.#wraps, ...ours.filter((one) => one !== undefined)];
    for (const kept of wraps) {
      const log = this.#logs[kept.log];
      if (log.has(kept.g)) continue;
      const secret = await this.#vault.secretIn(this.#id, kept);
      if (secret === undefined) continue;
      if (this.#isGone || !this.#vault.isOpen || log.has(kept.g)) wipe(secret);
      else log.hold(kept, secret);
    }
    if (this.#logs[1].has(1) && !this.throughGlass.peek()) this.#logs[1].allowWriting(1);
    const lacks = (g: number) => g > 0 && !this.#logs[1].has(g);
    const isLacking = this.#wraps.some((one) => one.log === 1 && lacks(one.g));
    if (this.#vault.isOpen) this.unreadable.value = isLacking || lacks(1);
  }

  async #makeTeamSecret(): Promise<boolean> {
    if (this.#made !== undefined) return true;
    await this.#opening;
    if (!this.#logs[1].has(1)) return false;
    const made = await this.#vault.newSecret(this.#id, 2, 0);
    if (made === undefined || this.#isGone) return false;
    if (this.#logs[2].has(0)) {
      wipe(made.secret);
      return true;
    }
    this.#made = made.kept;
    // Until one of the two is settled, a colleague's note would be judged by the wrong secret.
    this.#logs[2].transcript.pause();
    this.#logs[2].hold(made.kept, made.secret);
    this.#logs[2].allowWriting(0);
    return true;
  }

  /** Our first note is on disk, and our secret with it. */
  #settleTeamSecret(): void {
    if (this.#made === undefined) return;
    this.#keep([this.#made]);
    this.#made = undefined;
    if (this.#vault.isOpen) this.#logs[2].transcript.resume();
  }

  /** The first wrap of its kind stays: a later one may not change what we write under. */
  #keep(wraps: readonly KeptWrap[]): void {
    const isNew = (one: KeptWrap) => !this.#wraps.some((kept) => kept.log === one.log && kept.g === one.g);
    for (const one of wraps.filter(isNew)) this.#logs[one.log].turning.rival(one);
    this.#wraps = [...this.#wraps, ...wraps.filter(isNew)];
  }

  /** A colleague made a secret: with this what they say is read. We write under it once that has checked. */
  #colleagueBegan({ log, g, epoch, wrap }: Extract<DeskHears, { t: "wrap" }>): Promise<void> {
    this.#keep([{ log, g, epoch, wrap }]);
    return this.#openWraps();
  }

  /**
   * A colleague's team secret was first. Ours goes; theirs may be written with once a note under it checks, because
   * anybody, the server too, can wrap something to the team.
   */
  async #raceLost({ log, g, epoch, wrap }: Extract<DeskHears, { t: "wrap" }>): Promise<void> {
    this.#made = undefined;
    this.#logs[2].forbidWriting();
    this.#wraps = [...this.#wraps.filter((kept) => kept.log !== 2), { log, g, epoch, wrap }];
    const secret = await this.#vault.secretIn(this.#id, { log, g, epoch, wrap });
    if (secret !== undefined) this.#logs[2].hold({ log, g, epoch, wrap }, secret);
    if (this.#vault.isOpen) this.#logs[2].transcript.resume();
  }

  #forked(): void {
    this.fork.value = true;
    for (const log of [this.#logs[1], this.#logs[2]]) log.stop();
    this.#publish();
  }

  /** Locked, nothing is shown; it comes back with the keys. */
  #publish(): void {
    if (this.#isGone) return;
    const { 1: shared, 2: notes } = this.#logs;
    this.lines.value = this.#vault.isOpen ? this.#lines.all(shared.outbox.unplaced, notes.outbox.unplaced) : [];
  }
}
