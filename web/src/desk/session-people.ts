/** A lead's or an admin's desk looks after its team: who is invited, who waits, who belongs, and which certificates end soon. */

import { type Signal, signal } from "@preact/signals";
import { base64, unbase64 } from "../crypto/bytes.ts";
import { parseCertificate } from "../crypto/certificate.ts";
import { DAY, STAFF_DAYS, TEAM_DAYS } from "../crypto/days.ts";
import { memberFingerprint } from "../crypto/fingerprint.ts";
import { codeHash, newCode, shownCode } from "../crypto/joining.ts";
import { hasTeamKey, type Role, roles, saidRole } from "../crypto/roles.ts";
import { flag, list, oneOf, orNil, type Reads, record, whole, words } from "../wire/shape.ts";
import type { Surroundings } from "../wire/surroundings.ts";
import { ask, believed, Trouble } from "./session-keyring.ts";
import type { Vault } from "./session-vault.ts";
import type { People, PeopleView } from "./state-people.ts";

const LOOK_EVERY = 5_000;
const PAUSE = 600;
const MOST_RENEWED = 20;

const bytes =
  (longest: number): Reads<Uint8Array> =>
  (value) => {
    try {
      const found = typeof value === "string" ? unbase64(value) : undefined;
      return found !== undefined && found.length <= longest ? found : undefined;
    } catch {
      return undefined;
    }
  };
const certificate = bytes(2_000);
const who = { account: words(32), name: words(100), role: oneOf(...roles) };
/** The account in whose place somebody comes who lost everything. */
const lost = { instead_of: orNil(words(32)) };
const readPeople = record({
  team: words(41),
  admin_certificate: certificate,
  team_certificate: certificate,
  recovery_certificate: certificate,
  invitations: list(record({ id: words(32), role: oneOf(...roles), until: whole }, lost), 500),
  waiting: list(record({ ...who, ed25519: bytes(32), x25519: bytes(32), since: whole }, lost), 500),
  members: list(record({ ...who, certificate }, { reads_from: orNil(whole) }), 2_000),
  team_keys: list(record({ team: words(41), epoch: whole, wrap: bytes(80) }), 512),
  admin_key: orNil(record({ epoch: whole, wrap: bytes(80) })),
  epoch_due: flag,
  recovery_due: flag,
  known_outside: flag,
});
export type Told = NonNullable<ReturnType<typeof readPeople>>;

interface Signed {
  readonly vault: Vault;
  readonly token: string;
}

export class DeskPeople implements People {
  readonly view: Signal<PeopleView | undefined> = signal(undefined);
  readonly code: Signal<string | undefined> = signal(undefined);
  readonly trouble: Signal<string | undefined> = signal(undefined);
  readonly #world: Surroundings;
  readonly #organisation: string;
  #signed: Signed | undefined;
  #told: Told | undefined;
  /** The digits under which each applicant was first shown: a voice may have read them out since. */
  readonly #shown = new Map<string, string>();
  /** Whom this desk removed since it signed in: it wraps nothing to them, and renews nothing of theirs. */
  readonly #removed = new Set<string>();
  /** Who was on the screen, and stays, when somebody was last removed here: for them the next key is made unasked. */
  #stay: ReadonlySet<string> = new Set();
  #stop: () => void = () => {};
  /** Not before this (Unix seconds) certificates are renewed again: what is refused once is refused the next moment. */
  #pause = 0;

  constructor(world: Surroundings, organisation: string) {
    this.#world = world;
    this.#organisation = organisation;
  }

  /** A lead or an admin signed in. Resolves after the first look: what ended meanwhile is renewed before anybody judges it. */
  begin(vault: Vault, token: string): Promise<void> {
    this.#signed = { vault, token };
    return this.#watch(this.#signed);
  }

  clear(): void {
    this.#stop();
    this.#signed = undefined;
    this.#told = undefined;
    this.#pause = 0;
    this.#shown.clear();
    this.#removed.clear();
    this.#stay = new Set();
    this.view.value = undefined;
    this.code.value = undefined;
    this.trouble.value = undefined;
  }

  invite(role: Role, insteadOf?: string): Promise<boolean> {
    return this.#do(async ({ token }) => {
      const code = newCode();
      const body = { role, code_hash: base64(await codeHash(code)) };
      const whose = insteadOf === undefined ? {} : { instead_of: insteadOf };
      await ask(this.#world, "/desk/invite", { ...body, ...whose }, token);
      this.code.value = shownCode(code);
    });
  }

  putAway(): void {
    this.code.value = undefined;
  }

  withdraw(id: string): Promise<boolean> {
    return this.#do(async ({ token }) => {
      await ask(this.#world, "/desk/withdraw", { id }, token);
    });
  }

  admit(account: string, fingerprint: string): Promise<boolean> {
    const told = this.#told;
    const applicant = told?.waiting.find((one) => one.account === account);
    return this.#do(async ({ vault, token }) => {
      if (told === undefined || applicant === undefined) throw new Trouble("no_such_applicant");
      // The digits stand for what is signed, or nothing is: they are made anew, and are the first that were ever shown.
      const { team, team_certificate } = told;
      const isOurTeam = parseCertificate(team_certificate).certificate.subject === team;
      const digits = await memberFingerprint(this.#organisation, { ...applicant, team });
      if (!isOurTeam || digits !== fingerprint || this.#shown.get(account) !== digits) throw new Trouble("untrusted");
      const { certificate, teamKeys, adminKey } = await vault.admit(told, applicant, this.#now());
      const body = {
        id: account,
        certificate: base64(certificate),
        team_keys: teamKeys.map(({ epoch, wrap }) => ({ epoch, wrap: base64(wrap) })),
        ...(adminKey === undefined ? {} : { admin_key: base64(adminKey) }),
      };
      await ask(this.#world, "/desk/admit", body, token);
      const before = applicant.instead_of;
      // The account of before went with it, and its key of the team: the next one is for whoever stands here, and them.
      if (typeof before === "string" && told.members.some((one) => one.account === before)) {
        const stay = told.members.map((one) => one.account).filter((one) => one !== before);
        this.#removed.add(before);
        this.#stay = new Set([...stay, account]);
      }
    });
  }

  decline(account: string): Promise<boolean> {
    return this.#do(async ({ token }) => {
      await ask(this.#world, "/desk/decline", { id: account }, token);
    });
  }

  remove(account: string): Promise<boolean> {
    const stay = this.view.peek()?.members.filter((one) => one.account !== account);
    return this.#do(async ({ token }) => {
      this.#removed.add(account);
      this.#stay = new Set(stay?.map((one) => one.account));
      await ask(this.#world, "/desk/remove", { id: account }, token);
    });
  }

  beginEpoch(accounts: readonly string[]): Promise<boolean> {
    return this.#do((signed) => this.#nextEpoch(signed, this.#told, new Set(accounts)));
  }

  async #do(deed: (signed: Signed) => Promise<void>): Promise<boolean> {
    const signed = this.#signed;
    this.trouble.value = undefined;
    try {
      if (signed === undefined) throw new Trouble("signed_out");
      await deed(signed);
      await this.#look(signed);
      return true;
    } catch (reason) {
      if (signed === this.#signed) this.trouble.value = reason instanceof Trouble ? reason.code : "failed";
      return false;
    }
  }

  async #watch(signed: Signed): Promise<void> {
    await this.#look(signed).catch(() => {}); // the connection has a bar of its own
    if (signed !== this.#signed) return;
    this.#stop = this.#world.after(LOOK_EVERY, () => void this.#watch(signed));
  }

  async #look(signed: Signed): Promise<void> {
    const told = believed(await ask(this.#world, "/desk/people", undefined, signed.token), readPeople);
    // Of two rows for one account only one could be the one whose digits were compared.
    const accounts = [...told.waiting, ...told.members].map((one) => one.account);
    if (new Set(accounts).size !== accounts.length) throw new Trouble("untrusted");
    const fingerprints = await Promise.all(
      told.waiting.map((one) => memberFingerprint(this.#organisation, { ...one, team: told.team })),
    );
    if (signed !== this.#signed) return;
    const waiting = told.waiting.map(({ account, name, role, since, instead_of: before }, at) => {
      const insteadOf = typeof before === "string" ? nameOf(told, before) : undefined;
      const fingerprint = fingerprints[at] ?? "";
      if (!this.#shown.has(account)) this.#shown.set(account, fingerprint);
      return { account, name, role, since, insteadOf, fingerprint, changed: this.#shown.get(account) !== fingerprint };
    });
    this.#told = told;
    this.view.value = {
      invited: told.invitations,
      waiting,
      members: told.members.map((one) => ({
        account: one.account,
        name: one.name,
        role: saidRole(one.certificate, told.team),
        until: endOf(one.certificate),
        isMe: one.account === signed.vault.account,
      })),
      admits: told.admin_key !== null,
      teamUntil: endOf(told.team_certificate),
      adminUntil: endOf(told.admin_certificate),
      epochDue: told.known_outside ? "left" : told.epoch_due ? "old" : undefined,
    };
    // Tried again at the next look; until then the screen says that it is due, and asks.
    await this.#beginEpoch(signed, told).catch(() => {});
    await this.#renew(signed, told).catch(() => {}); // tried again; the screen says when one ends
    await this.#wrapForRecovery(signed, told).catch(() => {}); // tried again, and `luwte doctor` says it
  }

  /** After a removal at this desk the next key begins unasked, for exactly those who were on the screen then. */
  async #beginEpoch(signed: Signed, told: Told): Promise<void> {
    const stay = this.#stay;
    if (told.admin_key === null || !told.known_outside || stay.size === 0) return;
    this.#stay = new Set(); // two looks at once make one key
    try {
      await this.#nextEpoch(signed, told, stay);
    } catch (reason) {
      if (signed === this.#signed && this.#stay.size === 0) this.#stay = stay;
      throw reason;
    }
  }

  async #nextEpoch({ vault, token }: Signed, told: Told | undefined, accounts: ReadonlySet<string>): Promise<void> {
    const members = told?.members.filter((one) => accounts.has(one.account) && !this.#removed.has(one.account)) ?? [];
    if (told === undefined || members.length !== told.members.length || members.length !== accounts.size) {
      throw new Trouble("untrusted");
    }
    const talking = members.filter((one) => hasTeamKey(saidRole(one.certificate, told.team)));
    const made = await vault.nextEpoch(told, talking, told.recovery_certificate, this.#now());
    const body = {
      certificate: base64(made.certificate),
      wraps: made.wraps.map(({ account, wrap }) => ({ account, wrap: base64(wrap) })),
      recovery_wrap: base64(made.recoveryWrap),
    };
    await ask(this.#world, "/desk/epoch", body, token);
    this.#stay = new Set();
  }

  /** Certificates renew themselves while less than half of their days is left. */
  async #renew({ vault, token }: Signed, told: Told): Promise<void> {
    const now = this.#now();
    const due = (raw: Uint8Array, days: number): boolean => endOf(raw) * 60 - now < (days * DAY) / 2;
    // One that has ended may be of somebody who left long ago; one's own is renewed, or a long holiday locks all out.
    const counts = ({ account, certificate: raw }: Told["members"][number]): boolean =>
      account === vault.account || (endOf(raw) * 60 > now && !this.#removed.has(account));
    const ending = told.members.filter((one) => due(one.certificate, STAFF_DAYS) && counts(one));
    const members = ending.slice(0, MOST_RENEWED);
    const team = due(told.team_certificate, TEAM_DAYS);
    if (told.admin_key === null || !vault.isOpen || (!team && members.length === 0) || now < this.#pause) return;
    this.#pause = now + PAUSE;
    const renewed = await vault.renew(told, members, team, now);
    await ask(
      this.#world,
      "/desk/renew",
      {
        members: renewed.members.map((one) => ({ account: one.account, certificate: base64(one.certificate) })),
        ...(renewed.team === undefined ? {} : { team_certificate: base64(renewed.team) }),
      },
      token,
    );
  }

  /** So that two papers bring back who may admit, too: of an installation that was founded before that was known. */
  async #wrapForRecovery({ vault, token }: Signed, told: Told): Promise<void> {
    if (!told.recovery_due || told.admin_key === null || !vault.isOpen) return;
    const wrapped = await vault.wrapAdmin(told, told.recovery_certificate, this.#now());
    await ask(this.#world, "/desk/recovery", { wrap: base64(wrapped) }, token);
  }

  #now(): number {
    return Math.floor(this.#world.now() / 1000);
  }
}

/** Empty for who does not belong any more. */
const nameOf = (told: Told, account: string): string => told.members.find((one) => one.account === account)?.name ?? "";

/** Unix minute; 0 for what cannot be read. */
function endOf(raw: Uint8Array): number {
  try {
    return Math.floor(parseCertificate(raw).certificate.notAfter / 60);
  } catch {
    return 0;
  }
}
