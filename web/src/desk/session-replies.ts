/** Canned replies at a desk: fetched, opened, sealed and kept. The server sees whose, how often written, how heavy. */

import { type Signal, signal } from "@preact/signals";
import { base64, hex, random, unbase64, unhex } from "../crypto/bytes.ts";
import { list, type Reads, record, whole } from "../wire/shape.ts";
import type { Surroundings } from "../wire/surroundings.ts";
import type { Kept, Replies, Reply, ReplyDraft, Scope } from "./replies.ts";
import { ask, believed, Trouble } from "./session-keyring.ts";
import type { Vault } from "./session-vault.ts";

const MOST = 200;
const HEAVIEST = 4096 + 28;

const bytes: Reads<Uint8Array> = (value) => {
  try {
    const found = typeof value === "string" ? unbase64(value) : undefined;
    return found !== undefined && found.length <= HEAVIEST ? found : undefined;
  } catch {
    return undefined;
  }
};
const rows = list(record({ id: bytes, version: whole, sealed: bytes, epoch: whole }), MOST);
export const readReplies = record({ own: rows, team: rows });
const readKept = record({ version: whole });
type Row = NonNullable<ReturnType<typeof rows>>[number];

const outcomes: Readonly<Record<string, Kept>> = { reply_changed: "changed", too_many_replies: "full" };

export class DeskReplies implements Replies {
  readonly all: Signal<readonly Reply[]> = signal([]);
  readonly #world: Surroundings;
  readonly #vault: Vault;
  readonly #token: string;
  /** The highest version of each that we saw: an older one is not believed. */
  readonly #versions = new Map<string, number>();
  #isRead = false;

  constructor(world: Surroundings, vault: Vault, token: string) {
    this.#world = world;
    this.#vault = vault;
    this.#token = token;
  }

  async read(): Promise<boolean> {
    if (this.#isRead) return true;
    try {
      const { own, team } = believed(await ask(this.#world, "/desk/replies", undefined, this.#token), readReplies);
      const opened = await Promise.all([
        ...own.map((row) => this.#open("own", row)),
        ...team.map((row) => this.#open("team", row)),
      ]);
      if (!this.#vault.isOpen) return false; // locked meanwhile
      this.all.value = opened.filter((reply) => reply !== undefined);
      this.#isRead = true;
      return true;
    } catch {
      return false;
    }
  }

  async save(draft: ReplyDraft): Promise<Kept> {
    const replaced = this.all.value.find((one) => one.id === draft.id && one.scope === draft.scope);
    const id = replaced?.id ?? hex(random(16));
    const version = (replaced?.version ?? 0) + 1;
    const sealed = await this.#vault.sealReply(draft.scope, unhex(id), version, draft).catch(() => undefined);
    if (sealed === undefined) return this.#vault.isOpen ? "long" : "failed";
    const kept = await this.#keep(draft.scope, id, version - 1, sealed);
    if (kept === "kept" && this.#isRead) this.#put({ ...draft, id, version });
    return kept;
  }

  async remove(reply: Reply): Promise<Kept> {
    const kept = await this.#keep(reply.scope, reply.id, reply.version, new Uint8Array(0));
    if (kept === "kept") this.all.value = this.all.value.filter((one) => !isSame(one, reply));
    return kept;
  }

  /** What was read is forgotten; it can be asked for again. */
  lock(): void {
    this.#isRead = false;
    this.all.value = [];
  }

  async #keep(scope: Scope, id: string, version: number, sealed: Uint8Array): Promise<Kept> {
    const epoch = scope === "team" ? (this.#vault.epoch ?? 0) : 0;
    const body = { scope, id: base64(unhex(id)), version, sealed: base64(sealed), epoch };
    try {
      believed(await ask(this.#world, "/desk/replies", body, this.#token), readKept);
      return "kept";
    } catch (reason) {
      const kept = (reason instanceof Trouble && outcomes[reason.code]) || "failed";
      if (kept === "changed") {
        this.#isRead = false;
        await this.read();
      }
      return kept;
    }
  }

  #put(reply: Reply): void {
    this.#versions.set(`${reply.scope}/${reply.id}`, reply.version);
    this.all.value = [...this.all.value.filter((one) => !isSame(one, reply)), reply];
  }

  async #open(scope: Scope, { id, version, sealed }: Row): Promise<Reply | undefined> {
    const name = hex(id);
    const key = `${scope}/${name}`;
    if (version < (this.#versions.get(key) ?? 0)) return undefined;
    const text = await this.#vault.openReply(scope, id, version, sealed).catch(() => undefined);
    if (text === undefined) return undefined;
    this.#versions.set(key, version);
    return { ...text, scope, id: name, version };
  }
}

function isSame(a: Reply, b: Reply): boolean {
  return a.id === b.id && a.scope === b.scope;
}
