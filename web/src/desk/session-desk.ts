/**
 * A counsellor's desk from sign-in to sign-out. The token, the keys and everything said live in memory only;
 * locking takes the keys away and leaves the connection.
 */

import { effect, type Signal, signal } from "@preact/signals";
import type { org } from "/org.js";
import { hex, unbase64, unhex } from "../crypto/bytes.ts";
import { NotAPhrase, readPhrase } from "../crypto/phrase.ts";
import { hasAdminKey, hasTeamKey, type Role } from "../crypto/roles.ts";
import { Connection } from "../wire/connection.ts";
import {
  type DeskHears,
  type DeskSays,
  type EndReason,
  hearAtDesk,
  type Priority,
  type Released,
  type Welcome,
} from "../wire/desk-frames.ts";
import { PROTOCOL } from "../wire/frames.ts";
import { Serial } from "../wire/serial.ts";
import type { Surroundings } from "../wire/surroundings.ts";
import type { Pin } from "../wire/trust.ts";
import { DeskAccount } from "./session-account.ts";
import { DeskAudit } from "./session-audit.ts";
import { sayFarewell } from "./session-farewell.ts";
import { DeskGlass } from "./session-glass.ts";
import { DeskHanding } from "./session-handing.ts";
import { DeskJoining } from "./session-joining.ts";
import { askSalt, Later, type SignedIn, signIn, signInBySheet, Trouble, unlock } from "./session-keyring.ts";
import { Lead } from "./session-lead.ts";
import { NextOne } from "./session-next.ts";
import { DeskOffice } from "./session-office.ts";
import { DeskPeople } from "./session-people.ts";
import { DeskReplies } from "./session-replies.ts";
import { DeskRewrap } from "./session-rewrap.ts";
import { Talk } from "./session-talk.ts";
import { Vault } from "./session-vault.ts";
import { WaitingList } from "./session-waiting.ts";
import type { DeskSession, Moved, OpenedSheet, WaitingRow } from "./state.ts";

export type DeskOrg = Pick<typeof org, "organisation" | "root">;

/** The passphrase was right, so there is a network; where it lets no WebSocket through, that takes a while to find out. */
const SIGN_ON_WITHIN = 20_000;
const ANSWER_WITHIN = 10_000;
const NAMED_WITHIN = 10_000;
const TICK = 5_000;

/** One signed-in stretch of time; a new sign-in has nothing of the one before. */
interface Shift {
  readonly token: string;
  readonly name: string;
  readonly account: string;
  salt: Uint8Array;
  readonly vault: Vault;
  readonly waiting: WaitingList;
  readonly connection: Connection<DeskHears, DeskSays>;
  readonly frames: Serial;
  /** Sockets so far: an answer to a frame of an old one must not go out on the next. */
  socket: number;
  /** Conversations that the server named since this socket opened. */
  readonly named: Set<string>;
}

export class Desk implements DeskSession {
  readonly phase: Signal<"out" | "signing_in" | "in" | "locked"> = signal("out");
  readonly trouble: Signal<string | undefined> = signal(undefined);
  readonly later: Signal<number | undefined> = signal(undefined);
  readonly name: Signal<string> = signal("");
  readonly role: Signal<Role | undefined> = signal(undefined);
  readonly demo: Signal<boolean> = signal(false);
  readonly connected: Signal<boolean> = signal(false);
  readonly waiting: Signal<readonly WaitingRow[]> = signal([]);
  readonly more: Signal<number> = signal(0);
  readonly messages: Signal<ReadonlySet<string>> = signal(new Set());
  readonly conversations: Signal<readonly Talk[]> = signal([]);
  readonly left: Signal<readonly string[]> = signal([]);
  readonly moved: Signal<readonly Moved[]> = signal([]);
  readonly minute: Signal<number>;
  readonly handing: DeskHanding;
  readonly replies: Signal<DeskReplies | undefined> = signal(undefined);
  readonly lead: Lead = new Lead((frame) => this.connected.value && (this.#shift?.connection.say(frame) ?? false));

  readonly glass: DeskGlass;
  readonly audit: DeskAudit;
  readonly joining: DeskJoining;
  readonly people: DeskPeople;
  readonly office: DeskOffice;
  readonly rewrap: DeskRewrap;
  readonly pinned: boolean;
  readonly account: DeskAccount;

  readonly #world: Surroundings;
  readonly #pin: Pin;
  #shift: Shift | undefined;
  /** Moves on at each deed that makes earlier waiting pointless: sign-out, lock. */
  #era = 0;
  /** The server's clock against ours, in minutes. */
  #offset = 0;
  readonly #takes = new Map<string, (mine: boolean) => void>();
  readonly #next: NextOne;
  #endShift: () => void = () => {};

  constructor(world: Surroundings, pinned: DeskOrg) {
    this.#world = world;
    this.#pin = { organisation: pinned.organisation, root: unhex(pinned.root) };
    this.minute = signal(this.#now());
    this.#next = new NextOne(world);
    const said = (frame: DeskSays): boolean => this.connected.value && this.#say(frame);
    this.glass = new DeskGlass(world, said);
    this.pinned = pinned.root !== "";
    this.joining = new DeskJoining(world, pinned.organisation);
    this.people = new DeskPeople(world, pinned.organisation);
    this.rewrap = new DeskRewrap(world);
    this.office = new DeskOffice(world, {
      connected: (on) => {
        this.connected.value = on;
        if (!on) this.audit.disconnected();
      },
      over: (why) => this.#leave(why),
    });
    this.audit = new DeskAudit(world, pinned.organisation, said, () => this.#shift?.token);
    this.account = new DeskAccount(world, () => this.#shift);
    this.handing = new DeskHanding(world, {
      say: (frame) => this.connected.value && (this.#shift?.vault.isOpen ?? false) && this.#say(frame),
      talk: (conv) => this.#talk(conv),
      trouble: (code) => {
        this.trouble.value = code;
      },
    });
    this.#tick();
  }

  async signIn(name: string, passphrase: string, code = ""): Promise<void> {
    await this.#arrive(async () => {
      const salt = await askSalt(this.#world, name);
      const shown = { name, passphrase, code };
      return { ...(await signIn(this.#world, this.#pin.organisation, shown, salt)), name, salt };
    });
  }

  async openSheet(name: string, words: string, code: string): Promise<OpenedSheet | undefined> {
    if (this.phase.value !== "out" || !this.pinned) return undefined;
    this.trouble.value = undefined;
    try {
      const sheet = await readPhrase(words);
      const renewal = await signInBySheet(this.#world, this.#pin.organisation, { name, sheet, code });
      return {
        renew: (fresh, next) => this.#arrive(async () => ({ ...(await renewal.renew(fresh, next)), name })),
        forget: () => {
          renewal.forget();
          void sayFarewell(this.#world, renewal.token);
        },
      };
    } catch (reason) {
      this.trouble.value = reason instanceof NotAPhrase ? "not_a_sheet" : codeOf(reason);
      return undefined;
    }
  }

  /** From the door to the desk; what goes wrong on the way leads back to the door. */
  async #arrive(come: () => Promise<SignedIn & { readonly name: string; readonly salt: Uint8Array }>): Promise<void> {
    if (this.phase.value !== "out" || !this.pinned) return;
    this.phase.value = "signing_in";
    this.trouble.value = undefined;
    this.later.value = undefined;
    const era = ++this.#era;
    try {
      const { token, keyring, demo, role, name, salt } = await come();
      if (era !== this.#era) return;
      const vault = new Vault(this.#pin);
      vault.open(keyring);
      this.name.value = name;
      this.demo.value = demo;
      this.role.value = role;
      this.lead.isLead.value = hasAdminKey(role);
      this.#shift = this.#begin(token, name, keyring.account, salt, vault);
      if (role === "lead" || role === "admin") await this.people.begin(vault, token);
      if (era !== this.#era) return;
      if (!hasTeamKey(role)) return await this.#settle(token, role, era);
      this.replies.value = new DeskReplies(this.#world, vault, token);
      this.#shift.connection.open();
    } catch (reason) {
      if (era !== this.#era) return;
      this.#leave(reason instanceof Later ? undefined : codeOf(reason));
      if (reason instanceof Later) this.later.value = reason.minute;
      return;
    }
    const late = this.#world.after(SIGN_ON_WITHIN, () => {
      if (era === this.#era) this.#leave("network");
    });
    await this.#until(() => this.phase.value !== "signing_in");
    late();
  }

  turnBack(): void {
    this.later.value = undefined;
  }

  /** Who does not talk has no socket: their page is there as soon as the first look was answered. */
  async #settle(token: string, role: Role, era: number): Promise<void> {
    await this.office.begin(token, () => (role === "reviewer" ? this.audit.ask() : this.office.look()));
    if (era !== this.#era) return;
    this.connected.value = true;
    this.phase.value = "in";
  }

  async signOut(): Promise<void> {
    const shift = this.#shift;
    this.#leave(undefined);
    // The keys are gone before the server answers, and stay so if it does not.
    if (shift !== undefined) await sayFarewell(this.#world, shift.token);
  }

  lock(): void {
    const shift = this.#shift;
    if (shift === undefined || this.phase.value !== "in") return;
    this.#era += 1;
    this.phase.value = "locked";
    shift.vault.close();
    shift.waiting.lock();
    this.replies.value?.lock();
    for (const talk of this.conversations.value) talk.lock();
  }

  async unlock(passphrase: string): Promise<void> {
    const shift = this.#shift;
    if (shift === undefined || this.phase.value !== "locked") return;
    this.trouble.value = undefined;
    const era = ++this.#era;
    try {
      const { organisation } = this.#pin;
      const keyring = await unlock(this.#world, organisation, shift.token, passphrase, shift.salt);
      if (era !== this.#era) return;
      shift.vault.open(keyring);
      await Promise.all(this.conversations.value.map((talk) => talk.unlock()));
      if (era !== this.#era) return;
      this.phase.value = "in";
      shift.waiting.ask();
    } catch (reason) {
      if (era !== this.#era) return;
      const code = codeOf(reason);
      if (code === "signed_out" || code === "untrusted") this.#leave(code);
      else this.trouble.value = code;
    }
  }

  take(conv: string): Promise<boolean> {
    const shift = this.#shift;
    if (shift === undefined || !shift.vault.isOpen || !shift.connection.say({ t: "take", conv: unhex(conv) })) {
      this.trouble.value = "network";
      return Promise.resolve(false);
    }
    this.trouble.value = undefined;
    return new Promise((resolve) => {
      const late = this.#world.after(ANSWER_WITHIN, () => {
        this.trouble.value = "network";
        this.#answerTake(conv, false);
      });
      this.#takes.set(conv, (mine) => {
        late();
        resolve(mine);
      });
    });
  }

  next(): Promise<string | undefined> {
    const shift = this.#shift;
    if (shift === undefined || !shift.vault.isOpen || this.#next.isAsked) return Promise.resolve(undefined);
    this.trouble.value = shift.connection.say({ t: "next" }) ? undefined : "network";
    return this.trouble.value === undefined ? this.#next.answer() : Promise.resolve(undefined);
  }

  mark(conv: string, priority: Priority): void {
    const isSaid = this.#shift?.connection.say({ t: "triage", conv: unhex(conv), priority });
    this.trouble.value = isSaid === true ? undefined : "network";
  }

  async send(conv: string, text: string): Promise<boolean> {
    return this.#talk(conv)?.send(text) ?? false;
  }

  async note(conv: string, text: string): Promise<boolean> {
    return (await this.#talk(conv)?.note(text)) ?? false;
  }

  typing(conv: string): void {
    this.#talk(conv)?.typing();
  }

  seen(conv: string): void {
    this.#talk(conv)?.seen();
  }

  async end(conv: string, reason: EndReason): Promise<void> {
    const talk = this.#talk(conv);
    if (talk === undefined || talk.ended.value !== undefined) return;
    this.trouble.value = talk.end(reason) ? undefined : "network";
    if (this.trouble.value !== undefined) return;
    const isLate = signal(false);
    const cancel = this.#world.after(ANSWER_WITHIN, () => {
      isLate.value = true;
    });
    const isHere = () => this.conversations.value.includes(talk);
    await this.#until(() => isLate.value || talk.ended.value !== undefined || !isHere());
    cancel();
    if (isLate.value) this.trouble.value = "network";
  }

  dismiss(conv: string): void {
    const talk = this.#talk(conv);
    if (talk?.ended.value === undefined) return;
    if (talk.throughGlass.value) this.glass.close(conv);
    else this.#drop(talk);
  }

  dismissMoved(conv: string): void {
    this.moved.value = this.moved.value.filter((one) => one.conv !== conv);
  }

  #begin(token: string, name: string, account: string, salt: Uint8Array, vault: Vault): Shift {
    const waiting = new WaitingList(vault, (frame) => connection.say(frame));
    const connection: Connection<DeskHears, DeskSays> = new Connection(
      this.#world,
      `/desk/socket/${PROTOCOL}`,
      hearAtDesk,
      {
        opened: () => connection.say({ t: "sign_on", token: unbase64(token) }),
        heard: (frame) => this.#heard(shift, frame),
        dropped: () => this.#dropped(shift),
        network: (state) => {
          if (state !== "fine" && this.phase.value === "signing_in") this.#leave("network");
        },
        closed: () => this.#leave("signed_out"),
      },
    );
    const frames = new Serial(() => {
      this.trouble.value = "failed";
    });
    const mine = { token, name, account, salt, vault };
    const shift: Shift = { ...mine, waiting, connection, frames, socket: 0, named: new Set() };
    const stops = [
      effect(() => {
        this.waiting.value = waiting.rows.value;
      }),
      effect(() => {
        this.more.value = waiting.more.value;
      }),
      effect(() => {
        this.left.value = waiting.left.value;
      }),
      effect(() => {
        this.messages.value = waiting.messages.value;
      }),
    ];
    this.#endShift = () => {
      for (const stop of stops) stop();
    };
    return shift;
  }
  #heard(shift: Shift, frame: DeskHears): void {
    const socket = shift.socket;
    shift.frames.do(async () => {
      if (socket === shift.socket && shift === this.#shift) await this.#hear(shift, frame);
    });
  }

  async #hear(shift: Shift, frame: DeskHears): Promise<void> {
    if (frame.t === "welcome") return this.#welcome(shift, frame);
    // Nothing counts before the server has introduced itself.
    if (!this.connected.value) return frame.t === "refused" ? this.#refused(frame.code) : undefined;
    switch (frame.t) {
      case "queue":
        return shift.waiting.show(frame);
      case "standing":
        return shift.waiting.stand(frame);
      case "messages":
        return shift.waiting.remark(frame);
      case "given":
        return this.#next.given(hex(frame.conv));
      case "presence":
        return this.#presence(shift, frame);
      case "opening":
        return shift.waiting.opened(frame);
      case "taken":
        return this.#taken(shift, frame);
      case "cert":
        await shift.vault.trust.keep(frame.certificate);
        return;
      case "lost":
        this.handing.lost(hex(frame.conv));
        return this.#lost(hex(frame.conv));
      case "erased":
        this.handing.ended(hex(frame.conv));
        this.lead.forget(hex(frame.conv));
        this.#talk(hex(frame.conv))?.erase();
        return this.dismissMoved(hex(frame.conv));
      case "shift":
      case "asked":
      case "offered":
      case "offer_over":
      case "muted":
        return this.handing.hear(frame);
      case "stepped_out":
        return this.#lost(hex(frame.conv));
      case "stepped_in":
        return this.#taken(shift, frame);
      case "opened":
        await this.#taken(shift, frame);
        return this.glass.settle(undefined);
      case "broken":
        return this.glass.hear(frame);
      case "checkpoint":
        return this.audit.hear(frame);
      case "line":
      case "alarms":
      case "company":
      case "picture":
      case "returning":
        return this.lead.hear(frame);
      case "refused":
        return this.#refusal(frame);
      case "pong":
        return;
      default:
        if (frame.t === "ended") this.handing.ended(hex(frame.conv));
        return this.#talk(hex(frame.conv))?.hear(frame);
    }
  }

  async #welcome(shift: Shift, frame: Welcome): Promise<void> {
    const { socket } = shift;
    try {
      await shift.vault.introduce(frame, this.#world.now());
    } catch (reason) {
      if (shift === this.#shift) this.#leave(codeOf(reason));
      return;
    }
    if (shift !== this.#shift || socket !== shift.socket) return;
    this.#offset = frame.minute - Math.floor(this.#world.now() / 60_000);
    this.minute.value = this.#now();
    shift.connection.settled();
    this.connected.value = true;
    this.handing.welcome();
    this.lead.connected();
    this.audit.connected();
    if (this.lead.isLead.peek()) this.rewrap.begin(shift.vault, shift.token);
    this.#settleHeld(shift);
    if (this.trouble.value === "network") this.trouble.value = undefined;
    if (this.phase.value === "signing_in") this.phase.value = "in";
  }

  async #taken(shift: Shift, frame: Released): Promise<void> {
    const conv = hex(frame.conv);
    shift.named.add(conv);
    const known = this.#talk(conv);
    const talk = known ?? this.#sit(shift, frame);
    await talk.taken(frame);
    if (frame.t === "taken") this.#answerTake(conv, true);
    this.#next.taken(conv);
    this.dismissMoved(conv);
    this.handing.taken(conv);
  }

  #presence(shift: Shift, frame: Extract<DeskHears, { t: "presence" }>): void {
    const conv = hex(frame.conv);
    const talk = this.#talk(conv);
    if (talk !== undefined) talk.visitorIs.value = frame.state;
    else if (frame.state === "gone") shift.waiting.leave(conv);
  }

  #sit(shift: Shift, frame: Released): Talk {
    const talk = new Talk(this.#world, shift.vault, frame, {
      say: (said) => this.connected.value && shift.connection.say(said),
      stopped: (code) => {
        this.trouble.value = code;
      },
      fault: () => {
        this.trouble.value = "failed";
      },
    });
    this.conversations.value = [...this.conversations.value, talk];
    return talk;
  }

  /** After a while a conversation that the server has not named again is somebody else's, or nobody's. */
  #settleHeld(shift: Shift): void {
    const { socket } = shift;
    this.#world.after(NAMED_WITHIN, () => {
      if (shift !== this.#shift || socket !== shift.socket) return;
      for (const talk of this.conversations.value) if (!shift.named.has(talk.conv)) this.#wentOn(talk);
    });
  }

  /** While our connection was gone it went to somebody else, back to the list, or to its end: say so. */
  #wentOn(talk: Talk): void {
    if (talk.throughGlass.value) this.#drop(talk);
    if (talk.throughGlass.value || talk.ended.value !== undefined) return;
    this.moved.value = [...this.moved.value, { conv: talk.conv, number: talk.number }];
    this.#lost(talk.conv);
  }

  #lost(conv: string): void {
    const talk = this.#talk(conv);
    if (talk === undefined || (talk.ended.value !== undefined && !talk.throughGlass.value)) return;
    // Words that did not get through go with it; somebody should know.
    if (talk.hasUnsent) this.trouble.value = "no_such_conversation";
    this.#drop(talk);
  }

  #refusal(frame: Extract<DeskHears, { t: "refused" }>): void {
    const { code, msg_id, conv } = frame;
    if (msg_id !== undefined) {
      // Which log it was only the outboxes know; one that does not, does nothing.
      for (const talk of this.conversations.value) void talk.hear(frame);
      return;
    }
    if (conv !== undefined && this.handing.refused(hex(conv), code)) return;
    if (conv === undefined && this.glass.isAsked) this.glass.settle(code);
    else if (conv !== undefined && this.#takes.has(hex(conv))) {
      if (code !== "already_taken") this.trouble.value = code;
      this.#answerTake(hex(conv), false);
    } else {
      if (conv === undefined) this.#next.none();
      this.#refused(code);
    }
  }

  #refused(code: string): void {
    if (code === "signed_out") this.#leave(code);
    else if (this.connected.value) this.trouble.value = code;
    else this.#shift?.connection.again();
  }

  #dropped(shift: Shift): void {
    if (shift !== this.#shift) return;
    shift.socket += 1;
    shift.named.clear();
    shift.waiting.disconnected();
    this.connected.value = false;
    this.handing.disconnected();
    this.audit.disconnected();
    for (const talk of this.conversations.value) talk.disconnected();
  }

  #answerTake(conv: string, mine: boolean): void {
    this.#takes.get(conv)?.(mine);
    this.#takes.delete(conv);
  }

  #drop(talk: Talk): void {
    talk.wipe();
    this.lead.forget(talk.conv);
    this.conversations.value = this.conversations.value.filter((one) => one !== talk);
  }

  #leave(why: string | undefined): void {
    this.#era += 1;
    const shift = this.#shift;
    this.#shift = undefined;
    if (shift !== undefined) {
      shift.connection.close();
      shift.frames.stop();
      shift.vault.close();
      shift.waiting.clear();
      this.#endShift();
    }
    this.replies.value?.lock();
    this.replies.value = undefined;
    for (const talk of this.conversations.value) talk.wipe();
    this.conversations.value = [];
    this.waiting.value = [];
    this.more.value = 0;
    this.messages.value = new Set();
    this.left.value = [];
    this.moved.value = [];
    this.lead.clear();
    this.glass.clear();
    this.audit.clear();
    this.people.clear();
    this.office.clear();
    this.rewrap.clear();
    for (const conv of [...this.#takes.keys()]) this.#answerTake(conv, false);
    this.#next.none();
    this.handing.clear();
    this.connected.value = false;
    this.name.value = "";
    this.role.value = undefined;
    this.trouble.value = why;
    this.phase.value = "out";
  }

  #say(frame: DeskSays): boolean {
    return this.#shift?.connection.say(frame) ?? false;
  }

  #talk(conv: string): Talk | undefined {
    return this.conversations.value.find((talk) => talk.conv === conv);
  }

  #now(): number {
    return Math.floor(this.#world.now() / 60_000) + this.#offset;
  }

  #tick(): void {
    this.#world.after(TICK, () => {
      this.minute.value = this.#now();
      this.#tick();
    });
  }

  #until(done: () => boolean): Promise<void> {
    return new Promise((resolve) => {
      const stop = effect(() => {
        if (!done()) return;
        resolve();
        queueMicrotask(() => stop());
      });
    });
  }
}

function codeOf(reason: unknown): string {
  return reason instanceof Trouble ? reason.code : "failed";
}
