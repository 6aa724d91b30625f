/**
 * One visit: from the first press of a button to the end, over however many sockets. It holds every secret of the
 * visitor and nothing but memory; `wipe` overwrites them all, whatever is going on.
 */

import { effect, type Signal, signal } from "@preact/signals";
import type { org } from "/org.js";
import { equal, random, unhex, wipe } from "../crypto/bytes.ts";
import { MAX_BODY, textContent } from "../crypto/envelope.ts";
import { visitorKeys } from "../crypto/keys.ts";
import type { Carried } from "../crypto/phrase.ts";
import { supported } from "../crypto/supported.ts";
import { Connection, type Network } from "../wire/connection.ts";
import { PROTOCOL } from "../wire/frames.ts";
import { Moment } from "../wire/moment.ts";
import { Serial } from "../wire/serial.ts";
import type { Surroundings } from "../wire/surroundings.ts";
import { Trust } from "../wire/trust.ts";
import { type Hello, hearAsVisitor, type Start, type VisitorHears, type VisitorSays } from "../wire/visitor-frames.ts";
import { Erasing, eraseRequest } from "./session-erase.ts";
import { askProspect } from "./session-expected.ts";
import { checkHello, freshSecrets, makeStart } from "./session-opening.ts";
import { ReturnPhrase } from "./session-phrase.ts";
import { findByPhrase } from "./session-return.ts";
import { Thread } from "./session-thread.ts";
import type { Expected, Line, Miss, Phase, Prospect, Trouble, VisitorSession } from "./state.ts";

export type VisitorOrg = Pick<typeof org, "organisation" | "root" | "line">;
type InQueue = { place: number; low: number | undefined; high: number | undefined };

const TYPING_LASTS = 6_000;
const END_WITHIN = 10_000;

/** Not an error of anybody: the page was wiped while we waited for something. */
class Wiped extends Error {}

export class Visit implements VisitorSession {
  readonly phase: Signal<Phase> = signal("start");
  readonly trouble: Signal<Trouble | undefined> = signal(undefined);
  readonly expected: Signal<Expected> = signal(undefined);
  readonly prospect: Signal<Prospect | undefined> = signal(undefined);
  readonly closedMeanwhile: Signal<boolean> = signal(false);
  readonly place: Signal<InQueue | undefined> = signal(undefined);
  readonly again: Signal<boolean> = signal(false);
  readonly lines: Signal<readonly Line[]> = signal([]);
  readonly theyType: Signal<boolean> = signal(false);
  readonly network: Signal<Network> = signal("fine");
  readonly muted: Signal<boolean> = signal(false);
  readonly endedBy: Signal<"visitor" | "team" | undefined> = signal(undefined);
  readonly forLater: Signal<boolean> = signal(false);
  readonly cameBack: Signal<boolean> = signal(false);
  readonly phrase: ReturnPhrase;
  readonly eraseIsLate: Signal<boolean> = signal(false);

  readonly #world: Surroundings;
  readonly #org: VisitorOrg;
  readonly #trust: Trust;
  readonly #line: string;
  readonly #path: string;
  readonly #connection: Connection<VisitorHears, VisitorSays>;
  readonly #frames: Serial;
  /** Arrays that must be overwritten and belong to nobody else. */
  readonly #held: Uint8Array[] = [];
  #thread: Thread | undefined;
  #start: Start | undefined;
  /** VS with the secrets of the conversation: what a return phrase is made for. */
  #carried: Carried | undefined;
  /** This page life, once it came by a phrase; the locator is shown until the server has let us in. */
  #page: { readonly page: Uint8Array; locator?: Uint8Array | undefined } | undefined;
  #isStarted = false;
  /** On this socket: before that only a start or a resume may be said. */
  #isKnown = false;
  /** Typed before there was an outbox. */
  #early: { readonly id: string; readonly text: string; readonly content: Uint8Array }[] = [];
  #wantsEnd = false;
  /** It has ended, says the server; undefined again when that is on the screen. */
  #ending: "visitor" | "team" | undefined;
  /** What came up to this number is no news. */
  #toldTo = 0;
  #erasing: Erasing | undefined;
  #socketCount = 0;
  #messageCount = 0;
  readonly #typing: Moment;
  readonly #stopAsking: () => void;
  readonly #stopLooking: () => void;
  /** What the server believes on this socket. */
  #toldAway = false;
  #isWiped = false;

  constructor(world: Surroundings, pinned: VisitorOrg) {
    this.#world = world;
    this.#org = pinned;
    this.#trust = new Trust({ organisation: pinned.organisation, root: unhex(pinned.root) });
    this.#typing = new Moment(world, TYPING_LASTS, (on) => {
      this.theyType.value = on;
    });
    this.#frames = new Serial((reason) => this.#fault(reason));
    this.phrase = new ReturnPhrase(world, pinned.organisation, {
      carried: () => this.#carried,
      say: (frame) => this.#say(frame),
    });
    this.#line = `/l/${encodeURIComponent(pinned.line)}`;
    this.#path = `${this.#line}/socket/${PROTOCOL}`;
    this.#connection = new Connection(world, this.#path, hearAsVisitor, {
      opened: () => {}, // the server speaks first
      heard: (frame) => this.#heard(frame),
      dropped: () => {
        this.#socketCount += 1;
        this.#isKnown = false;
        this.#thread?.disconnected();
      },
      network: (state) => {
        this.network.value = state;
      },
      closed: () => {
        if (this.phase.value !== "ended") this.#refuse("failed");
      },
    });
    this.#stopLooking = world.onHidden(() => this.#tellSight());
    this.#stopAsking = askProspect(world, this.#line, (expected, prospect) => {
      this.expected.value = expected;
      this.prospect.value = prospect;
    });
  }

  now(): number {
    return Math.floor(this.#world.now() / 60_000);
  }

  async start(): Promise<void> {
    if (this.phase.value !== "start" || this.#isWiped) return;
    this.phase.value = "opening";
    this.#stopAsking();
    try {
      if (!(await this.#still(supported()))) return this.#refuse("nocrypto");
      const { vs, cs } = freshSecrets();
      this.#open(await this.#makeThread({ vs, secrets: cs }));
    } catch (reason) {
      if (!(reason instanceof Wiped)) this.#refuse("nocrypto");
    }
    await this.#until(() => this.phase.value !== "opening");
  }

  leaveMessage(text: string): Promise<boolean> {
    this.forLater.value = true;
    return this.send(text);
  }

  async comeBack(text: string): Promise<Miss | undefined> {
    if (this.phase.value !== "start" || this.#isWiped) return undefined;
    this.phase.value = "opening";
    try {
      if (!(await this.#still(supported()))) {
        this.#refuse("nocrypto");
        return undefined;
      }
      const found = await this.#still(findByPhrase(this.#world, this.#line, this.#org.organisation, text));
      if ("miss" in found) {
        this.phase.value = "start";
        return found;
      }
      this.#stopAsking();
      this.cameBack.value = true;
      this.#isStarted = true;
      this.#page = { page: random(16), locator: found.locator };
      this.#held.push(found.locator);
      this.#open(await this.#makeThread(found.carried));
    } catch (reason) {
      if (!(reason instanceof Wiped)) this.#refuse("failed");
    }
    await this.#until(() => this.phase.value !== "opening");
    return undefined;
  }

  async send(text: string): Promise<boolean> {
    const { phase, trouble } = this;
    if (this.#isWiped || phase.value === "ended" || phase.value === "refused" || trouble.value === "fork") return false;
    // Half a character, as some keyboards leave behind, would make the whole message unreadable.
    const whole = text.replace(/\p{Surrogate}/gu, "\u{FFFD}");
    const content = textContent(whole);
    if (whole.trim() === "" || content.length > MAX_BODY) return false;
    this.#messageCount += 1;
    const message = { id: `m${this.#messageCount}`, text: whole, content };
    if (this.#thread === undefined) this.#early.push(message);
    else this.#thread.outbox.add(message.id, whole, content);
    this.#publish();
    if (phase.value === "start") void this.start();
    return true;
  }

  seen(): void {
    this.#thread?.seen();
  }

  /** Rejects when the server did not hear of it in time; then the conversation goes on. */
  async end(): Promise<void> {
    const thread = this.#thread;
    if (thread === undefined || this.#isWiped || this.phase.value === "ended") return;
    this.#wantsEnd = true;
    await thread.outbox.idle(); // what was typed before goes first
    this.#say({ t: "end" });
    const isLate = signal(false);
    const cancel = this.#world.after(END_WITHIN, () => {
      this.#wantsEnd = false;
      isLate.value = true;
    });
    await this.#until(() => isLate.value || this.phase.value === "ended" || this.phase.value === "refused");
    cancel();
    if (isLate.value) throw new Error("the server did not answer");
  }

  async erase(): Promise<void> {
    const thread = this.#thread;
    if (thread === undefined || this.#isWiped || !this.#isStarted || this.phase.value === "refused") return;
    const request = await eraseRequest(thread.keys);
    if (this.#isWiped) return;
    this.#forget();
    this.phase.value = "erasing";
    this.#erasing = new Erasing(this.#world, this.#path, request, {
      erased: () => {
        this.phase.value = "erased";
      },
      late: () => {
        this.eraseIsLate.value = true;
      },
      unknown: () => {
        this.trouble.value = "gone";
        this.phase.value = "refused";
      },
    });
    await new Promise<void>((resolve) => {
      const stop = effect(() => {
        if (this.phase.value === "erasing") return;
        resolve();
        queueMicrotask(() => stop());
      });
    });
  }

  wipe(): void {
    this.#erasing?.stop();
    this.#erasing = undefined;
    this.#forget();
    this.eraseIsLate.value = false;
    this.phase.value = "start";
  }

  /** Overwrite and forget all there is; nothing goes on after this. */
  #forget(): void {
    this.#isWiped = true;
    wipe(...this.#held, ...this.#early.map((message) => message.content));
    this.#thread?.wipe();
    this.phrase.wipe();
    this.#frames.stop();
    this.#connection.close();
    this.#stopAsking();
    this.#stopLooking();
    this.#typing.end();
    this.#held.length = 0;
    this.#early = [];
    this.#thread = undefined;
    this.#start = undefined;
    this.#carried = undefined;
    this.#page = undefined;
    this.lines.value = [];
    this.expected.value = undefined;
    this.prospect.value = undefined;
    this.closedMeanwhile.value = false;
    this.place.value = undefined;
    this.again.value = false;
    this.trouble.value = undefined;
    this.endedBy.value = undefined;
    this.forLater.value = false;
    this.cameBack.value = false;
    this.network.value = "fine";
  }

  async #makeThread(carried: Carried): Promise<Thread> {
    const { vs, secrets } = carried;
    this.#held.push(vs, ...secrets);
    const keys = await this.#still(visitorKeys(vs), (made) => wipe(made.credential));
    this.#carried = carried;
    const events = {
      say: (frame: VisitorSays) => this.#say(frame),
      again: () => this.#connection.again(),
      theyWrote: (n: number) => {
        this.#typing.end();
        if (this.phase.value === "waiting" && n > this.#toldTo) this.#talk();
      },
      changed: () => {
        this.#publish();
        this.#endWhenWhole();
      },
      fork: () => this.#fork(),
      stopped: (code: string) => {
        if (code !== "conversation_ended" && code !== "gone") this.trouble.value = "failed";
      },
      fault: (reason: unknown) => this.#fault(reason),
    };
    return new Thread(this.#world, this.#trust, this.#org.organisation, keys, secrets, events, this.cameBack.value);
  }

  #open(thread: Thread): void {
    this.#thread = thread;
    for (const { id, text, content } of this.#early.splice(0)) thread.outbox.add(id, text, content);
    this.#connection.open();
  }

  #heard(frame: VisitorHears): void {
    // At once: the socket may be closed right behind it, and the reason must be known by then.
    if (frame.t === "erased") {
      if (this.#thread !== undefined && equal(frame.conv, this.#thread.keys.conv)) this.#wasErased();
      return;
    }
    if (frame.t === "refused" && frame.msg_id === undefined) {
      this.#refused(frame.code);
      return;
    }
    const socket = this.#socketCount;
    this.#frames.do(async () => {
      // An answer to a frame of an old socket must not go out on the next one.
      if (socket === this.#socketCount && this.#thread !== undefined) await this.#hear(frame, this.#thread);
    });
  }

  /** By another page of ours, or because its days were over. */
  #wasErased(): void {
    this.#forget();
    this.phase.value = "erased";
  }

  async #hear(frame: Exclude<VisitorHears, { t: "erased" }>, thread: Thread): Promise<void> {
    switch (frame.t) {
      case "hello":
        return this.#hello(frame, thread);
      case "started":
      case "resumed":
        return this.#known(frame, thread);
      case "ack":
        return thread.outbox.acknowledged(frame.msg_id, frame.n, frame.minute);
      case "envelope":
        return thread.transcript.place(frame.n, frame.minute, frame.envelope);
      case "cert":
        await this.#trust.keep(frame.certificate);
        return;
      case "waiting":
        return this.#wait({ place: frame.place, low: frame.low ?? undefined, high: frame.high ?? undefined });
      case "line":
        this.closedMeanwhile.value = !frame.open;
        return;
      case "for_later":
        return this.#leave();
      case "phrase":
        return this.phrase.heard(frame.locator_hash);
      case "claimed":
        await thread.transcript.idle();
        return this.#claimed(frame.times, thread);
      case "muted":
        this.muted.value = frame.on && this.#goesOn();
        return;
      case "ended":
        await thread.transcript.idle();
        this.#ending = frame.by;
        return this.#endWhenWhole();
      case "delivered":
      case "read":
        return thread.reached(frame.t, frame.n);
      case "typing":
        return this.#typing.begin();
      case "refused":
        await thread.transcript.idle(); // with what it knows, not with what it has yet to read
        return thread.outbox.refused(frame);
      case "pong":
        return;
    }
  }

  async #hello(hello: Hello, thread: Thread): Promise<void> {
    const socket = this.#socketCount;
    try {
      const team = await this.#still(checkHello(hello, this.#org, this.#trust, this.#world.now()));
      if (this.#start === undefined && this.#carried !== undefined && !this.cameBack.value) {
        const making = makeStart(this.#org, team, thread.keys, this.#carried.secrets);
        const start = await this.#still(making, (made) => wipe(made.credential));
        this.#start = this.forLater.value ? { ...start, for_later: true } : start;
        this.#held.push(this.#start.credential);
      }
    } catch (reason) {
      if (!(reason instanceof Wiped)) this.#refuse("untrusted");
      return;
    }
    await thread.transcript.idle();
    if (socket !== this.#socketCount || this.#isWiped) return;
    const { conv, credential } = thread.keys;
    this.#toldAway = this.#isStarted && this.#world.isHidden();
    const away = this.#toldAway ? ({ away: true } as const) : {};
    const after = thread.transcript.last;
    if (this.#isStarted) this.#connection.say({ t: "resume", conv, credential, after, ...away, ...this.#page });
    else if (this.#start !== undefined) this.#connection.say(this.#start);
  }

  #known(frame: Extract<VisitorHears, { t: "started" | "resumed" }>, thread: Thread): void {
    if (!equal(frame.conv, thread.keys.conv) || this.#isStarted !== (frame.t === "resumed")) return;
    // A server that has forgotten what it told us has another past than ours.
    if (frame.t === "resumed" && frame.last < thread.transcript.last) this.#fork();
    if (frame.t === "resumed") {
      thread.resumed(frame.last);
      this.#toldTo = frame.last;
    }
    if (this.#page?.locator !== undefined) {
      wipe(this.#page.locator);
      this.#page = { page: this.#page.page };
    }
    this.phrase.has.value = false; // where there is one, the server tells again
    this.#isStarted = true;
    this.#isKnown = true;
    this.muted.value = false; // where it is so, the server tells again
    this.closedMeanwhile.value = false; // it is told again where it is so
    this.#connection.settled();
    if (this.trouble.value === "busy") this.trouble.value = undefined;
    // Of a conversation that was there before us the server tells where it stands.
    if (this.phase.value === "opening" && !this.cameBack.value) this.phase.value = "waiting";
    thread.connected();
    this.phrase.connected();
    this.#tellSight();
    if (this.#wantsEnd) void thread.outbox.idle().then(() => this.#say({ t: "end" }));
  }

  /** Whoever looks at something else is not given to a counsellor, and keeps the place for a while. */
  #tellSight(): void {
    const away = this.#world.isHidden();
    if (away !== this.#toldAway && this.#say({ t: "away", away })) this.#toldAway = away;
  }

  #say(frame: VisitorSays): boolean {
    return this.#isKnown && this.#connection.say(frame);
  }

  #wait(place: InQueue): void {
    if (!this.#goesOn()) return;
    if (this.phase.value === "talking") this.again.value = true;
    this.phase.value = "waiting";
    this.place.value = place;
    this.#typing.end();
  }

  /** It is a message: it waits without us. */
  #leave(): void {
    if (!this.#goesOn()) return;
    this.forLater.value = true;
    this.phase.value = "waiting";
    this.place.value = undefined;
  }

  #claimed(times: number, thread: Thread): void {
    if (times < 1 || !this.#goesOn()) return;
    this.forLater.value = false;
    this.#talk();
    thread.claimed(times);
  }

  #talk(): void {
    this.phase.value = "talking";
    this.again.value = false;
    this.place.value = undefined;
  }

  /** Who comes back to what has ended reads all of it first. */
  #endWhenWhole(): void {
    const [by, thread] = [this.#ending, this.#thread];
    if (by === undefined || thread === undefined || thread.transcript.missing !== undefined || !this.#goesOn()) return;
    this.#ending = undefined;
    this.endedBy.value = by;
    this.muted.value = false;
    this.phase.value = "ended";
    this.place.value = undefined;
    this.#typing.end();
    thread.stop();
    // A phrase can be made invalid as long as the page is there.
    if (!this.phrase.has.value) this.#connection.finish();
  }

  #goesOn(): boolean {
    return this.#isStarted && this.phase.value !== "ended" && this.phase.value !== "refused";
  }

  #refused(code: string): void {
    if (code === "busy" || code === "slow_down" || code === "failed") {
      // Before the server knows us nothing goes on; afterwards it was a frame that may be lost.
      if (this.network.value === "fine" && this.#isKnown && this.trouble.value !== "busy") return;
      this.trouble.value = "busy";
      this.#connection.again();
    } else if (code === "elsewhere") this.#goneElsewhere();
    else if (code === "no_such_conversation" || code === "gone") this.#refuse("gone");
    else if (code === "closed") this.#refuse("closed");
    else if (!this.#isStarted || code === "unknown_version") this.#refuse("failed");
  }

  #refuse(why: Trouble): void {
    this.trouble.value = why;
    this.phase.value = "refused";
    this.#thread?.stop();
    this.#connection.close();
  }

  /** Somebody came by the phrase, on another page. Maybe because this device is not safe: nothing of it stays here. */
  #goneElsewhere(): void {
    this.#forget();
    this.trouble.value = "elsewhere";
    this.phase.value = "refused";
  }

  #fork(): void {
    this.trouble.value = "fork";
    this.#thread?.stop();
    this.#publish();
  }

  #publish(): void {
    if (this.#isWiped) return;
    const early = this.#early.map(({ id, text }): Line => {
      return { id, from: "me", text, minute: undefined, delivery: "sending", kind: "text" };
    });
    this.lines.value = [...(this.#thread?.lines() ?? []), ...early];
  }

  #fault(reason: unknown): void {
    if (!(reason instanceof Wiped) && !this.#isWiped) this.trouble.value = "failed";
  }

  /** What *work* gives, unless the page was wiped meanwhile: then *undo* it and go no further. */
  async #still<T>(work: Promise<T>, undo: (made: T) => void = () => {}): Promise<T> {
    const made = await work;
    if (!this.#isWiped) return made;
    undo(made);
    throw new Wiped();
  }

  /** Until *done*, which reads signals, or the page is wiped. */
  #until(done: () => boolean): Promise<void> {
    return new Promise((resolve) => {
      const stop = effect(() => {
        if (!done() && !this.#isWiped) return;
        resolve();
        queueMicrotask(() => stop());
      });
    });
  }
}
