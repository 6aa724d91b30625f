/** Each sender's chain in one log: seq counts on, prev names the envelope before. */

import { equal, hex } from "../crypto/bytes.ts";
import { type Header, NO_PREVIOUS } from "../crypto/envelope.ts";

interface Link {
  readonly seq: number;
  readonly hash: Uint8Array;
}

const NONE: Link = { seq: 0, hash: NO_PREVIOUS };

export class SenderChains {
  readonly #links = new Map<string, Link>();
  /** What was shown as doubtful: "sender:seq". */
  readonly #doubted = new Set<string>();

  /**
   * Whether this envelope goes on where its sender stopped. Directly after one that was shown as doubtful a new
   * beginning is accepted: the reader has been told, and one bad envelope does not condemn the rest.
   */
  fits(header: Header): boolean {
    const last = this.#links.get(hex(header.sender)) ?? NONE;
    if (header.seq === last.seq + 1 && equal(header.prev, last.hash)) return true;
    return header.seq > last.seq && this.#doubted.has(name(header, header.seq - 1));
  }

  accept(header: Header, hash: Uint8Array): void {
    this.#links.set(hex(header.sender), { seq: header.seq, hash });
  }

  doubt(header: Header): void {
    this.#doubted.add(name(header, header.seq));
  }
}

function name(header: Header, seq: number): string {
  return `${hex(header.sender)}:${seq}`;
}
