/** A conversation as a counsellor reads it: messages and notes by the minute, then what is still on its way. */

import { VISITOR } from "../crypto/envelope.ts";
import type { Unplaced } from "../wire/outbox.ts";
import type { Entry } from "../wire/transcript.ts";
import type { DeskLine } from "./state.ts";

type Placed = DeskLine & { readonly n: number; readonly at: number; readonly arrived: number };

export class DeskLines {
  readonly #logs: Record<1 | 2, Placed[]> = { 1: [], 2: [] };
  #arrived = 0;
  #deliveredTo = 0;
  #readTo = 0;

  /** The highest number that the visitor wrote. */
  get lastTheirs(): number {
    return this.#logs[1].findLast((line) => line.from === "visitor")?.n ?? 0;
  }

  add(log: 1 | 2, entry: Entry, account: string | undefined): DeskLine {
    const { n, minute } = entry;
    const mine = entry.kind === "text" ? entry.mine : undefined;
    this.#arrived += 1;
    const line: Placed = {
      n,
      // A server's minutes may run backwards; a log never does.
      at: Math.max(minute, this.#logs[log].at(-1)?.at ?? 0),
      arrived: this.#arrived,
      id: mine ?? `${log === 1 ? "s" : "w"}${n}`,
      from: whose(log, entry, account),
      text: entry.kind === "text" ? entry.text : "",
      minute,
      delivery: "sent",
      kind: entry.kind,
    };
    this.#logs[log].push(line);
    return line;
  }

  /** Up to *n* our messages were delivered to the visitor, or read. Never further than what there is. */
  reached(how: "delivered" | "read", n: number): void {
    const to = Math.min(n, this.#logs[1].at(-1)?.n ?? 0);
    if (how === "read") this.#readTo = Math.max(this.#readTo, to);
    else this.#deliveredTo = Math.max(this.#deliveredTo, to);
  }

  all(messages: readonly Unplaced[], notes: readonly Unplaced[]): readonly DeskLine[] {
    const waiting = [...messages.map(unplaced("me")), ...notes.map(unplaced("note"))];
    waiting.sort((a, b) => count(a.id) - count(b.id));
    return [...this.#merged().map((line) => this.#shown(line)), ...waiting];
  }

  /** Both logs keep their order; between them the earlier minute comes first, then what arrived first. */
  #merged(): Placed[] {
    const merged: Placed[] = [];
    const [shared, notes] = [this.#logs[1], this.#logs[2]];
    let i = 0;
    for (const line of shared) {
      for (let note = notes[i]; note !== undefined && isBefore(note, line); note = notes[i]) {
        merged.push(note);
        i += 1;
      }
      merged.push(line);
    }
    return [...merged, ...notes.slice(i)];
  }

  #shown({ n, at: _at, arrived: _arrived, ...line }: Placed): DeskLine {
    if (line.from !== "me") return line;
    if (n <= this.#readTo) return { ...line, delivery: "read" };
    return n <= this.#deliveredTo ? { ...line, delivery: "delivered" } : line;
  }
}

function isBefore(a: Placed, b: Placed): boolean {
  return a.at < b.at || (a.at === b.at && a.arrived < b.arrived);
}

function whose(log: 1 | 2, entry: Entry, account: string | undefined): DeskLine["from"] {
  if (log === 2) return "note";
  if (entry.kind === "doubt" || entry.direction === VISITOR) return "visitor";
  return entry.mine !== undefined || entry.account === account ? "me" : "colleague";
}

function unplaced(from: "me" | "note"): (item: Unplaced) => DeskLine {
  return ({ id, text, state, minute }) => ({ id, from, text, minute, delivery: state, kind: "text" });
}

/** Outbox ids are a letter and a count over both logs. */
function count(id: string): number {
  return Number(id.slice(1));
}
