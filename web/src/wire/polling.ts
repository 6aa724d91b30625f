/**
 * A socket made of requests, for networks that let no WebSocket through: docs/protocol.md 5.6. Both sides say their
 * messages again until they were heard, so a lost request or answer loses and doubles nothing.
 */

import { wipe } from "../crypto/bytes.ts";
import { LONGEST_HEARD } from "./frames.ts";
import { decode, encode } from "./msgpack.ts";
import { bytes, bytesUpTo, list, record, whole } from "./shape.ts";
import type { Socket, Surroundings } from "./surroundings.ts";

/** One request is held by the server; a second one brings what is said meanwhile. */
const UNDER_WAY = 2;
const LARGEST = 48_000;
const MOST = 32;
const AGAIN = 500;
/** Requests in a row that got no answer: the network is gone, and the lasting connection should know. */
const FAILURES = 3;
/** Closed without a reason from the other side, as a WebSocket calls it. */
export const NOT_CLEAN = 1006;
/** What another attempt would not change. */
const REFUSED = new Set([400, 403, 404, 405, 413]);

const readOpened = record({ id: bytes(32) });
const readAnswer = record(
  { first: whole, frames: list(bytesUpTo(LONGEST_HEARD), 16_384), heard: whole },
  { code: whole },
);

type Answer = NonNullable<ReturnType<typeof readAnswer>>;

export class PollingSocket implements Socket {
  binaryType = "arraybuffer";
  onopen: Socket["onopen"] = null;
  onmessage: Socket["onmessage"] = null;
  onclose: Socket["onclose"] = null;
  onerror: Socket["onerror"] = null;

  readonly #world: Surroundings;
  readonly #stop = new AbortController();
  #id: Uint8Array | undefined;
  /** Said and not yet heard there; the first of them has number *first*. */
  readonly #unheard: Uint8Array[] = [];
  #first = 1;
  /** Up to this number everything is in a request. */
  #asked = 0;
  #heard = 0;
  #underWay = 0;
  #failures = 0;
  #isDue = false;
  #isOver = false;
  #stopWaiting: () => void = () => {};

  constructor(world: Surroundings, path: string) {
    this.#world = world;
    void this.#open(path);
  }

  send(message: Uint8Array): void {
    if (this.#isOver) return;
    this.#unheard.push(message.slice());
    if (this.#isDue) return;
    this.#isDue = true;
    queueMicrotask(() => {
      this.#isDue = false;
      this.#ask();
    });
  }

  close(): void {
    if (this.#isOver) return;
    this.#end();
    if (this.#id !== undefined) this.#post("/poll/close", this.#next()).catch(() => {});
    wipe(...this.#unheard);
  }

  async #open(path: string): Promise<void> {
    const opened = readOpened((await this.#post("/poll/open", { path }, this.#stop.signal).catch(() => {}))?.body);
    if (this.#isOver) return;
    if (opened === undefined) {
      this.#closed(NOT_CLEAN);
      return;
    }
    this.#id = opened.id;
    this.onopen?.();
    if (this.#underWay === 0) this.#ask();
  }

  /** Ask for news, with all that is said, unless enough is under way. */
  #ask(): void {
    if (this.#isOver || this.#id === undefined || this.#underWay >= UNDER_WAY) return;
    this.#stopWaiting();
    this.#underWay += 1;
    const next = this.#next();
    this.#asked = next.first + next.frames.length - 1;
    this.#post("/poll", next, this.#stop.signal).then(
      (answer) => this.#answered(answer.status, answer.body),
      () => this.#answered(0, undefined),
    );
  }

  #next() {
    const frames: Uint8Array[] = [];
    let size = 0;
    for (const frame of this.#unheard.slice(0, MOST)) {
      size += frame.length;
      if (frames.length > 0 && size > LARGEST) break;
      frames.push(frame);
    }
    const more = frames.length < this.#unheard.length;
    return { id: this.#id, first: this.#first, frames, heard: this.#heard, ...(more && { more }) };
  }

  #answered(status: number, body: unknown): void {
    this.#underWay -= 1;
    if (this.#isOver) return;
    const answer = readAnswer(body);
    if (answer === undefined) this.#failed(status);
    else this.#hear(answer);
  }

  #hear(answer: Answer): void {
    this.#failures = 0;
    while (this.#first <= answer.heard && this.#unheard.length > 0) {
      this.#unheard.shift()?.fill(0);
      this.#first += 1;
    }
    for (const [at, frame] of answer.frames.entries()) {
      if (answer.first + at !== this.#heard + 1) continue;
      this.#heard += 1;
      this.onmessage?.({ data: frame.slice().buffer });
      if (this.#isOver) return;
    }
    if (answer.code !== undefined) this.#closed(answer.code);
    else if (this.#underWay === 0 || this.#asked < this.#first + this.#unheard.length - 1) this.#ask();
  }

  #failed(status: number): void {
    this.#failures += 1;
    if (REFUSED.has(status) || this.#failures >= FAILURES) this.#closed(NOT_CLEAN);
    else this.#stopWaiting = this.#world.after(AGAIN, () => this.#ask());
  }

  #closed(code: number): void {
    this.#end();
    wipe(...this.#unheard);
    this.onclose?.({ code });
  }

  #end(): void {
    this.#isOver = true;
    this.#stopWaiting();
    this.#stop.abort();
  }

  /** Without *stop* the request outlives the page. */
  async #post(path: string, said: object, stop?: AbortSignal): Promise<{ status: number; body: unknown }> {
    const raw = encode(said);
    const posting = this.#world.post(path, raw, stop);
    raw.fill(0); // the request has its own copy
    const { status, body } = await posting;
    const limits = { list: 16_384, map: 8, text: 64, bytes: LONGEST_HEARD };
    return { status, body: status === 200 ? decode(body, limits) : undefined };
  }
}
