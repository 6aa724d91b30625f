/** What a desk shows of who did what: a lead's page of the log, and what every desk remembers of it. */

import type { ReadonlySignal } from "@preact/signals";

/** The fields of NEN 7513, with names where the log has ids. */
export interface Recorded {
  readonly n: number;
  readonly minute: number;
  readonly name: string;
  readonly role: string;
  readonly action: string;
  /** A pseudonym; empty where the deed was about no conversation. */
  readonly conversation: string;
  readonly reason: string;
  /** The colleague whom the reason names. */
  readonly about: string;
  readonly result: string;
}

/** Everybody, one employee by name, one conversation by its number and day; and from where on. */
export interface Wanted {
  readonly employee: string;
  readonly number: number | undefined;
  /** Days since 1970. */
  readonly day: number;
  readonly before: number | undefined;
}

export interface RecordPage {
  readonly rows: readonly Recorded[];
  readonly more: boolean;
  readonly employees: readonly string[];
}

/** What a desk knows of the log, in memory, until it signs out. */
export interface Remembered {
  readonly size: number;
  readonly minute: number;
  /** As it was signed: a witness can check the server against it. */
  readonly note: string;
}

export interface Audit {
  readonly remembered: ReadonlySignal<Remembered | undefined>;
  /** Lasting: "rewritten", what the server shows is not what it showed; "silent", it has shown nothing for hours. */
  readonly doubt: ReadonlySignal<"rewritten" | "silent" | undefined>;
  /** A page, or the code of the refusal. The server puts on record that we look. */
  look(wanted: Wanted): Promise<RecordPage | string>;
}
