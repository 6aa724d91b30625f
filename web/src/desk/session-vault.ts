/** What a desk can open: who we are, whose certificates hold, and with them the secrets of conversations. */

import type { Admission, Applicant } from "../crypto/admission.ts";
import { equal, random, wipe } from "../crypto/bytes.ts";
import type { SigningKey } from "../crypto/curves.ts";
import { openReply, type ReplyText, sealReply } from "../crypto/replies.ts";
import { Purpose, unwrap, wrap } from "../crypto/wrap.ts";
import type { KeptWrap, Welcome } from "../wire/desk-frames.ts";
import { PROTOCOL } from "../wire/frames.ts";
import { clocksAgree, type Pin, type Team, Trust } from "../wire/trust.ts";
import { type Admitting, admit, type HeldKeys, type Member, nextEpoch, renew, wrapAdmin } from "./admitting.ts";
import type { Scope } from "./replies.ts";
import { type Keyring, openTeamKey, Trouble } from "./session-keyring.ts";
import type { Made } from "./session-turning.ts";

/** Who we were at sign-in. Public; it stays while the vault is locked, and nobody else may unlock it. */
interface Identity {
  readonly account: string;
  readonly ed25519: Uint8Array;
  readonly x25519: Uint8Array;
  readonly teamKeys: readonly { readonly team: string; readonly epoch: number; readonly key: Uint8Array }[];
}

export class Vault {
  readonly trust: Trust;
  readonly #pin: Pin;
  #identity: Identity | undefined;
  #keyring: Keyring | undefined;
  #team: Team | undefined;
  #certId: Uint8Array | undefined;

  constructor(pin: Pin) {
    this.#pin = pin;
    this.trust = new Trust(pin);
  }

  get isOpen(): boolean {
    return this.#keyring !== undefined;
  }

  /** Of the team's key that new secrets are wrapped to. */
  get epoch(): number | undefined {
    return this.#team?.epoch;
  }

  get account(): string | undefined {
    return this.#identity?.account;
  }

  /** What our words are signed with; undefined while locked, or before the server introduced us. */
  get signer(): { readonly key: SigningKey; readonly certId: Uint8Array } | undefined {
    if (this.#keyring === undefined || this.#certId === undefined) return undefined;
    return { key: this.#keyring.signing, certId: this.#certId };
  }

  open(keyring: Keyring): void {
    const identity = identify(keyring);
    if (this.#identity !== undefined && !isSame(this.#identity, identity)) throw new Trouble("untrusted");
    if (this.#team !== undefined && !holds(identity, this.#team)) throw new Trouble("untrusted");
    this.#identity = identity;
    this.#keyring = keyring;
  }

  /** The keys go: natively they cannot be exported, and their bytes were overwritten when they were made. */
  close(): void {
    if (this.#keyring !== undefined) wipe(this.#keyring.replies, ...this.#keyring.teamKeys.map((one) => one.replies));
    this.#keyring = undefined;
  }

  /** Believe the server about team and colleagues as far as the pinned root and our own keys bear it out. */
  async introduce(welcome: Welcome, now: number): Promise<void> {
    const [admin, team, own] = welcome.certificates;
    const me = this.#identity;
    const isOurs = welcome.protocol === PROTOCOL && welcome.organisation === this.#pin.organisation;
    if (me === undefined || !isOurs || welcome.account !== me.account) throw new Trouble("untrusted");
    if (admin === undefined || team === undefined || own === undefined) throw new Trouble("untrusted");
    if (!clocksAgree(welcome.minute, now)) throw new Trouble("untrusted");
    try {
      const introduced = await this.trust.introduce(admin, team, now / 1000, welcome.team);
      const known = await this.#learn(welcome, me);
      const newest = Math.max(...known.teamKeys.filter((one) => one.team === introduced.slug).map((one) => one.epoch));
      // An epoch that is over comes back from a server that would have us write to somebody who left. The key of one
      // that began while we are locked is looked at when we unlock.
      const isAhead = introduced.epoch > newest && !this.isOpen;
      if (introduced.epoch < newest || !(isAhead || holds(known, introduced))) throw new Trouble("untrusted");
      this.#certId = await this.trust.ourselves(own, me.account, now / 1000, me.ed25519, me.x25519);
      this.#team = introduced;
    } catch {
      throw new Trouble("untrusted");
    }
  }

  /** The keys of epochs that began since we signed in; who we are with them. */
  async #learn({ team, team_keys }: Welcome, me: Identity): Promise<Identity> {
    const keyring = this.#keyring;
    const ours = keyring?.teamKeys.filter((one) => one.team === team).map((one) => one.epoch);
    const news = team_keys.filter((one) => ours !== undefined && !ours.includes(one.epoch));
    if (keyring === undefined || news.length === 0) return me;
    const opened = await Promise.all(
      news.map((one) => openTeamKey(this.#pin.organisation, { team, ...one }, keyring.agreeing)),
    );
    if (this.#keyring !== keyring) {
      wipe(...opened.map((one) => one.replies)); // locked meanwhile
      return me;
    }
    this.#keyring = { ...keyring, teamKeys: [...keyring.teamKeys, ...opened] };
    this.#identity = identify(this.#keyring);
    return this.#identity;
  }

  /** The secret in a wrap that the server keeps for the team; undefined when it does not open, or we are locked. */
  async secretIn(conv: Uint8Array, kept: KeptWrap): Promise<Uint8Array | undefined> {
    const [keyring, team] = [this.#keyring, this.#team];
    const key = keyring?.teamKeys.find((one) => one.team === team?.slug && one.epoch === kept.epoch)?.key;
    if (key === undefined || team === undefined) return undefined;
    const secret = await unwrap(kept.wrap, key, {
      organisation: this.#pin.organisation,
      team: team.slug,
      epoch: kept.epoch,
      conv,
      generation: kept.g,
      purpose: kept.log === 1 ? Purpose.TEAM : Purpose.TEAM_LOG,
    }).catch(() => undefined);
    if (this.isOpen) return secret;
    if (secret !== undefined) wipe(secret); // locked meanwhile
    return undefined;
  }

  /**
   * A fresh secret of a log, wrapped to the key that the team's certificate of today names, and to the visitor where
   * one is given. Undefined while we are locked.
   */
  async newSecret(conv: Uint8Array, log: 1 | 2, g: number, visitor?: Uint8Array): Promise<Made | undefined> {
    const team = this.#team;
    if (team === undefined || !this.isOpen) return undefined;
    const { slug, epoch, key } = team;
    const place = { organisation: this.#pin.organisation, team: slug, epoch, conv, generation: g };
    const secret = random(32);
    const purpose = log === 1 ? Purpose.TEAM : Purpose.TEAM_LOG;
    const wrapped = await wrap(secret, key, { ...place, purpose });
    const forVisitor =
      visitor === undefined ? new Uint8Array(0) : await wrap(secret, visitor, { ...place, purpose: Purpose.VISITOR });
    if (this.isOpen) return { secret, kept: { log, g, epoch, wrap: wrapped }, forVisitor };
    wipe(secret);
    return undefined;
  }

  /** Admit somebody. Rejects with "untrusted" when what the server gave us does not fit, or while locked. */
  admit(held: HeldKeys, applicant: Applicant, now: number): Promise<Admission> {
    return this.#asLead((by) => admit(by, held, applicant, now));
  }

  /** Certificates with new days; rejects like `admit`. */
  renew(
    held: HeldKeys,
    members: readonly { readonly account: string; readonly certificate: Uint8Array }[],
    isTeamDue: boolean,
    now: number,
  ): ReturnType<typeof renew> {
    return this.#asLead((by) => renew(by, held, members, isTeamDue, now));
  }

  /** A secret of a conversation that ended, wrapped to the team's key of today; undefined when it does not open. */
  async rewrap(conv: Uint8Array, kept: KeptWrap): Promise<KeptWrap | undefined> {
    const team = this.#team;
    const secret = await this.secretIn(conv, kept);
    if (secret === undefined || team === undefined) return undefined;
    try {
      const purpose = kept.log === 1 ? Purpose.TEAM : Purpose.TEAM_LOG;
      const place = { organisation: this.#pin.organisation, team: team.slug, epoch: team.epoch };
      const wrapped = await wrap(secret, team.key, { ...place, conv, generation: kept.g, purpose });
      return { ...kept, epoch: team.epoch, wrap: wrapped };
    } finally {
      wipe(secret);
    }
  }

  /** The team's next key for exactly these members; rejects like `admit`. */
  nextEpoch(
    held: HeldKeys,
    members: readonly Member[],
    recovery: Uint8Array,
    now: number,
  ): ReturnType<typeof nextEpoch> {
    return this.#asLead((by) => nextEpoch(by, held, members, recovery, now));
  }

  /** The team-admin key for the recovery key; rejects like `admit`. */
  wrapAdmin(held: HeldKeys, recovery: Uint8Array, now: number): ReturnType<typeof wrapAdmin> {
    return this.#asLead((by) => wrapAdmin(by, held, recovery, now));
  }

  async #asLead<T>(deed: (by: Admitting) => Promise<T>): Promise<T> {
    const keyring = this.#keyring;
    if (keyring === undefined) throw new Trouble("untrusted");
    try {
      return await deed({ pin: this.#pin, own: keyring.agreeing, teamKeys: keyring.teamKeys });
    } catch {
      throw new Trouble("untrusted");
    }
  }

  /** Undefined while locked. Rejects when the words are too many. */
  async sealReply(scope: Scope, id: Uint8Array, version: number, text: ReplyText): Promise<Uint8Array | undefined> {
    const [newest] = this.#replyKeys(scope);
    if (newest === undefined) return undefined;
    const sealed = await sealReply(newest.key, newest.owner, id, version, text);
    return this.isOpen ? sealed : undefined;
  }

  /** Undefined when no key of ours opens it there. */
  async openReply(scope: Scope, id: Uint8Array, version: number, box: Uint8Array): Promise<ReplyText | undefined> {
    for (const { key, owner } of this.#replyKeys(scope)) {
      const text = await openReply(key, owner, id, version, box).catch(() => undefined);
      if (text !== undefined) return text;
    }
    return undefined;
  }

  /** What seals comes first; earlier epochs still open. */
  #replyKeys(scope: Scope): readonly { readonly key: Uint8Array; readonly owner: string }[] {
    const [keyring, team] = [this.#keyring, this.#team];
    if (keyring === undefined || team === undefined) return [];
    if (scope === "own") return [{ key: keyring.replies, owner: keyring.account }];
    const ours = keyring.teamKeys.filter((one) => one.team === team.slug && one.epoch <= team.epoch);
    const newest = ours.toSorted((a, b) => b.epoch - a.epoch);
    return newest.map(({ replies }) => ({ key: replies, owner: team.slug }));
  }
}

function identify({ account, signing, agreeing, teamKeys }: Keyring): Identity {
  return {
    account,
    ed25519: signing.publicKey,
    x25519: agreeing.publicKey,
    teamKeys: teamKeys.map(({ team, epoch, key }) => ({ team, epoch, key: key.publicKey })),
  };
}

/** Whether the key that a team's certificate names is the one that we have of that epoch. */
function holds(me: Identity, team: Team): boolean {
  const held = me.teamKeys.find((one) => one.team === team.slug && one.epoch === team.epoch);
  return held !== undefined && equal(held.key, team.key);
}

function isSame(a: Identity, b: Identity): boolean {
  return a.account === b.account && equal(a.ed25519, b.ed25519) && equal(a.x25519, b.x25519);
}
