/** What the wire needs from the world: a socket, a clock, timers, chance, HTTP. A browser has one kind, tests another. */

export interface Socket {
  binaryType: string;
  onopen: (() => void) | null;
  onmessage: ((event: { data: unknown }) => void) | null;
  onclose: ((event: { code: number }) => void) | null;
  onerror: (() => void) | null;
  /** Takes a copy. */
  send(bytes: Uint8Array<ArrayBuffer>): void;
  close(code?: number): void;
}

export interface Answer {
  readonly status: number;
  /** Parsed JSON, not yet believed; undefined when there was none. */
  readonly body: unknown;
}

export interface Surroundings {
  /** A new socket to *path* of the server that this page came from. */
  socket(path: string): Socket;
  /** JSON by HTTP; rejects when no answer came. */
  http(method: "GET" | "POST", path: string, body?: object, token?: string): Promise<Answer>;
  /** Bytes by HTTP; takes a copy of *body* at once. Rejects when no answer came. Without *stop* it outlives the page. */
  post(path: string, body: Uint8Array<ArrayBuffer>, stop?: AbortSignal): Promise<{ status: number; body: Uint8Array }>;
  /** Unix milliseconds. */
  now(): number;
  /** Do *deed* in *ms*, unless the returned function is called first. */
  after(ms: number, deed: () => void): () => void;
  /** From 0 up to 1; spreads reconnecting clients, protects nothing. */
  chance(): number;
  /** Tell when the network or the page comes back; the returned function ends that. */
  onWake(deed: () => void): () => void;
  /** Whether the page is out of sight: another tab, another app, a dark screen. */
  isHidden(): boolean;
  /** Tell when that changes; the returned function ends it. */
  onHidden(tell: () => void): () => void;
}

/** The browser's own. No cookie travels, nothing is cached, no redirect is followed. */
export function browserSurroundings(): Surroundings {
  const origin = location.origin.replace(/^http/, "ws");
  return {
    // A socket takes any bytes; the narrower type of ours only leaves out what we never send.
    socket: (path) => new WebSocket(origin + path) as unknown as Socket,
    http,
    post,
    now: () => Date.now(),
    after(ms, deed) {
      const timer = setTimeout(deed, ms);
      return () => clearTimeout(timer);
    },
    chance: () => (crypto.getRandomValues(new Uint32Array(1))[0] ?? 0) / 2 ** 32,
    onWake,
    isHidden: () => document.hidden,
    onHidden(tell) {
      document.addEventListener("visibilitychange", tell);
      return () => document.removeEventListener("visibilitychange", tell);
    },
  };
}

const QUIETLY = { credentials: "omit", cache: "no-store", redirect: "error", referrerPolicy: "no-referrer" } as const;

async function http(method: "GET" | "POST", path: string, body?: object, token?: string): Promise<Answer> {
  const headers = {
    ...(body === undefined ? {} : { "Content-Type": "application/json" }),
    ...(token === undefined ? {} : { Authorization: `Bearer ${token}` }),
  };
  const said = body === undefined ? {} : { body: JSON.stringify(body) };
  // There are no cookies; but of an answer to a request without credentials a browser heeds no Clear-Site-Data.
  const known = token === undefined ? {} : ({ credentials: "same-origin" } as const);
  const answer = await fetch(path, { ...QUIETLY, ...known, method, headers, ...said });
  return { status: answer.status, body: await answer.json().catch(() => undefined) };
}

async function post(path: string, body: Uint8Array<ArrayBuffer>, stop?: AbortSignal) {
  const headers = { "Content-Type": "application/octet-stream" };
  const how = stop === undefined ? { keepalive: true } : { signal: stop };
  const answer = await fetch(path, { ...QUIETLY, method: "POST", headers, body, ...how });
  return { status: answer.status, body: new Uint8Array(await answer.arrayBuffer()) };
}

function onWake(deed: () => void): () => void {
  const visible = () => {
    if (document.visibilityState === "visible") deed();
  };
  window.addEventListener("online", deed);
  document.addEventListener("visibilitychange", visible);
  return () => {
    window.removeEventListener("online", deed);
    document.removeEventListener("visibilitychange", visible);
  };
}
