/** What an outbox asks of the conversation that it sends for, and what it shows of what is on its way. */

import type { Header } from "../crypto/envelope.ts";

/** "unsent": it is not said any more. */
export type Waiting = "sending" | "retrying" | "sent" | "unsent";

export interface Unplaced {
  readonly id: string;
  readonly text: string;
  readonly state: Waiting;
  /** Of the server, once it is acknowledged. */
  readonly minute: number | undefined;
}

export interface OutboxRules {
  readonly conv: Uint8Array;
  readonly direction: number;
  generation(): number;
  /** The server names another generation than ours; false when that one cannot be. */
  moveTo(generation: number): boolean;
  /** Undefined while the keys are away. Another array after they came back: sealing compares. */
  secret(generation: number): Uint8Array | undefined;
  seen(): Promise<{ readonly seq: number; readonly head: Uint8Array }>;
  seal(secret: Uint8Array, header: Header, content: Uint8Array): Promise<Uint8Array>;
  /** Say it; false when nobody listens. `isFirst`: nothing of this log was acknowledged before it. */
  say(envelope: Uint8Array, isFirst: boolean): boolean;
  /** It is on the server's disk, in this place. */
  placed(n: number, minute: number, envelope: Uint8Array): void;
  changed(): void;
  /** Nothing more goes out; the refusal's code, or "failed". */
  stopped(code: string): void;
  fault(reason: unknown): void;
}
