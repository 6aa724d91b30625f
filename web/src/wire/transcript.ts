/**
 * The receiving side of one log: takes numbered envelopes in any order and twice, gives verified entries in the
 * server's order, once. What does not check becomes an entry that says so, and the heads go on over the raw bytes.
 */

import { equal, hex } from "../crypto/bytes.ts";
import { type Header, headNext, headZero, SHARED_LOG } from "../crypto/envelope.ts";
import { sha256 } from "../crypto/primitives.ts";
import { judge, type Signer, type Verdict } from "./judgement.ts";
import { SenderChains } from "./sender-chains.ts";
import { Serial } from "./serial.ts";

export type Entry =
  | { readonly kind: "doubt"; readonly n: number; readonly minute: number }
  | {
      readonly kind: "text";
      readonly n: number;
      readonly minute: number;
      readonly text: string;
      readonly direction: number;
      /** Undefined for a visitor's message and for what this page wrote itself. */
      readonly account: string | undefined;
      /** The outbox's id, when this page wrote it. */
      readonly mine: string | undefined;
    };

export interface TranscriptRules {
  readonly conv: Uint8Array;
  readonly log: 1 | 2;
  /** Whether an envelope of this direction and generation, not written by this page, has a place here. */
  admits(header: Header): boolean;
  secret(generation: number): Uint8Array | undefined;
  signer(certId: Uint8Array, minute: number): Promise<Signer | undefined>;
  /** Whether this page sealed these very bytes and has not seen them in their place yet. */
  isOwn(header: Header, envelope: Uint8Array): boolean;
  /** They are in their place now: the outbox lets go of them. */
  settle(header: Header): { readonly id: string; readonly text: string } | undefined;
  entry(entry: Entry): void;
  /** Whether we have the secret that a signed rotation record names; it rejects for a record that is none. */
  turns(header: Header, content: Uint8Array, account: string | undefined): Promise<boolean>;
  /** From the next envelope on the log is under this generation's secret. */
  turned(generation: number): void;
  /** Something was placed or promised: `missing` may be another number now. */
  moved(): void;
  /** The two sides do not see the same transcript. */
  fork(): void;
  fault(reason: unknown): void;
}

/** No honest server leaves larger gaps; what lies further ahead is not kept. */
const FURTHEST_AHEAD = 10_000;

interface Arrived {
  readonly minute: number;
  readonly envelope: Uint8Array;
  readonly hash: Uint8Array;
}

export class Transcript {
  readonly #rules: TranscriptRules;
  readonly #serial: Serial;
  readonly #pending = new Map<number, Arrived>();
  /** By number: what was processed keeps its hash and its head. */
  readonly #hashes: Uint8Array[] = [];
  readonly #heads: Uint8Array[] = [];
  readonly #messages = new Set<string>();
  readonly #chains = new SenderChains();
  /** The highest number that is known to exist. */
  #promised = 0;
  #generation = 0;
  #turnedAt = { n: 0, minute: 0 };
  #paused = false;
  /** Moves on when keys go away, so that a judgement made with overwritten keys is never believed. */
  #era = 0;

  constructor(rules: TranscriptRules) {
    this.#rules = rules;
    this.#serial = new Serial((reason) => rules.fault(reason));
  }

  /** The highest number that was processed. */
  get last(): number {
    return Math.max(0, this.#heads.length - 1);
  }

  /** Under which secret the next envelope must be, as far as was processed. */
  get generation(): number {
    return this.#generation;
  }

  /** How much is under the present secret, and since which minute. */
  get age(): { readonly envelopes: number; readonly since: number } {
    return { envelopes: this.last - this.#turnedAt.n, since: this.#turnedAt.minute };
  }

  /** The first number that has not come, of those that must exist. */
  get missing(): number | undefined {
    let n = this.last + 1;
    while (this.#pending.has(n)) n += 1; // it came, and waits for keys or for its turn
    return n <= this.#promised ? n : undefined;
  }

  /** All numbers up to *n* exist, says the server. */
  promise(n: number): void {
    this.#promised = Math.max(this.#promised, n);
    this.#rules.moved();
  }

  /** What our next envelope says that we have seen. */
  async seen(): Promise<{ readonly seq: number; readonly head: Uint8Array }> {
    await this.#begin();
    const seq = this.last;
    return { seq, head: this.#head(seq) };
  }

  place(n: number, minute: number, envelope: Uint8Array): void {
    this.#serial.do(() => this.#arrive(n, minute, envelope));
  }

  /** The keys are about to go: keep what arrives, judge nothing. */
  pause(): void {
    this.#paused = true;
    this.#era += 1;
  }

  resume(): void {
    this.#paused = false;
    this.#serial.do(async () => {
      await this.#advance();
      this.#rules.moved();
    });
  }

  /** When all that was placed so far is judged, as far as it can be. */
  idle(): Promise<void> {
    return this.#serial.idle();
  }

  stop(): void {
    this.pause();
    this.#serial.stop();
    this.#pending.clear();
  }

  async #begin(): Promise<void> {
    if (this.#heads.length > 0) return;
    const zero = await headZero(this.#rules.conv, this.#rules.log);
    if (this.#heads.length === 0) this.#heads.push(zero);
  }

  async #arrive(n: number, minute: number, envelope: Uint8Array): Promise<void> {
    await this.#begin();
    if (n < 1) return;
    if (n > this.last + FURTHEST_AHEAD) return this.promise(n);
    const hash = await sha256(envelope);
    const known = n <= this.last ? this.#hashes[n] : this.#pending.get(n)?.hash;
    if (known === undefined) this.#pending.set(n, { minute, envelope: envelope.slice(), hash });
    // Two envelopes in one place: the server tells two stories.
    else if (!equal(known, hash)) this.#rules.fork();
    await this.#advance();
    this.promise(n);
  }

  async #advance(): Promise<void> {
    for (;;) {
      const n = this.last + 1;
      const next = this.#pending.get(n);
      if (next === undefined || this.#paused) return;
      const era = this.#era;
      const verdict = await judge(n, next.minute, next.envelope, {
        conv: this.#rules.conv,
        isOwn: (header, envelope) => header.generation >= this.#generation && this.#rules.isOwn(header, envelope),
        turns: (header, content, account) => this.#rules.turns(header, content, account),
        isExpected: (header) => this.#isExpected(header),
        secret: (generation) => this.#rules.secret(generation),
        signer: (certId, minute) => this.#rules.signer(certId, minute),
        head: (at) => this.#heads[at],
      });
      const head = await headNext(this.#head(n - 1), n, next.hash);
      if (era !== this.#era) continue;
      this.#pending.delete(n);
      this.#hashes[n] = next.hash;
      this.#heads.push(head);
      this.#believe(n, next, verdict);
    }
  }

  #isExpected(header: Header): boolean {
    return (
      this.#rules.admits(header) &&
      this.#follows(header.generation) &&
      !this.#messages.has(hex(header.msgId)) &&
      this.#chains.fits(header)
    );
  }

  /** It never goes back, and on only by a rotation; but for the first step, which a counsellor makes by being there. */
  #follows(generation: number): boolean {
    const isFirstStep = this.#rules.log === SHARED_LOG && this.#generation === 0 && generation === 1;
    return generation === this.#generation || isFirstStep;
  }

  #believe(n: number, { minute, hash }: Arrived, verdict: Verdict): void {
    const own = verdict.kind === "own" ? this.#rules.settle(verdict.header) : undefined;
    if (verdict.kind === "doubt" || (verdict.kind === "own" && own === undefined)) {
      if (verdict.header !== undefined) this.#chains.doubt(verdict.header);
      this.#rules.entry({ kind: "doubt", n, minute });
      return;
    }
    const { header } = verdict;
    this.#messages.add(hex(header.msgId));
    this.#chains.accept(header, hash);
    this.#generation = header.generation;
    if (this.#turnedAt.minute === 0) this.#turnedAt = { n: 0, minute };
    if (verdict.kind === "turn") {
      this.#generation += 1;
      this.#turnedAt = { n, minute };
      this.#rules.turned(this.#generation);
      if (verdict.forked) this.#rules.fork();
      return;
    }
    const { text, account } = verdict.kind === "text" ? verdict : { text: own?.text ?? "", account: undefined };
    this.#rules.entry({ kind: "text", n, minute, text, direction: header.direction, account, mine: own?.id });
    if (verdict.kind === "text" && verdict.forked) this.#rules.fork();
  }

  #head(n: number): Uint8Array {
    const head = this.#heads[n];
    if (head === undefined) throw new RangeError("no head there yet");
    return head;
  }
}
