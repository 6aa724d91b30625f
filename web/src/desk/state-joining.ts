/** From a code to an account, as the screens see it. */

import type { ReadonlySignal } from "@preact/signals";
import type { Paper } from "../crypto/shares.ts";
import type { Enrolment } from "./factor.ts";

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
  /** Shares to write down, in the order in which people sit down. */
  | { readonly at: "papers"; readonly papers: readonly Paper[] }
  | { readonly at: "root"; readonly fingerprint: string; readonly file: string; readonly saved: boolean }
  /** An app for codes; with it everything is sent, and its ten codes go on paper. */
  | { readonly at: "factor"; readonly name: string; readonly next: Step }
  | { readonly at: "founded"; readonly fingerprint: string }
  /** A colleague has to admit us; they read the same digits. */
  | { readonly at: "waiting"; readonly name: string; readonly fingerprint: string };

export interface Joining {
  readonly step: ReadonlySignal<Step>;
  readonly busy: ReadonlySignal<boolean>;
  /** Of the last deed: a plain code, or "other_words". */
  readonly trouble: ReadonlySignal<string | undefined>;

  begin(): void;
  /** Everything that was made goes. */
  leave(): void;
  open(code: string): Promise<void>;
  /** The passphrase was written down, and typed back. */
  join(name: string, typed: string): Promise<void>;
  /** All papers were written down, and lines of each typed back. */
  wrote(): Promise<void>;
  /** root.pub was saved. */
  saved(): void;
  /** Everything is ready but the second factor. */
  ready(): void;
  /** One request, with all of it: the plain code of what was refused, or undefined. */
  send(factor: Enrolment): Promise<string | undefined>;
  /** It is stored, and the codes are on paper. */
  sent(): void;
}
