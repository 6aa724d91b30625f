/** From a code to an account, as the screens see it. */

import type { ReadonlySignal } from "@preact/signals";
import type { Sheet } from "../crypto/founding.ts";

/** What a code opens. */
export interface Door {
  readonly account: string;
  readonly team: string;
  readonly role: string;
  /** Nobody is here yet: this code makes the organisation. */
  readonly founds: boolean;
}

export type Step =
  | { readonly at: "outside" }
  | { readonly at: "code" }
  /** A name, and a passphrase that is shown this once. */
  | { readonly at: "phrase"; readonly door: Door; readonly passphrase: string }
  /** A paper to write down; *checks* are the lines that are asked for afterwards, of the root's and the other share. */
  | {
      readonly at: "paper";
      readonly number: number;
      readonly of: number;
      readonly sheet: Sheet;
      readonly checks: Lines;
    }
  | { readonly at: "root"; readonly fingerprint: string; readonly file: string; readonly saved: boolean }
  | { readonly at: "founded"; readonly fingerprint: string }
  /** A colleague has to admit us; they read the same digits. */
  | { readonly at: "waiting"; readonly name: string; readonly fingerprint: string };

/** Line numbers from 1, of the root's share and of the recovery key's. */
export type Lines = readonly [number, number];

export interface Joining {
  readonly step: ReadonlySignal<Step>;
  readonly busy: ReadonlySignal<boolean>;
  /** Of the last deed: a plain code, "other_words" or "other_line". */
  readonly trouble: ReadonlySignal<string | undefined>;

  begin(): void;
  /** Everything that was made goes. */
  leave(): void;
  open(code: string): Promise<void>;
  /** The passphrase was written down, and typed back. */
  join(name: string, typed: string): Promise<void>;
  /** The paper was written down, and two of its lines were typed back. */
  wrote(root: string, recovery: string): Promise<void>;
  /** root.pub was saved. */
  saved(): void;
  /** One request, with all of it. */
  found(): Promise<void>;
}
