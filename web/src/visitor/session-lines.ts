/** What the visitor reads, as plain lines: entries of the transcript in their order, then what is still on its way. */

import { VISITOR } from "../crypto/envelope.ts";
import type { Unplaced } from "../wire/outbox.ts";
import type { Entry } from "../wire/transcript.ts";
import type { Delivery, Line } from "./state.ts";

export class Lines {
  #placed: (Line & { readonly n: number })[] = [];
  #swaps = 0;
  #deliveredTo = 0;
  #readTo = 0;

  /** The highest number that the counsellor wrote. */
  get lastTheirs(): number {
    return this.#placed.findLast((line) => line.from === "them" && line.kind === "text")?.n ?? 0;
  }

  add(entry: Entry): void {
    const { n, minute } = entry;
    const mine = entry.kind === "text" && entry.direction === VISITOR;
    this.#placed.push({
      n,
      id: (entry.kind === "text" && entry.mine) || `n${n}`,
      from: mine ? "me" : "them",
      text: entry.kind === "text" ? entry.text : "",
      minute,
      delivery: "sent",
      kind: entry.kind,
    });
  }

  /** A colleague goes on from here. */
  swap(): void {
    this.#swaps += 1;
    const last = this.#placed.at(-1);
    const id = `swap${this.#swaps}`;
    const n = last?.n ?? 0;
    this.#placed.push({ n, id, from: "them", text: "", minute: last?.minute, delivery: "sent", kind: "swap" });
  }

  /** Up to *n* our messages reached the other side, or were read there. Never further than what there is. */
  reached(how: "delivered" | "read", n: number): void {
    const to = Math.min(n, this.#placed.at(-1)?.n ?? 0);
    if (how === "read") this.#readTo = Math.max(this.#readTo, to);
    else this.#deliveredTo = Math.max(this.#deliveredTo, to);
  }

  all(unplaced: readonly Unplaced[]): readonly Line[] {
    const placed = this.#placed.map(({ n, ...line }) =>
      line.from === "me" ? { ...line, delivery: this.#at(n) } : line,
    );
    const waiting = unplaced.map(
      ({ id, text, state, minute }): Line => ({ id, from: "me", text, minute, delivery: state, kind: "text" }),
    );
    return [...placed, ...waiting];
  }

  clear(): void {
    this.#placed = [];
  }

  #at(n: number): Delivery {
    if (n <= this.#readTo) return "read";
    return n <= this.#deliveredTo ? "delivered" : "sent";
  }
}
