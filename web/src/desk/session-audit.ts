/**
 * What this desk knows of the log of who did what: the newest signed checkpoint, in memory. Each next one has to prove
 * that the log only grew; otherwise somebody wrote its past anew, and that stays on the screen.
 */

import { type Signal, signal } from "@preact/signals";
import { equal } from "../crypto/bytes.ts";
import { isConsistent } from "../crypto/merkle.ts";
import { type Checkpoint, openCheckpoint } from "../crypto/note.ts";
import type { DeskHears, DeskSays } from "../wire/desk-frames.ts";
import { flag, list, orNil, record, whole, words } from "../wire/shape.ts";
import type { Surroundings } from "../wire/surroundings.ts";
import { ask, base64Of, believed, Trouble } from "./session-keyring.ts";
import type { Audit, RecordPage, Remembered, Wanted } from "./state-audit.ts";

/** An honest server signs every hour. */
const SILENT_AFTER = 3 * 3_600_000;
/** After a new connection it has at least this long to answer. */
const GRACE = 600_000;

const short = words(200);
const readNewest = record({
  checkpoint: orNil(record({ key: base64Of(32), note: words(2_048), proof: list(base64Of(32), 128) })),
});
const readPage = record({
  rows: list(
    record({
      n: whole,
      minute: whole,
      name: short,
      role: short,
      action: short,
      conversation: short,
      reason: words(1_000),
      about: short,
      result: short,
    }),
    50,
  ),
  more: flag,
  employees: list(short, 10_000),
});

export class DeskAudit implements Audit {
  readonly remembered: Signal<Remembered | undefined> = signal(undefined);
  readonly doubt: Signal<"rewritten" | "silent" | undefined> = signal(undefined);
  readonly #world: Surroundings;
  readonly #origin: string;
  readonly #say: (frame: DeskSays) => boolean;
  readonly #token: () => string | undefined;
  #known: { readonly checkpoint: Checkpoint; readonly key: Uint8Array } | undefined;
  #late: () => void = () => {};
  /** When the newest was heard, or when we began to wait for the first. */
  #since: number | undefined;

  constructor(
    world: Surroundings,
    organisation: string,
    say: (frame: DeskSays) => boolean,
    token: () => string | undefined,
  ) {
    this.#world = world;
    this.#origin = `luwte-audit/${organisation}`;
    this.#say = say;
    this.#token = token;
  }

  /** On a new connection: tell from where on we want proof. */
  connected(): void {
    this.#say({ t: "witness", after: this.#known?.checkpoint.size ?? 0 });
    this.#since ??= this.#world.now();
    this.#wait();
  }

  /** The newest signature, asked for where no socket brings it. Rejects with what was refused. */
  async ask(): Promise<void> {
    const after = this.#known?.checkpoint.size ?? 0;
    this.#since ??= this.#world.now();
    const answer = await ask(this.#world, "/desk/checkpoint", { after }, this.#token());
    const { checkpoint } = believed(answer, readNewest);
    const isNews = checkpoint !== null && checkpoint.note !== this.remembered.peek()?.note;
    if (isNews) await this.hear({ t: "checkpoint", ...checkpoint });
    else this.#wait();
  }

  /** Nobody can show anything now. */
  disconnected(): void {
    this.#late();
  }

  async hear(frame: Extract<DeskHears, { t: "checkpoint" }>): Promise<void> {
    if (this.doubt.value === "rewritten") return;
    const checkpoint = await this.#believed(frame);
    if (checkpoint === undefined) {
      this.doubt.value = "rewritten";
      return;
    }
    this.#known = { checkpoint, key: frame.key.slice() };
    this.remembered.value = { size: checkpoint.size, minute: checkpoint.minute, note: frame.note };
    this.doubt.value = undefined;
    this.#since = this.#world.now();
    this.#wait();
  }

  async look({ employee, number, day, before }: Wanted): Promise<RecordPage | string> {
    const token = this.#token();
    if (token === undefined) return "signed_out";
    const which = number === undefined ? {} : { number, day };
    const from = before === undefined ? {} : { before };
    try {
      return believed(await ask(this.#world, "/desk/audit", { employee, ...which, ...from }, token), readPage);
    } catch (reason) {
      return reason instanceof Trouble ? reason.code : "failed";
    }
  }

  clear(): void {
    this.#late();
    this.#known = undefined;
    this.#since = undefined;
    this.remembered.value = undefined;
    this.doubt.value = undefined;
  }

  async #believed({ key, note, proof }: Extract<DeskHears, { t: "checkpoint" }>): Promise<Checkpoint | undefined> {
    const checkpoint = await openCheckpoint(note, this.#origin, key).catch(() => undefined);
    const known = this.#known;
    if (checkpoint === undefined || known === undefined) return checkpoint;
    // Whoever erases takes nothing back, so that number only grows, too.
    const grew = checkpoint.erasures >= known.checkpoint.erasures;
    const holds = grew && equal(key, known.key) && (await isConsistent(known.checkpoint, checkpoint, proof));
    return holds ? checkpoint : undefined;
  }

  #wait(): void {
    this.#late();
    const now = this.#world.now();
    this.#late = this.#world.after(Math.max(GRACE, (this.#since ?? now) + SILENT_AFTER - now), () => {
      this.doubt.value ??= "silent";
    });
  }
}
