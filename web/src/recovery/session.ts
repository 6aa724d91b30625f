/**
 * One thing at a time, from the server's file and two papers to a file that goes back. What the papers say is in this
 * object for as long as it takes, and is overwritten with the step; nothing is kept, and nothing is sent: there is
 * nothing here that could.
 */

import { type Signal, signal } from "@preact/signals";
import { type Bytes, wipe } from "../crypto/bytes.ts";
import { memberFingerprint, rootFingerprint } from "../crypto/fingerprint.ts";
import { CannotRecover, newDays, newLead, newPapers, rehearse, successor, type Tried } from "../crypto/recovery.ts";
import { combine, fromPaper, NotRestored, type Paper, type Share, SharedKey } from "../crypto/shares.ts";
import { admissionFile, daysFile, type FromServer, readFile, type Saved, successorFiles, type Waits } from "./files.ts";

/** What two papers are asked for. */
export type Task =
  | { readonly what: "lead"; readonly who: Waits }
  | { readonly what: "days" }
  /** A rehearsal: nothing is made. */
  | { readonly what: "look" }
  | { readonly what: "root" }
  | { readonly what: "lost" }
  | { readonly what: "papers"; readonly key: SharedKey };

export type Step =
  | { readonly at: "start" }
  /** The main key's digits, as they were written down at the founding. */
  | { readonly at: "compare"; readonly from: FromServer; readonly fingerprint: string }
  | { readonly at: "task"; readonly from: FromServer }
  /** Digits that whoever waits reads from their own screen. */
  | { readonly at: "applicant"; readonly from: FromServer; readonly who: Waits; readonly fingerprint: string }
  | { readonly at: "share"; readonly from: FromServer; readonly task: Task; readonly turn: 1 | 2 }
  | { readonly at: "papers"; readonly papers: readonly Paper[]; readonly next: Step }
  | { readonly at: "looked"; readonly tried: readonly Tried[] }
  | {
      readonly at: "done";
      readonly what: Exclude<Task["what"], "look">;
      readonly files: readonly Saved[];
      /** Of another main key. */
      readonly fingerprint: string | undefined;
    };

/** What went wrong: a plain word, and the line of the paper that it is about. */
export interface Wrong {
  readonly code: string;
  readonly line?: number | undefined;
}

export const keyOf = (task: Task): SharedKey =>
  task.what === "lead" || task.what === "look"
    ? SharedKey.RECOVERY
    : task.what === "papers"
      ? task.key
      : SharedKey.ROOT;

export class Recovery {
  readonly step: Signal<Step> = signal({ at: "start" });
  readonly busy: Signal<boolean> = signal(false);
  readonly wrong: Signal<Wrong | undefined> = signal(undefined);
  readonly #now: () => number;
  #first: Share | undefined;

  /** *now* in Unix milliseconds. */
  constructor(now: () => number) {
    this.#now = now;
  }

  /** From the beginning: what was typed and made goes. */
  leave(): void {
    this.#forget();
    this.wrong.value = undefined;
    this.step.value = { at: "start" };
  }

  open(text: string): Promise<void> {
    return this.#do("start", async () => {
      const from = await readFile(text);
      return { at: "compare", from, fingerprint: await rootFingerprint(from.file.organisation, from.file.root) };
    });
  }

  compared(): Promise<void> {
    return this.#do("compare", async ({ from }) => ({ at: "task", from }));
  }

  choose(task: Task): Promise<void> {
    return this.#do("task", async ({ from }) => {
      if (task.what === "lost") return this.#made(from, task, undefined);
      if (task.what !== "lead") return { at: "share", from, task, turn: 1 };
      const fingerprint = await memberFingerprint(from.file.organisation, task.who);
      return { at: "applicant", from, who: task.who, fingerprint };
    });
  }

  /** The digits are the same: from here on it is about these keys, whatever anybody says. */
  isThem(): Promise<void> {
    return this.#do("applicant", async ({ from, who }) => ({
      at: "share",
      from,
      task: { what: "lead", who },
      turn: 1,
    }));
  }

  /** Eight lines of one paper. The second one restores the key, for one deed. */
  typed(lines: readonly string[]): Promise<void> {
    return this.#do("share", async (step) => {
      const { from, task, turn } = step;
      const share = await fromPaper(lines);
      const key = keyOf(task);
      const isLeft = this.step.value !== step; // meanwhile: nothing of it stays
      if (isLeft || share.key !== key) {
        wipe(share.point);
        if (isLeft) return step;
        throw new NotRestored("other_key");
      }
      const first = this.#first;
      if (turn === 1 || first === undefined) {
        this.#first = share;
        return { at: "share", from, task, turn: 2 };
      }
      let secret: Bytes | undefined;
      try {
        secret = await combine([first, share], { key, organisation: from.file.organisation });
        const next = await this.#made(from, task, secret);
        this.#forget();
        return next;
      } finally {
        wipe(share.point, ...(secret === undefined ? [] : [secret]));
      }
    });
  }

  /** The first paper, once more: it was that one that was wrong. */
  again(): Promise<void> {
    return this.#do("share", async ({ from, task }) => {
      this.#forget();
      return { at: "share", from, task, turn: 1 };
    });
  }

  /** All new papers are written down. */
  wrote(): Promise<void> {
    return this.#do("papers", async ({ next }) => next);
  }

  async #made(from: FromServer, task: Task, secret: Uint8Array | undefined): Promise<Step> {
    const { file } = from;
    if (task.what === "look") {
      if (secret === undefined) throw new CannotRecover("other_key");
      return { at: "looked", tried: await rehearse(file, secret) };
    }
    const now = Math.floor(this.#now() / 1000);
    const done = (files: readonly Saved[], fingerprint?: string): Step => ({
      at: "done",
      what: task.what,
      files,
      fingerprint,
    });
    if (task.what === "root" || task.what === "lost") {
      const made = await successor(file, secret, now);
      const fingerprint = await rootFingerprint(file.organisation, made.root);
      return { at: "papers", papers: made.papers, next: done(successorFiles(from, made), fingerprint) };
    }
    if (secret === undefined) throw new CannotRecover("other_key");
    switch (task.what) {
      case "lead":
        return done([admissionFile(from, task.who, await newLead(file, secret, task.who, now))]);
      case "days":
        return done([daysFile(from, await newDays(file, secret, now))]);
      case "papers":
        return { at: "papers", papers: await newPapers(file, secret, task.key), next: done([]) };
    }
  }

  #forget(): void {
    if (this.#first !== undefined) wipe(this.#first.point);
    this.#first = undefined;
  }

  /** One deed of the step that is shown. What went wrong leaves everything as it was. */
  async #do<At extends Step["at"]>(at: At, deed: (step: Extract<Step, { at: At }>) => Promise<Step>): Promise<void> {
    const step = this.step.value;
    if (this.busy.value || !isAt(step, at)) return;
    this.busy.value = true;
    this.wrong.value = undefined;
    try {
      const next = await deed(step);
      if (this.step.value === step) this.step.value = next;
    } catch (reason) {
      if (this.step.value === step) this.wrong.value = told(reason);
    } finally {
      this.busy.value = false;
    }
  }
}

function isAt<At extends Step["at"]>(step: Step, at: At): step is Extract<Step, { at: At }> {
  return step.at === at;
}

function told(reason: unknown): Wrong {
  if (reason instanceof NotRestored) return { code: reason.reason, line: reason.line };
  return { code: reason instanceof CannotRecover ? reason.reason : "failed" };
}
