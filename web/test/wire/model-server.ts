/**
 * The server as docs/protocol.md describes it, in memory and in one file: small, slow, obvious. It is honest unless
 * a test meddles with what it says, and it never loses what it acknowledged.
 */

import { createHash, createPublicKey, randomBytes, verify as verifySignature } from "node:crypto";
import { decode, encode } from "@msgpack/msgpack";
import { base64, equal, hex, unbase64 } from "../../src/crypto/bytes.ts";
import { Type } from "../../src/crypto/certificate.ts";
import { type AgreementKey, agreementKey } from "../../src/crypto/curves.ts";
import { NOTE, parse, ROTATION, type SaltedHeader, TEAM, VISITOR } from "../../src/crypto/envelope.ts";
import { NO_CONVERSATION, Purpose, unwrap, wrap } from "../../src/crypto/wrap.ts";
import { PROTOCOL } from "../../src/wire/frames.ts";
import type { Answer } from "../../src/wire/surroundings.ts";
import type { FakeClock, FakeSocket } from "./fake-world.ts";
import type { Account, House } from "./house.ts";

// biome-ignore lint/suspicious/noExplicitAny: the model reads what clients say without believing types
export type Frame = { t: string; [field: string]: any };
export type Side = "visitor" | "desk";

export interface Stored {
  n: number;
  minute: number;
  envelope: Uint8Array;
  account: string | undefined;
}

/** A secret that a desk made, wrapped to the team's key of an epoch. */
export interface Made {
  readonly epoch: number;
  readonly wrap: Uint8Array;
}

export interface Conv {
  readonly id: Uint8Array;
  readonly number: number;
  since: number;
  away: boolean;
  priority: string;
  readonly startHash: string;
  readonly credentialHash: string;
  readonly wraps: Uint8Array[];
  readonly start: object;
  /** Of the team's key that the visitor wrapped to. */
  readonly epoch: number;
  readonly rotates: boolean;
  /** The secrets that came later, by log: of the talk after its first, of the notes all of them. */
  readonly later: Record<1 | 2, Made[]>;
  times: number;
  holder: string | undefined;
  endedBy: "visitor" | "team" | undefined;
  offer: { readonly asker: string; readonly colleague: string } | undefined;
  isMuted: boolean;
  readonly isForLater: boolean;
  /** Where its phrase is found and what that opens. */
  phrase: { readonly hash: Uint8Array; readonly box: Uint8Array } | undefined;
  /** The page life that came back by a phrase. */
  page: string | undefined;
  readonly logs: { 1: Stored[]; 2: Stored[] };
  readonly senders: Map<string, { owner: string; seq: number; prev: Uint8Array }>;
}

const LEADING = new Set(
  "open_line close_line need_colleague coming solved step_in step_out take_over break_glass close_glass see_glass".split(
    " ",
  ),
);

class Refused extends Error {
  readonly details: object;
  constructor(code: string, details: object = {}) {
    super(code);
    this.details = details;
  }
}

/** One socket, seen from the server. What it says waits while the link is held, and is lost when it is cut. */
export class Link {
  readonly socket: FakeSocket;
  readonly side: Side;
  readonly out: Frame[] = [];
  isHeld = false;
  conv: Conv | undefined;
  account: Account | undefined;
  token: string | undefined;
  readonly follows = new Map<string, { 1: number; 2: number }>();
  readonly certified = new Set<string>();

  constructor(socket: FakeSocket, side: Side) {
    this.socket = socket;
    this.side = side;
  }

  flush(): void {
    if (this.isHeld) return;
    for (const frame of this.out.splice(0)) this.socket.deliver(encode(frame, { ignoreUndefined: true }));
  }
}

export class ModelServer {
  readonly house: House;
  readonly line: string;
  readonly clock: FakeClock;
  readonly convs = new Map<string, Conv>();
  readonly links = new Set<Link>();
  readonly tokens = new Map<string, Account>();
  /** Everything that clients ever said, by socket or by HTTP. */
  readonly captured: Uint8Array[] = [];
  /** The team's keys, by epoch from 1. */
  readonly epochs: { readonly key: AgreementKey; readonly secret: Uint8Array; readonly certificate: Uint8Array }[];
  /** Their wraps to each member, by account. */
  readonly #teamKeys = new Map<string, { readonly epoch: number; readonly wrap: Uint8Array }[]>();
  /** Refuse so many appends as busy. */
  busy = 0;
  /** A hostile server says something else, or more, or nothing. */
  meddle: (frame: Frame, link: Link) => Frame[] = (frame) => [frame];
  isDown = false;
  readonly erased = new Set<string>();
  /** Whether erasing comes to an end; a copy of everything may be under way. */
  confirms = true;
  /** Conversations that one account may have. */
  limit = 4;
  /** Canned replies, by owner and id. */
  readonly replies = new Map<string, { owner: string; id: string; version: number; sealed: string; epoch: number }>();
  /** Accounts that read along, with the conversation. */
  readonly #companions = new Set<string>();
  /** What desks asked for beside their conversations: the line, calls for a colleague, reading along. */
  readonly deeds: Frame[] = [];
  /** From how many records on desks asked for proof that the log only grew. */
  readonly witnessed: number[] = [];
  /** What `/desk/audit` answers. */
  records: object = { rows: [], more: false, employees: [] };
  /** What it says of one's own account, and what it was asked to change there. */
  account: object = { second_factor: false, recovery_codes: 0, sheet: false, sessions: [] };
  readonly own: { readonly path: string; readonly body: Frame }[] = [];
  /** The recovery sheet that it knows, in base64. */
  sheet: { readonly hash: string; readonly box: string } | undefined;
  /** What a passphrase opens that came in the place of a lost one. */
  renewed: { readonly proof_hash: string; readonly sealed_amk: string } | undefined;
  /** What `/l/<line>/status/2` says. */
  status: object = { open: true, place: 1, low: 2, high: 5, until: null, late: "no", places: [] };

  constructor(house: House, line: string, clock: FakeClock) {
    this.house = house;
    this.line = line;
    this.clock = clock;
    const { teamKey: key, teamPrivate: secret, certificates } = house;
    this.epochs = [{ key, secret, certificate: certificates.team }];
  }

  get epoch(): number {
    return this.epochs.length;
  }

  /** The team has another key; desks come back to it. */
  async beginEpoch(): Promise<void> {
    const { organisation, team, accounts } = this.house;
    const [secret, epoch] = [Uint8Array.from(randomBytes(32)), this.epoch + 1];
    const key = await agreementKey(secret);
    const certificate = await this.house.certify({ type: Type.TEAM, subject: team, keys: [key.publicKey], epoch });
    const place = { organisation, team, epoch, conv: NO_CONVERSATION, generation: 0, purpose: Purpose.MEMBER };
    for (const { id, agreeing } of accounts) {
      const wrapped = { epoch, wrap: await wrap(secret, agreeing.publicKey, place) };
      this.#teamKeys.set(id, [...(this.#teamKeys.get(id) ?? []), wrapped]);
    }
    this.epochs.push({ key, secret, certificate });
    this.cut((link) => link.side === "desk", 1013);
  }

  /** A secret of a conversation, as the team's key opens it from what is kept. */
  async secretOf(conv: Conv, log: 1 | 2, g: number): Promise<Uint8Array> {
    const kept = this.#wraps(conv).find((one) => one.log === log && one.g === g);
    const key = this.epochs[(kept?.epoch ?? 0) - 1]?.key;
    if (kept === undefined || key === undefined) throw new Error("no such secret");
    const { organisation, team } = this.house;
    const purpose = log === 1 ? Purpose.TEAM : Purpose.TEAM_LOG;
    return unwrap(kept.wrap, key, { organisation, team, epoch: kept.epoch, conv: conv.id, generation: g, purpose });
  }

  #wraps(conv: Conv): { log: 1 | 2; g: number; epoch: number; wrap: Uint8Array }[] {
    const first = [0, 1].map((g) => ({ log: 1 as const, g, epoch: conv.epoch, wrap: conv.wraps[g * 2] as Uint8Array }));
    const talk = conv.later[1].map((one, at) => ({ log: 1 as const, g: at + 2, ...one }));
    const notes = conv.later[2].map((one, g) => ({ log: 2 as const, g, ...one }));
    return [...first, ...talk, ...notes];
  }

  #answer(account: Account): Record<string, unknown> {
    const later = (this.#teamKeys.get(account.id) ?? []).map(({ epoch, wrap: wrapped }) => {
      return { team: this.house.team, epoch, wrap: base64(wrapped) };
    });
    return { ...account.answer, team_keys: [...(account.answer.team_keys as object[]), ...later] };
  }

  get minute(): number {
    return Math.floor(this.clock.now() / 60_000);
  }

  accept(socket: FakeSocket): void {
    const link = new Link(socket, socket.path.startsWith("/desk/") ? "desk" : "visitor");
    socket.heard = (bytes) => {
      this.captured.push(bytes);
      this.#hear(link, decode(bytes) as Frame);
    };
    socket.left = () => {
      this.links.delete(link);
      if (link.conv?.isForLater) this.#tellQueue();
    };
    queueMicrotask(() => {
      if (this.isDown) {
        socket.cut();
        return;
      }
      this.links.add(link);
      socket.open();
      if (link.side === "visitor") this.say(link, this.hello());
    });
  }

  hello(): Frame {
    const { organisation, certificates } = this.house;
    const both = [certificates.admin, this.epochs.at(-1)?.certificate];
    return { t: "hello", protocol: PROTOCOL, organisation, line: this.line, minute: this.minute, certificates: both };
  }

  /** Cut every link that *which* names; what was not delivered is lost. */
  cut(which: (link: Link) => boolean = () => true, code = 1006): void {
    for (const link of [...this.links]) {
      if (!which(link)) continue;
      this.links.delete(link);
      link.out.length = 0;
      link.socket.cut(code);
    }
  }

  say(link: Link, frame: Frame): void {
    link.out.push(...this.meddle(frame, link));
    queueMicrotask(() => link.flush());
  }

  async http(method: string, path: string, body: object | undefined, token: string | undefined): Promise<Answer> {
    this.captured.push(new TextEncoder().encode(`${path} ${JSON.stringify(body)}`));
    const { name, proof } = (body ?? {}) as { name?: string; proof?: string };
    const account = token === undefined ? this.house.accounts.find((one) => one.name === name) : this.tokens.get(token);
    if (path === "/desk/account") return { status: 200, body: this.account };
    if (method === "GET" && path !== "/desk/replies") return { status: 200, body: this.status };
    if (path.endsWith("/phrase")) return this.lookUp(unbase64((body as { locator: string }).locator));
    if (path === "/desk/salt") return { status: 200, body: { salt: base64(account?.salt ?? randomBytes(16)) } };
    if (path === "/desk/sign-out") {
      this.tokens.delete(token ?? "");
      this.cut((link) => link.token === token, 4401);
      for (const conv of this.convs.values()) if (conv.holder === account?.id) this.unseat(conv);
      return { status: 200, body: {} };
    }
    if (token !== undefined && account === undefined) return refusal(401, "signed_out");
    if (path === "/desk/audit") return { status: 200, body: this.records };
    if (path === "/desk/rewrap/next") {
      return { status: 200, body: { epoch: this.epoch, left: 0, last: 0, conversations: [] } };
    }
    if (path === "/desk/replies") return this.#replies(method, account as Account, body as Frame);
    const bySheet = (body as { sheet?: boolean } | undefined)?.sheet === true;
    const shown = sha(unbase64(proof ?? ""));
    const isSheet = bySheet && Buffer.from(shown, "hex").toString("base64") === this.sheet?.hash;
    const isRenewed = Buffer.from(shown, "hex").toString("base64") === this.renewed?.proof_hash;
    if (account !== undefined && path === "/desk/unlock" && this.renewed !== undefined && isRenewed) {
      return { status: 200, body: { ...this.#answer(account), sealed_amk: this.renewed.sealed_amk } };
    }
    const right = account !== undefined && (bySheet ? isSheet : shown === account.proofHash);
    if (!right) return refusal(401, "sign_in_refused");
    if (path === "/desk/unlock") return { status: 200, body: this.#answer(account) };
    if (path.startsWith("/desk/account/")) {
      this.own.push({ path, body: body as Frame });
      if (bySheet) this.renewed = body as unknown as NonNullable<ModelServer["renewed"]>;
      return { status: 200, body: {} };
    }
    const fresh = base64(randomBytes(32));
    this.tokens.set(fresh, account);
    const { server_half, ...rest } = this.#answer(account);
    if (isSheet) {
      return { status: 200, body: { token: fresh, account: account.id, server_half, sealed_amk: this.sheet?.box } };
    }
    return { status: 200, body: { token: fresh, server_half, ...rest } };
  }

  /** Always a box. */
  lookUp(locator: Uint8Array): Answer {
    const hash = createHash("sha256").update(locator).digest();
    const conv = [...this.convs.values()].find((one) => one.phrase !== undefined && equal(one.phrase.hash, hash));
    return { status: 200, body: { box: base64(conv?.phrase?.box ?? randomBytes(124)) } };
  }

  /** The desk was gone too long, or signed out: the conversation waits again. */
  unseat(conv: Conv): void {
    const before = conv.holder;
    conv.holder = undefined;
    this.#noOffer(conv, "over");
    this.#unmute(conv);
    conv.since = this.minute;
    for (const link of this.#desks(before)) {
      link.follows.delete(hex(conv.id));
      this.say(link, { t: "lost", conv: conv.id });
    }
    this.#tellVisitor(conv);
    this.#tellQueue();
  }

  #hear(link: Link, frame: Frame): void {
    try {
      if (link.side === "visitor") this.#visitor(link, frame);
      else this.#desk(link, frame);
    } catch (reason) {
      if (!(reason instanceof Refused)) throw reason;
      this.say(link, { t: "refused", code: reason.message, says: "no", ...reason.details });
    }
  }

  #visitor(link: Link, frame: Frame): void {
    const conv = link.conv;
    if (frame.t === "start") this.#start(link, frame);
    else if (frame.t === "resume") this.#resume(link, frame);
    else if (frame.t === "erase") this.#erase(link, frame);
    else if (frame.t === "ping") this.say(link, { t: "pong" });
    else if (conv === undefined) throw new Refused("wrong_order");
    else if (frame.t === "append") this.#append(link, conv, frame.envelope);
    else if (frame.t === "end") this.#end(conv, "visitor");
    else if (frame.t === "away") this.#goAway(conv, frame.away);
    else if (frame.t === "keep_phrase") this.#phrase(link, conv, { hash: frame.locator_hash, box: frame.box });
    else if (frame.t === "end_phrase") this.#phrase(link, conv, undefined);
    else for (const desk of this.#desks(conv.holder)) this.say(desk, { ...frame, conv: conv.id });
  }

  #start(link: Link, frame: Frame): void {
    if (frame.line !== this.line || frame.wraps.length !== 4) throw new Refused("not_accepted");
    const id = createHash("sha256").update(frame.ve).update(frame.vg).digest().subarray(0, 16);
    const startHash = sha(encode(frame));
    const known = this.convs.get(hex(id));
    if (known !== undefined && known.startHash !== startHash) throw new Refused("conversation_exists");
    const conv: Conv = known ?? {
      id: Uint8Array.from(id),
      number: this.convs.size + 1,
      since: this.minute,
      away: false,
      priority: "normal",
      startHash,
      credentialHash: sha(frame.credential),
      wraps: frame.wraps,
      start: proofOf(frame),
      epoch: this.epoch,
      rotates: frame.rotates === true,
      later: { 1: [], 2: [] },
      times: 0,
      holder: undefined,
      endedBy: undefined,
      offer: undefined,
      isMuted: false,
      isForLater: frame.for_later === true,
      phrase: undefined,
      page: undefined,
      logs: { 1: [], 2: [] },
      senders: new Map(),
    };
    this.convs.set(hex(id), conv);
    link.conv = conv;
    this.say(link, { t: "started", conv: conv.id });
    this.#tellVisitor(conv);
    this.#tellQueue();
  }

  #resume(link: Link, frame: Frame): void {
    const conv = this.convs.get(hex(frame.conv));
    if (conv === undefined || conv.credentialHash !== sha(frame.credential)) throw new Refused("no_such_conversation");
    const page = frame.page === undefined ? undefined : hex(frame.page);
    if (frame.locator !== undefined) {
      const hash = createHash("sha256").update(frame.locator).digest();
      if (conv.phrase === undefined || !equal(conv.phrase.hash, hash)) throw new Refused("no_such_conversation");
      if (conv.page !== page) {
        conv.page = page;
        for (const one of this.#visitors(conv)) this.#turnAway(one);
      }
    }
    if (conv.page !== undefined && conv.page !== page) {
      this.#turnAway(link);
      return;
    }
    link.conv = conv;
    this.#goAway(conv, frame.away === true);
    const wraps = [1, 3].map((at) => ({ g: at >> 1, wrap: conv.wraps[at] }));
    this.say(link, { t: "resumed", conv: conv.id, last: conv.logs[1].length, wraps });
    if (conv.phrase !== undefined) this.say(link, { t: "phrase", locator_hash: conv.phrase.hash });
    for (const stored of conv.logs[1].slice(frame.after)) this.#envelope(link, conv, 1, stored);
    this.#tellVisitor(conv);
  }

  #phrase(link: Link, conv: Conv, phrase: Conv["phrase"]): void {
    conv.phrase = phrase;
    this.say(link, { t: "phrase", locator_hash: phrase?.hash ?? new Uint8Array(0) });
  }

  #turnAway(link: Link): void {
    this.say(link, { t: "refused", code: "elsewhere", says: "no" });
    link.conv = undefined;
    queueMicrotask(() => this.cut((one) => one === link, 1008));
  }

  #erase(link: Link, frame: Frame): void {
    const id = createHash("sha256").update(frame.ve).update(frame.vg).digest().subarray(0, 16);
    const conv = this.convs.get(hex(id));
    if (conv === undefined && !this.erased.has(hex(id))) throw new Refused("no_such_conversation");
    const signed = Buffer.concat([Buffer.from("luwte/v1/erase\0"), id]);
    const spki = Buffer.concat([Buffer.from("302a300506032b6570032100", "hex"), frame.vg]);
    const key = createPublicKey({ key: spki, format: "der", type: "spki" });
    if (!verifySignature(null, signed, key, frame.sig)) throw new Refused("not_accepted");
    this.convs.delete(hex(id));
    this.erased.add(hex(id));
    for (const desk of conv === undefined ? [] : this.#desks(conv.holder)) {
      if (conv?.endedBy === undefined) this.say(desk, { t: "ended", conv: id, by: "visitor" });
      this.say(desk, { t: "erased", conv: id });
    }
    this.#tellQueue();
    if (this.confirms) this.say(link, { t: "erased", conv: Uint8Array.from(id) });
  }

  #desk(link: Link, frame: Frame): void {
    if (frame.t === "sign_on") this.#signOn(link, frame);
    else if (link.account === undefined) this.cut((one) => one === link, 4400);
    else if (frame.t === "ping") this.say(link, { t: "pong" });
    else if (frame.t === "openings") this.#openings(link, frame);
    else if (frame.t === "next") this.#next(link, link.account);
    else if (frame.t === "witness") this.witnessed.push(frame.after);
    else if (LEADING.has(frame.t)) this.deeds.push(frame);
    else this.#inConversation(link, frame, link.account);
  }

  #inConversation(link: Link, frame: Frame, account: Account): void {
    const header = frame.t === "append" ? parse(frame.envelope) : undefined;
    const conv = this.convs.get(hex(header?.conv ?? frame.conv));
    if (conv === undefined) throw new Refused("no_such_conversation", { conv: frame.conv });
    if (frame.t === "answer" || frame.t === "withdraw") {
      this.#settleOffer(conv, account, frame);
      return;
    }
    const isCompanions = frame.t === "follow" || header?.direction === NOTE;
    const may = conv.holder === account.id || (isCompanions && this.#accompanies(account, conv));
    if (frame.t !== "take" && frame.t !== "triage" && !may) {
      throw new Refused("no_such_conversation", { conv: conv.id, ...(header && { msg_id: header.msgId }) });
    }
    const { conv: _, ...rest } = frame;
    if (frame.t === "take") this.#take(link, conv, account);
    else if (frame.t === "triage") this.#triage(conv, frame.priority);
    else if (frame.t === "follow") this.#follow(link, conv, frame);
    else if (frame.t === "append") this.#append(link, conv, frame.envelope, frame.wrap, frame.epoch);
    else if (frame.t === "end") this.#end(conv, "team");
    else if (frame.t === "hand_over") this.#offer(conv, account, frame.to);
    else if (frame.t === "give_back") this.unseat(conv);
    else if (frame.t === "mute") this.#mute(conv, frame.on);
    else for (const one of this.#visitors(conv)) this.say(one, rest as Frame);
  }

  #signOn(link: Link, frame: Frame): void {
    link.token = base64(frame.token);
    const account = this.tokens.get(link.token);
    if (account === undefined) {
      this.cut((one) => one === link, 4401);
      return;
    }
    link.account = account;
    const { organisation, team, certificates } = this.house;
    const all = [certificates.admin, this.epochs.at(-1)?.certificate, account.certificate];
    this.say(link, {
      t: "welcome",
      protocol: PROTOCOL,
      organisation,
      team,
      account: account.id,
      minute: this.minute,
      certificates: all,
      team_keys: this.#teamKeys.get(account.id) ?? [],
    });
    this.#tellMessages(link);
    for (const conv of this.convs.values()) if (conv.holder === account.id) this.#taken(link, conv);
    for (const conv of this.convs.values()) if (conv.offer !== undefined) this.#tellOffer(conv, [link]);
    this.#tellQueue(link);
    this.#tellShift();
  }

  #nameOf(id: string): string {
    return this.house.accounts.find((one) => one.id === id)?.name ?? "";
  }

  #count(account: string): number {
    return [...this.convs.values()].filter((one) => one.holder === account && one.endedBy === undefined).length;
  }

  #tellShift(): void {
    const there = new Set([...this.links].flatMap((link) => (link.account === undefined ? [] : [link.account.id])));
    for (const link of this.links) {
      if (link.account === undefined) continue;
      const others = [...there].filter((id) => id !== link.account?.id);
      const colleagues = others.map((id) => ({ account: id, name: this.#nameOf(id), held: this.#count(id) }));
      this.say(link, { t: "shift", limit: this.limit, colleagues });
    }
  }

  #offer(conv: Conv, account: Account, to: string): void {
    if (conv.offer !== undefined) throw new Refused("already_offered", { conv: conv.id });
    if (this.#desks(to).length === 0 || to === account.id) throw new Refused("not_on_shift", { conv: conv.id });
    conv.offer = { asker: account.id, colleague: to };
    this.#tellOffer(conv, [...this.links]);
  }

  #tellOffer({ id, number, offer }: Conv, links: readonly Link[]): void {
    for (const link of links) {
      if (offer !== undefined && link.account?.id === offer.asker) {
        this.say(link, { t: "asked", conv: id, to: offer.colleague, name: this.#nameOf(offer.colleague) });
      }
      if (offer !== undefined && link.account?.id === offer.colleague) {
        const { minute } = this;
        this.say(link, { t: "offered", conv: id, number, by: offer.asker, name: this.#nameOf(offer.asker), minute });
      }
    }
  }

  #settleOffer(conv: Conv, account: Account, frame: Frame): void {
    const { offer } = conv;
    const mine = frame.t === "withdraw" ? offer?.asker : offer?.colleague;
    if (mine !== account.id) throw new Refused("no_such_offer", { conv: conv.id });
    if (!frame.accept) {
      this.#noOffer(conv, frame.t === "withdraw" ? "withdrawn" : "declined");
      return;
    }
    if (this.#count(account.id) >= this.limit) throw new Refused("limit_reached", { conv: conv.id });
    for (const link of this.#desks(conv.holder)) {
      link.follows.delete(hex(conv.id));
      this.say(link, { t: "lost", conv: conv.id });
    }
    conv.holder = account.id;
    conv.times += 1;
    this.#noOffer(conv, "accepted");
    this.#unmute(conv);
    for (const link of this.#desks(account.id)) this.#taken(link, conv);
    for (const one of this.#visitors(conv)) this.say(one, { t: "claimed", times: conv.times });
    this.#tellShift();
  }

  #noOffer(conv: Conv, why: string): void {
    const { offer } = conv;
    conv.offer = undefined;
    if (offer === undefined) return;
    for (const link of [...this.#desks(offer.asker), ...this.#desks(offer.colleague)]) {
      this.say(link, { t: "offer_over", conv: conv.id, why });
    }
  }

  #mute(conv: Conv, on: boolean): void {
    conv.isMuted = on;
    for (const link of this.#desks(conv.holder)) this.say(link, { t: "muted", conv: conv.id, on });
    for (const link of this.#visitors(conv)) this.say(link, { t: "muted", on });
  }

  #unmute(conv: Conv): void {
    if (conv.isMuted) this.#mute(conv, false);
  }

  #replies(method: string, account: Account, { scope, id, version, sealed, epoch = 0 }: Frame = { t: "" }): Answer {
    const owners = { own: account.id, team: this.house.team };
    const of = (owner: string) =>
      [...this.replies.values()].filter((one) => one.owner === owner).map(({ owner: _, ...row }) => row);
    if (method === "GET") return { status: 200, body: { own: of(owners.own), team: of(owners.team) } };
    const owner = owners[scope as "own" | "team"];
    const stored = this.replies.get(owner + id)?.version ?? 0;
    if (stored !== version) return refusal(409, "reply_changed");
    if (sealed === "") this.replies.delete(owner + id);
    else this.replies.set(owner + id, { owner, id, version: version + 1, sealed, epoch });
    return { status: 200, body: { version: sealed === "" ? 0 : version + 1 } };
  }

  #openings(link: Link, frame: Frame): void {
    for (const [place, id] of frame.convs.entries()) {
      const conv = this.convs.get(hex(id));
      const opened = (conv?.logs[1] ?? []).filter(
        ({ n, envelope }) => parse(envelope).generation === 0 && n > frame.after[place],
      );
      const envelopes = opened.map(({ n, minute, envelope }) => ({ n, minute, envelope }));
      this.say(link, {
        t: "opening",
        conv: id,
        wrap: conv?.wraps[0] ?? new Uint8Array(0),
        epoch: conv?.epoch ?? 0,
        envelopes,
      });
    }
  }

  /** The visitor of one that waits has left: it is in no list any more. */
  leave(conv: Conv): void {
    conv.endedBy = "visitor";
    for (const link of this.links) {
      if (link.account !== undefined)
        this.say(link, { t: "presence", conv: conv.id, state: "gone", since: this.minute });
    }
    this.#tellQueue();
  }

  #goAway(conv: Conv, away: boolean): void {
    if (conv.away === away) return;
    conv.away = away;
    const state = away ? "away" : "here";
    for (const link of this.#desks(conv.holder)) {
      this.say(link, { t: "presence", conv: conv.id, state, since: this.minute });
    }
    this.#tellQueue();
  }

  #triage(conv: Conv, priority: string): void {
    conv.priority = priority;
    this.#tellQueue();
  }

  #next(link: Link, account: Account): void {
    const conv = this.#waiting().find((one) => !one.away);
    if (conv === undefined) throw new Refused("nobody_waits");
    this.say(link, { t: "given", conv: conv.id });
    this.#take(link, conv, account);
  }

  #take(link: Link, conv: Conv, account: Account): void {
    if (conv.holder === undefined && conv.away) throw new Refused("visitor_away", { conv: conv.id });
    if (conv.endedBy !== undefined) throw new Refused("conversation_ended", { conv: conv.id });
    if (conv.holder !== undefined) throw new Refused("already_taken", { conv: conv.id });
    if (this.#count(account.id) >= this.limit) throw new Refused("limit_reached", { conv: conv.id });
    conv.holder = account.id;
    conv.times += 1;
    this.#taken(link, conv);
    for (const one of this.#visitors(conv)) this.say(one, { t: "claimed", times: conv.times });
    this.#tellQueue();
    this.#tellShift();
  }

  #taken(link: Link, conv: Conv, more: object = {}): void {
    const { id, number, since, times, logs } = conv;
    this.say(link, {
      t: "taken",
      conv: id,
      number,
      since,
      times,
      last: logs[1].length,
      note_last: logs[2].length,
      wraps: this.#wraps(conv),
      start: conv.start,
      ...more,
    });
    if (conv.isMuted) this.say(link, { t: "muted", conv: conv.id, on: true });
  }

  /** A lead reads along: what opens the conversation, and whose it is. */
  stepIn(link: Link, conv: Conv, holder: string): void {
    this.#companions.add(`${link.account?.id} ${hex(conv.id)}`);
    this.#taken(link, conv, { t: "stepped_in", holder });
  }

  /** Through broken glass: it may be followed. */
  openUp(link: Link, conv: Conv, holder: string): void {
    this.#companions.add(`${link.account?.id} ${hex(conv.id)}`);
    this.#taken(link, conv, { t: "opened", holder, basis: "absent" });
  }

  #accompanies(account: Account, conv: Conv): boolean {
    return this.#companions.has(`${account.id} ${hex(conv.id)}`);
  }

  #follow(link: Link, conv: Conv, frame: Frame): void {
    link.follows.set(hex(conv.id), { 1: frame.shared, 2: frame.notes });
    for (const stored of conv.logs[1].slice(frame.shared)) this.#envelope(link, conv, 1, stored);
    for (const stored of conv.logs[2].slice(frame.notes)) this.#envelope(link, conv, 2, stored);
  }

  #append(link: Link, conv: Conv, envelope: Uint8Array, wrap?: Uint8Array, epoch = 1): void {
    let header: SaltedHeader;
    try {
      header = parse(envelope);
    } catch {
      throw new Refused("malformed");
    }
    const details = { msg_id: header.msgId, ...(link.side === "desk" && { conv: conv.id }) };
    try {
      this.#admit(link, conv, header, envelope, wrap && { wrap, epoch });
    } catch (reason) {
      if (!(reason instanceof Refused)) throw reason;
      throw new Refused(reason.message, { ...reason.details, ...details });
    }
  }

  #admit(link: Link, conv: Conv, header: SaltedHeader, envelope: Uint8Array, made: Made | undefined): void {
    const owner = link.account?.id ?? "visitor";
    const log = header.direction === NOTE ? 2 : 1;
    if (this.busy > 0) {
      this.busy -= 1;
      throw new Refused("busy");
    }
    const mayWrite = link.side === "visitor" ? [VISITOR] : [TEAM, NOTE];
    if (!mayWrite.includes(header.direction)) throw new Refused("not_accepted");
    const rows = conv.logs[log];
    const known = rows.find((stored) => equal(parse(stored.envelope).msgId, header.msgId));
    const place = conv.senders.get(`${log}${hex(header.sender)}`) ?? { owner, seq: 0, prev: new Uint8Array(32) };
    const g = log === 2 ? Math.max(0, conv.later[2].length - 1) : conv.times === 0 ? 0 : 1 + conv.later[1].length;
    const expected = { seq: place.seq + 1, prev: place.prev, g };
    if (known !== undefined) {
      if (!equal(known.envelope, envelope)) throw new Refused("duplicate", expected);
      this.#ack(link, conv, log, header, known);
      return;
    }
    if (conv.endedBy !== undefined) throw new Refused("conversation_ended");
    if (place.owner !== owner) throw new Refused("not_accepted");
    if (conv.isMuted && link.side === "visitor") throw new Refused("muted");
    if (header.generation !== g) throw new Refused("generation", expected);
    if (header.seq !== expected.seq || !equal(header.prev, place.prev)) throw new Refused("out_of_order", expected);
    if (header.klass === ROTATION) this.#turn(link, conv, log, made);
    else if (log === 2) this.#settleTeamSecret(link, conv, made);
    const stored = { n: rows.length + 1, minute: this.minute, envelope, account: link.account?.id };
    rows.push(stored);
    const prev = Uint8Array.from(createHash("sha256").update(envelope).digest());
    conv.senders.set(`${log}${hex(header.sender)}`, { owner, seq: header.seq, prev });
    this.#ack(link, conv, log, header, stored);
    for (const one of this.links) {
      if (one === link) continue;
      const isThere = one.side === "visitor" ? one.conv === conv && log === 1 : one.follows.has(hex(conv.id));
      if (isThere) this.#envelope(one, conv, log, stored);
    }
    if (conv.holder === undefined) this.#tellQueue();
  }

  #turn(link: Link, conv: Conv, log: 1 | 2, made: Made | undefined): void {
    if (made === undefined || (log === 2 && conv.later[2].length === 0)) throw new Refused("not_accepted");
    if (!conv.rotates) throw new Refused("not_rotating");
    this.#keep(link, conv, log, made);
  }

  #settleTeamSecret(link: Link, conv: Conv, made: Made | undefined): void {
    const [first] = conv.later[2];
    if (made === undefined && first === undefined) throw new Refused("wrong_order");
    if (made !== undefined && first !== undefined) {
      this.say(link, { t: "wrap", conv: conv.id, log: 2, g: 0, ...first });
      throw new Refused("team_secret_exists");
    }
    if (made !== undefined) this.#keep(link, conv, 2, made);
  }

  #keep(link: Link, conv: Conv, log: 1 | 2, made: Made): void {
    conv.later[log].push(made);
    const g = log === 1 ? conv.later[1].length + 1 : conv.later[2].length - 1;
    for (const one of this.links) {
      if (one !== link && one.follows.has(hex(conv.id)) && one.side === "desk") {
        this.say(one, { t: "wrap", conv: conv.id, log, g, ...made });
      }
    }
  }

  #ack(link: Link, conv: Conv, log: number, header: SaltedHeader, stored: Stored): void {
    const more = link.side === "desk" ? { conv: conv.id, log } : {};
    this.say(link, { t: "ack", ...more, msg_id: header.msgId, n: stored.n, minute: stored.minute });
  }

  #envelope(link: Link, conv: Conv, log: 1 | 2, stored: Stored): void {
    const account = this.house.accounts.find((one) => one.id === stored.account);
    if (account !== undefined && !link.certified.has(account.id)) {
      link.certified.add(account.id);
      this.say(link, { t: "cert", certificate: account.certificate });
    }
    const more = link.side === "desk" ? { conv: conv.id } : {};
    const { n, minute, envelope } = stored;
    this.say(link, { t: "envelope", ...more, log, n, minute, envelope });
  }

  #end(conv: Conv, by: "visitor" | "team"): void {
    if (conv.endedBy !== undefined) return;
    conv.endedBy = by;
    this.#noOffer(conv, "over");
    for (const link of this.#visitors(conv)) this.say(link, { t: "ended", by });
    for (const link of this.#desks(conv.holder)) this.say(link, { t: "ended", conv: conv.id, by });
    this.#tellQueue();
  }

  #tellVisitor(conv: Conv): void {
    for (const link of this.#visitors(conv)) {
      if (conv.endedBy !== undefined) this.say(link, { t: "ended", by: conv.endedBy });
      else if (conv.holder !== undefined) this.say(link, { t: "claimed", times: conv.times });
      else {
        if (conv.times > 0) this.say(link, { t: "claimed", times: conv.times });
        if (conv.isForLater) this.say(link, { t: "for_later" });
        const isOpen = !conv.isForLater || (this.status as { open: boolean }).open;
        if (isOpen) this.say(link, { t: "waiting", place: this.#waiting().indexOf(conv) + 1, low: null, high: null });
      }
    }
  }

  #tellQueue(only?: Link): void {
    const row = ({ id, number, since, times, logs }: Conv) => {
      return { conv: id, number, since, last: logs[1].length, again: times > 0 };
    };
    const everybody = this.#waiting();
    const marked = everybody.filter((conv) => conv.priority !== "normal");
    const marks = marked.map(({ id, priority }) => ({ conv: id, priority }));
    const standing = { t: "standing", marks, away: everybody.filter((conv) => conv.away).map(row) };
    const waiting = everybody.filter((conv) => !conv.away).map(row);
    const more = Math.max(0, waiting.length - 30);
    for (const link of only === undefined ? this.links : [only]) {
      if (link.account === undefined) continue;
      this.#tellMessages(link);
      this.say(link, standing);
      this.say(link, { t: "queue", waiting: waiting.slice(0, 30), more });
    }
  }

  /** What was left for later: of what waits without its visitor, and of this desk's own. */
  #tellMessages(link: Link): void {
    const isTold = (conv: Conv) =>
      conv.holder === undefined ? this.#visitors(conv).length === 0 : conv.holder === link.account?.id;
    const convs = [...this.convs.values()].filter((conv) => conv.isForLater && isTold(conv));
    this.say(link, { t: "messages", convs: convs.map((conv) => conv.id) });
  }

  #waiting(): Conv[] {
    return [...this.convs.values()].filter((conv) => conv.holder === undefined && conv.endedBy === undefined);
  }

  #visitors(conv: Conv): Link[] {
    return [...this.links].filter((link) => link.side === "visitor" && link.conv === conv);
  }

  #desks(account: string | undefined): Link[] {
    return [...this.links].filter((link) => account !== undefined && link.account?.id === account);
  }
}

function sha(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

function refusal(status: number, code: string): Answer {
  return { status, body: { code, says: "no" } };
}

/** What a desk is shown of a start: all but the credential itself. Copies: the visitor overwrites what it sent. */
function proofOf(frame: Frame): object {
  const { line, ve, vg, credential, team_cert, wraps, sig } = structuredClone(frame);
  return { line, ve, vg, credential_hash: createHash("sha256").update(credential).digest(), team_cert, wraps, sig };
}
