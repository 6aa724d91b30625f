/**
 * One lasting connection over many sockets: it comes back by itself, notices silence, and says how the network is.
 * Where no WebSocket gets through it goes on by long-polling, and looks now and then whether one does again.
 * It knows no frame but `ping`; who is at the other end is for the session to find out.
 */

import { type Heard, spoken } from "./frames.ts";
import { NOT_CLEAN, PollingSocket } from "./polling.ts";
import { Probe } from "./probe.ts";
import type { Socket, Surroundings } from "./surroundings.ts";

export type Network = "fine" | "lost" | "long";

const PING_EVERY = 20_000;
/** The server answers each ping, so two of them unanswered and a little: nobody is there. */
const DEAD_AFTER = 45_000;
/** Some proxies take a WebSocket and swallow it, so it must open in this time, and speak in as much again. */
const OPEN_WITHIN = 4_000;
/** A request may have to wait for one that was given up. */
const POLL_WITHIN = 7_000;
/** WebSockets in a row that never spoke, before we go on by polling; of those that did speak in this page, more. */
const BLOCKED_AFTER = 2;
const BLOCKED_LATER = 4;
/** What we say is answered soon; if not, we ask whether anybody is there. The network may be another one by now. */
const ANSWER_WITHIN = 10_000;
/** After the page wakes a socket may look open and be dead; it gets this long to answer. */
const PROBE = 5_000;
/** A timer that is so late tells that the device slept. */
const SLEPT = 5_000;
const LOST_AFTER = 5_000;
const LONG_AFTER = 60_000;
const FIRST_WAIT = 250;
/** A server that comes back is found within three seconds. */
const LONGEST_WAIT = 2_500;
const LONGEST_WHEN_BUSY = 5_000;
const FINAL = new Set([1008, 4401]);

type Waits = "retry" | "silence" | "ping" | "answer" | "lost" | "long";

export interface ConnectionEvents<Frame> {
  /** A socket is open: say who we are, or wait for the server's first frame. */
  opened(): void;
  heard(frame: Frame): void;
  /** That socket is gone; until `opened` nothing can be said. */
  dropped(): void;
  network(state: Network): void;
  /** It will not come back by itself. */
  closed(code: number): void;
}

export class Connection<Frame, Said extends { readonly t: string }> {
  readonly #world: Surroundings;
  readonly #path: string;
  readonly #decode: (raw: Uint8Array) => Heard<Frame>;
  readonly #events: ConnectionEvents<Frame>;
  #socket: Socket | undefined;
  #isPolling = false;
  #isOpen = false;
  #hasSpoken = false;
  /** WebSockets in a row that never spoke; whether one ever did. */
  #blocked = 0;
  #getsThrough = false;
  readonly #probe: Probe;
  /** Before the server knows us nothing but the session's first frame may be said. */
  #isKnown = false;
  #life: "idle" | "up" | "finishing" | "over" = "idle";
  #failures = 0;
  #network: Network = "fine";
  /** Timers by what they wait for; each is set anew or cleared, never doubled. */
  readonly #timers = new Map<Waits, () => void>();
  #sleepless: (() => void) | undefined;

  constructor(
    world: Surroundings,
    path: string,
    decode: (raw: Uint8Array) => Heard<Frame>,
    events: ConnectionEvents<Frame>,
  ) {
    this.#world = world;
    this.#path = path;
    this.#decode = decode;
    this.#events = events;
    this.#probe = new Probe(world, () => this.#switchBack());
  }

  open(): void {
    if (this.#life !== "idle") return;
    this.#life = "up";
    this.#sleepless = this.#world.onWake(() => this.#wake());
    this.#missing();
    this.#connect();
  }

  /** False when there is no open socket; nothing is kept for later. */
  say(frame: Said): boolean {
    if (!this.#isOpen || this.#socket === undefined) return false;
    const raw = spoken(frame);
    if (this.#isKnown && !this.#timers.has("answer")) this.#set("answer", ANSWER_WITHIN, () => this.#ask());
    this.#socket.send(raw);
    raw.fill(0); // the socket has its own copy; a credential needs no second one
    return true;
  }

  /** The server knows us: the next loss begins with the shortest wait again. Merely opening does not count. */
  settled(): void {
    this.#isKnown = true;
    this.#failures = 0;
    this.#clear("lost");
    this.#clear("long");
    this.#tell("fine");
  }

  /** Drop this socket and come back after the next wait: the other end talks nonsense or is too busy. */
  again(): void {
    if (this.#life === "up") this.#gone(LONGEST_WHEN_BUSY);
  }

  /** What is open may stay, but nothing brings it back once it closes. */
  finish(): void {
    if (this.#life !== "up") return;
    this.#life = "finishing";
    this.#clear("lost");
    this.#clear("long");
    if (!this.#isOpen) this.close();
  }

  /** At once and for good; no event follows. */
  close(): void {
    this.#life = "over";
    this.#sleepless?.();
    for (const what of [...this.#timers.keys()]) this.#clear(what);
    this.#drop();
  }

  #connect(): void {
    this.#clear("retry");
    this.#isPolling = this.#blocked >= this.#limit;
    this.#hasSpoken = false;
    let socket: Socket;
    try {
      socket = this.#isPolling ? new PollingSocket(this.#world, this.#path) : this.#world.socket(this.#path);
    } catch {
      this.#gone();
      return;
    }
    socket.binaryType = "arraybuffer";
    this.#socket = socket;
    this.#listen(this.#isPolling ? POLL_WITHIN : OPEN_WITHIN);
    socket.onopen = () => this.#onOpen();
    socket.onmessage = (event) => this.#onMessage(event.data);
    socket.onclose = (event) => this.#onClose(event.code);
    socket.onerror = null; // a close always follows
  }

  #onOpen(): void {
    this.#isOpen = true;
    this.#listen(this.#isPolling ? POLL_WITHIN : OPEN_WITHIN);
    this.#pingLater();
    this.#events.opened();
  }

  #onMessage(data: unknown): void {
    this.#listen(DEAD_AFTER);
    this.#clear("answer");
    if (!this.#hasSpoken) this.#spoke();
    if (!(data instanceof ArrayBuffer)) return;
    const heard = this.#decode(new Uint8Array(data));
    if (heard.ok) this.#events.heard(heard.frame);
  }

  #spoke(): void {
    this.#hasSpoken = true;
    if (this.#isPolling) {
      this.#probe.later();
      return;
    }
    this.#blocked = 0;
    this.#getsThrough = true;
    this.#probe.reset();
  }

  #onClose(code: number): void {
    if (code !== NOT_CLEAN && !this.#hasSpoken) this.#spoke(); // a reason is a word of the server's
    if (FINAL.has(code) || this.#life === "finishing") {
      this.close();
      this.#events.closed(code);
      return;
    }
    this.#gone();
  }

  /** A WebSocket gets through again: on with that one. The session resumes as after any loss. */
  #switchBack(): void {
    if (this.#life !== "up" || !this.#isPolling) return;
    this.#blocked = 0;
    this.#drop();
    this.#missing();
    this.#connect();
  }

  /** Whether what just failed tells that WebSockets are blocked here, so that polling should be tried at once. */
  #isBlocked(): boolean {
    if (this.#hasSpoken) return false;
    const limit = this.#limit;
    // When polling fares no better it is the network: from now on each round tries both.
    if (this.#isPolling) this.#blocked = limit - 1;
    // One that opened, or took all its time, was swallowed: a second look would only cost as much again.
    else this.#blocked += this.#isOpen || !this.#timers.has("silence") ? BLOCKED_AFTER : 1;
    return !this.#isPolling && this.#blocked >= limit;
  }

  get #limit(): number {
    return this.#getsThrough ? BLOCKED_LATER : BLOCKED_AFTER;
  }

  /** There is no connection now; plan the next. */
  #gone(longest = LONGEST_WAIT): void {
    const isBlocked = this.#life === "up" && this.#isBlocked();
    this.#drop();
    if (this.#life === "finishing") {
      this.close();
      return;
    }
    this.#missing();
    if (isBlocked) {
      this.#connect();
      return;
    }
    const ceiling = Math.min(longest, FIRST_WAIT * 2 ** Math.min(this.#failures, 10));
    this.#failures += 1;
    // Between half and whole: many clients of a restarted server must not come at the same moment.
    this.#set("retry", ceiling * (0.5 + this.#world.chance() / 2), () => this.#connect());
  }

  /** Let go of the socket without waiting for its farewell, which a dead network never sends. */
  #drop(): void {
    const socket = this.#socket;
    this.#socket = undefined;
    this.#isOpen = false;
    this.#isKnown = false;
    this.#probe.stop();
    this.#clear("silence");
    this.#clear("ping");
    this.#clear("answer");
    if (socket === undefined) return;
    socket.onopen = socket.onmessage = socket.onclose = socket.onerror = null;
    try {
      socket.close(1000);
    } catch {
      // One that is still connecting may refuse; nobody listens to it any more.
    }
    if (this.#life !== "over") this.#events.dropped();
  }

  #wake(): void {
    if (this.#life !== "up") return;
    if (!this.#hasSpoken || this.#socket === undefined) {
      // What is still opening began on a network that may be gone.
      this.#failures = 0;
      this.#drop();
      this.#connect();
      return;
    }
    this.#ask();
    if (this.#isPolling) {
      this.#probe.reset();
      this.#probe.later();
    }
  }

  #ask(): void {
    this.#ping();
    this.#listen(PROBE);
  }

  #listen(ms: number): void {
    this.#set("silence", ms, () => this.#gone());
  }

  #pingLater(): void {
    const due = this.#world.now() + PING_EVERY;
    this.#set("ping", PING_EVERY, () => {
      if (this.#world.now() > due + SLEPT) this.#ask();
      else this.#ping();
      this.#pingLater();
    });
  }

  #ping(): void {
    if (this.#isKnown) this.say({ t: "ping" } as Said);
  }

  /** From the first moment of absence on, however many attempts fail. */
  #missing(): void {
    if (this.#network !== "fine" || this.#timers.has("lost")) return;
    this.#set("lost", LOST_AFTER, () => this.#tell("lost"));
    this.#set("long", LONG_AFTER, () => this.#tell("long"));
  }

  #tell(state: Network): void {
    if (state === this.#network) return;
    this.#network = state;
    this.#events.network(state);
  }

  #set(what: Waits, ms: number, deed: () => void): void {
    this.#clear(what);
    this.#timers.set(
      what,
      this.#world.after(ms, () => {
        this.#timers.delete(what);
        deed();
      }),
    );
  }

  #clear(what: Waits): void {
    this.#timers.get(what)?.();
    this.#timers.delete(what);
  }
}
