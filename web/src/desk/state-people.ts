/** Who belongs to a team, as a lead's or an admin's screen sees it. */

import type { ReadonlySignal } from "@preact/signals";
import type { Role } from "../crypto/roles.ts";

export interface Invited {
  readonly id: string;
  readonly role: Role;
  /** Unix minute. */
  readonly until: number;
}

export interface Waiting {
  readonly account: string;
  readonly name: string;
  readonly role: Role;
  readonly since: number;
  /** Digits of their keys, as they see them, too. */
  readonly fingerprint: string;
  /** They are not the digits that were shown first. */
  readonly changed: boolean;
  /** Of somebody who lost everything: the name in whose place they come, empty when that account is gone already. */
  readonly insteadOf: string | undefined;
}

export interface Belongs {
  readonly account: string;
  readonly name: string;
  /** What their certificate says; undefined when it says nothing that we know. */
  readonly role: Role | undefined;
  /** Unix minute at which the certificate ends. */
  readonly until: number;
  /** Nobody removes themselves. */
  readonly isMe: boolean;
}

export interface PeopleView {
  readonly invited: readonly Invited[];
  readonly waiting: readonly Waiting[];
  readonly members: readonly Belongs[];
  /** Whether this lead holds the key that admits. */
  readonly admits: boolean;
  /** Unix minutes at which the team's certificate and the admin's end. */
  readonly teamUntil: number;
  readonly adminUntil: number;
  /** Somebody who left had the key that new conversations are wrapped to, and no desk has made the next one yet. */
  /** The team's next key should begin: somebody who left had this one, or it is old. */
  readonly epochDue: "left" | "old" | undefined;
}

export interface People {
  /** Undefined until it was read once, and for who does not look after people. */
  readonly view: ReadonlySignal<PeopleView | undefined>;
  /** The code of the newest invitation, shown until it is put away: it is nowhere else. */
  readonly code: ReadonlySignal<string | undefined>;
  /** Of the last deed. */
  readonly trouble: ReadonlySignal<string | undefined>;

  /** *insteadOf*: the account of a colleague who lost everything, whose role this is. */
  invite(role: Role, insteadOf?: string): Promise<boolean>;
  putAway(): void;
  withdraw(id: string): Promise<boolean>;
  /** After their digits were compared by voice. */
  admit(account: string, fingerprint: string): Promise<boolean>;
  decline(account: string): Promise<boolean>;
  /** At once and for good: their sessions end, what they had waits again. */
  remove(account: string): Promise<boolean>;
  /** Make the team's next key, for exactly these members. */
  beginEpoch(accounts: readonly string[]): Promise<boolean>;
}
