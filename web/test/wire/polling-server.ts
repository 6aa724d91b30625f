/** The server's half of long-polling, as docs/protocol.md 5.6 describes it, before any server of sockets; with faults. */

import { randomBytes } from "node:crypto";
import { decode, encode } from "@msgpack/msgpack";
import { type FakeClock, FakeSocket } from "./fake-world.ts";

type Ask = { id: Uint8Array; first: number; frames: Uint8Array[]; heard: number; more?: boolean };
type Reply = { status: number; body: Uint8Array };

const HOLD = 20_000;

interface Poll {
  readonly socket: FakeSocket;
  readonly out: Uint8Array[];
  acknowledged: number;
  taken: number;
  code: number | undefined;
  release: (() => void) | undefined;
}

export class PollingServer {
  readonly polls = new Map<string, Poll>();
  readonly asked: string[] = [];
  /** What happens to the next request: it is lost, its answer is lost, it comes twice, or nothing happens to it. */
  fault: () => "request" | "answer" | "twice" | undefined = () => undefined;
  isDown = false;
  readonly #accept: (socket: FakeSocket) => void;
  readonly #clock: FakeClock;

  constructor(clock: FakeClock, accept: (socket: FakeSocket) => void) {
    this.#clock = clock;
    this.#accept = accept;
  }

  /** All connections are forgotten, as after a restart; what was held breaks off. */
  forget(): void {
    const polls = [...this.polls.values()];
    this.polls.clear();
    for (const poll of polls) poll.release?.();
  }

  readonly post = async (path: string, body: Uint8Array, stop: AbortSignal | undefined): Promise<Reply> => {
    this.asked.push(path);
    const fault = this.fault();
    if (this.isDown || fault === "request") throw new TypeError("no network");
    const said = decode(body) as Ask & { path: string };
    if (fault === "twice" && path === "/poll") void this.#poll(said);
    const stopped = new Promise<never>((_, reject) => {
      stop?.addEventListener("abort", () => reject(new DOMException("stopped", "AbortError")));
    });
    const answering = path === "/poll/open" ? this.#open(said.path) : this.#poll(said, path === "/poll/close");
    const answer = await Promise.race([answering, stopped]);
    if (this.isDown || fault === "answer") throw new TypeError("no network");
    return answer;
  };

  async #open(path: string): Promise<Reply> {
    const id = randomBytes(32);
    const socket = new FakeSocket(path);
    const poll: Poll = { socket, out: [], acknowledged: 0, taken: 0, code: undefined, release: undefined };
    const news = () => poll.release?.();
    socket.onmessage = ({ data }) => {
      poll.out.push(new Uint8Array(data as ArrayBuffer));
      news();
    };
    socket.onclose = ({ code }) => {
      poll.code = code;
      news();
    };
    this.polls.set(id.toString("hex"), poll);
    this.#accept(socket);
    await Promise.resolve();
    return { status: 200, body: encode({ id }) };
  }

  async #poll(ask: Ask, isLast = false): Promise<Reply> {
    const poll = this.polls.get(Buffer.from(ask.id).toString("hex"));
    if (poll === undefined) return { status: 404, body: new Uint8Array(0) };
    if (ask.first > poll.taken + 1) throw new Error("a gap in what the client says");
    while (poll.acknowledged < ask.heard) {
      poll.out.shift();
      poll.acknowledged += 1;
    }
    for (const frame of ask.frames.slice(poll.taken + 1 - ask.first)) {
      poll.taken += 1;
      poll.socket.send(frame);
    }
    if (isLast) poll.socket.close();
    else if (ask.more !== true) await this.#held(poll);
    if (!this.polls.has(Buffer.from(ask.id).toString("hex"))) throw new TypeError("broken off");
    const { acknowledged, out, taken, code } = poll;
    const body = { first: acknowledged + 1, frames: out, heard: taken, ...(code !== undefined && { code }) };
    return { status: 200, body: encode(body) };
  }

  async #held(poll: Poll): Promise<void> {
    poll.release?.();
    if (poll.out.length > 0 || poll.code !== undefined) return;
    await new Promise<void>((resolve) => {
      const cancel = this.#clock.after(HOLD, resolve);
      poll.release = () => {
        cancel();
        resolve();
      };
    });
  }
}
