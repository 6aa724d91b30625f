/** A world for tests: a clock that only we move, and sockets that lead to whoever listens. */

import type { Answer, Socket, Surroundings } from "../../src/wire/surroundings.ts";

/** For so many real milliseconds a test waits for what never comes. */
const STUCK = 60_000;

/** Timers in order of their moment; nothing happens until someone advances. */
export class FakeClock {
  #now: number;
  #next = 1;
  readonly #timers = new Map<number, { at: number; deed: () => void }>();

  constructor(now = 1_800_000_000_000) {
    this.#now = now;
  }

  now(): number {
    return this.#now;
  }

  after(ms: number, deed: () => void): () => void {
    const id = this.#next++;
    this.#timers.set(id, { at: this.#now + ms, deed });
    return () => this.#timers.delete(id);
  }

  advance(ms: number): void {
    const end = this.#now + ms;
    for (;;) {
      const due = [...this.#timers].filter(([, t]) => t.at <= end).sort((a, b) => a[1].at - b[1].at || a[0] - b[0])[0];
      if (due === undefined) break;
      this.#timers.delete(due[0]);
      this.#now = Math.max(this.#now, due[1].at);
      due[1].deed();
    }
    this.#now = end;
  }

  /** The device sleeps: the day goes on, and no timer does. */
  sleep(ms: number): void {
    this.#now += ms;
    for (const timer of this.#timers.values()) timer.at += ms;
  }

  /** The page is frozen: time goes by, and what fell due meanwhile happens late, all at once. */
  freeze(ms: number): void {
    this.#now += ms;
    this.advance(0);
  }

  get waiting(): number {
    return this.#timers.size;
  }
}

/** The client's end of a socket; `server` is called with what the client says. */
export class FakeSocket implements Socket {
  binaryType = "blob";
  onopen: (() => void) | null = null;
  onmessage: ((event: { data: unknown }) => void) | null = null;
  onclose: ((event: { code: number }) => void) | null = null;
  onerror: (() => void) | null = null;
  readonly path: string;
  readonly said: Uint8Array[] = [];
  heard: ((bytes: Uint8Array) => void) | undefined;
  left: ((code: number) => void) | undefined;
  state: "connecting" | "open" | "closed" = "connecting";

  constructor(path: string) {
    this.path = path;
  }

  open(): void {
    if (this.state !== "connecting") return;
    this.state = "open";
    this.onopen?.();
  }

  send(bytes: Uint8Array): void {
    if (this.state === "connecting") throw new Error("still connecting");
    if (this.state === "closed") return;
    const copy = bytes.slice();
    this.said.push(copy);
    this.heard?.(copy);
  }

  /** The server says *bytes*. */
  deliver(bytes: Uint8Array): void {
    if (this.state !== "open") return;
    this.onmessage?.({ data: bytes.slice().buffer });
  }

  /** Cut from the far side or by the network. */
  cut(code = 1006): void {
    if (this.state === "closed") return;
    this.state = "closed";
    this.onclose?.({ code });
  }

  close(code = 1000): void {
    if (this.state === "closed") return;
    this.state = "closed";
    this.left?.(code);
  }
}

export interface World {
  readonly surroundings: Surroundings;
  readonly clock: FakeClock;
  readonly sockets: FakeSocket[];
  wake(): void;
  /** The page goes out of sight, or comes back. */
  hide(hidden: boolean): void;
  /** Everything that left by HTTP. */
  readonly posted: { method: string; path: string; body: object | undefined; token: string | undefined }[];
}

export interface WorldOptions {
  connect?: (socket: FakeSocket) => void;
  post?: (
    path: string,
    body: Uint8Array,
    stop: AbortSignal | undefined,
  ) => Promise<{ status: number; body: Uint8Array }>;
  http?: (method: string, path: string, body: object | undefined, token: string | undefined) => Promise<Answer>;
  chance?: () => number;
  clock?: FakeClock;
}

export function fakeWorld(options: WorldOptions = {}): World {
  const clock = options.clock ?? new FakeClock();
  const sockets: FakeSocket[] = [];
  const wakers = new Set<() => void>();
  const watchers = new Set<() => void>();
  let isHidden = false;
  const posted: World["posted"] = [];
  return {
    clock,
    sockets,
    posted,
    wake: () => {
      for (const waker of [...wakers]) waker();
    },
    hide: (hidden) => {
      isHidden = hidden;
      for (const watcher of [...watchers]) watcher();
      if (!hidden) for (const waker of [...wakers]) waker();
    },
    surroundings: {
      socket(path) {
        const socket = new FakeSocket(path);
        sockets.push(socket);
        options.connect?.(socket);
        return socket;
      },
      async http(method, path, body, token) {
        posted.push({ method, path, body, token });
        if (options.http === undefined) throw new TypeError("no network");
        return options.http(method, path, body, token);
      },
      async post(path, body, stop) {
        if (options.post === undefined) throw new TypeError("no network");
        return options.post(path, body.slice(), stop);
      },
      now: () => clock.now(),
      after: (ms, deed) => clock.after(ms, deed),
      chance: options.chance ?? (() => 1 - Number.EPSILON),
      onWake(deed) {
        wakers.add(deed);
        return () => wakers.delete(deed);
      },
      isHidden: () => isHidden,
      onHidden(tell) {
        watchers.add(tell);
        return () => watchers.delete(tell);
      },
    },
  };
}

/** Answers that Web Crypto owes: it works in threads of its own, as fast as the machine lets it. */
let owed = 0;

const WORKS = ["decrypt", "deriveBits", "digest", "encrypt", "exportKey", "importKey", "sign", "verify"] as const;
for (const work of WORKS) {
  const does = crypto.subtle[work] as (...given: unknown[]) => Promise<unknown>;
  const counted = (...given: unknown[]) => {
    owed += 1;
    return does.apply(crypto.subtle, given).finally(() => {
      owed -= 1;
    });
  };
  Object.defineProperty(crypto.subtle, work, { value: counted, configurable: true, writable: true });
}

/** Let real asynchronous work (Web Crypto) go on until *done*; fails when it never is. */
export async function until(done: () => boolean, what = "this"): Promise<void> {
  const end = performance.now() + STUCK;
  while (!done()) {
    if (performance.now() > end) throw new Error(`waited in vain for ${what}`);
    await new Promise((resolve) => setImmediate(resolve));
  }
}

/**
 * Let the clock run, a tenth of a second at each turn of the loop, until *done*. It stands still while Web Crypto
 * works: on a slow machine no answer comes later, by this clock, than on a fast one.
 */
export function passing(clock: FakeClock, done: () => boolean, what = "this"): Promise<void> {
  return until(() => {
    if (!done() && owed === 0) clock.advance(100);
    return done();
  }, what);
}

/** Let asynchronous work run for *turns* turns of the loop, to see that nothing happens. */
export async function breathe(turns = 20): Promise<void> {
  for (let i = 0; i < turns; i++) await new Promise((resolve) => setImmediate(resolve));
}
