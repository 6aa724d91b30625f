/** The line, calls for a colleague, who reads along and the picture of the shift, as the server tells them to this desk. */

import { type Signal, signal } from "@preact/signals";
import { hex, unhex } from "../crypto/bytes.ts";
import type { DeskSays, Leading } from "../wire/desk-frames.ts";
import type { Alarm, LeadSession, LineState, Picture, Returning, StepReason } from "./state-lead.ts";

export class Lead implements LeadSession {
  readonly isLead: Signal<boolean> = signal(false);
  readonly line: Signal<LineState | undefined> = signal(undefined);
  readonly alarms: Signal<readonly Alarm[]> = signal([]);
  readonly calling: Signal<ReadonlySet<string>> = signal(new Set());
  readonly company: Signal<ReadonlyMap<string, readonly string[]>> = signal(new Map());
  readonly picture: Signal<Picture | undefined> = signal(undefined);
  readonly returning: Signal<readonly Returning[]> = signal([]);
  readonly #say: (frame: DeskSays) => boolean;

  constructor(say: (frame: DeskSays) => boolean) {
    this.#say = say;
  }

  hear(frame: Leading): void {
    switch (frame.t) {
      case "line":
        this.line.value = { open: frame.open, until: frame.until ?? undefined, by: frame.by ?? undefined };
        return;
      case "alarms":
        this.alarms.value = frame.alarms.map((one) => ({
          ...one,
          conv: hex(one.conv),
          coming: one.coming ?? undefined,
        }));
        for (const one of this.alarms.value) this.forget(one.conv);
        return;
      case "company":
        this.company.value = new Map(frame.talks.map(({ conv, names }) => [hex(conv), names]));
        return;
      case "returning":
        this.returning.value = frame.people.map(({ reads_from: from, ...one }) => ({ ...one, from }));
        return;
      case "picture":
        this.picture.value = {
          ...frame,
          longest: frame.longest ?? undefined,
          running: frame.running.map((one) => ({ ...one, conv: hex(one.conv) })),
        };
    }
  }

  /** On a new connection: a call that nobody heard is made again. */
  connected(): void {
    for (const conv of this.calling.value) this.#say({ t: "need_colleague", conv: unhex(conv) });
  }

  call(conv: string): void {
    this.calling.value = new Set([...this.calling.value, conv]);
    this.#say({ t: "need_colleague", conv: unhex(conv) });
  }

  come(conv: string): void {
    this.#say({ t: "coming", conv: unhex(conv) });
  }

  solve(conv: string): void {
    this.#say({ t: "solved", conv: unhex(conv) });
  }

  stepIn(conv: string, reason: StepReason): void {
    this.#say({ t: "step_in", conv: unhex(conv), reason });
  }

  stepOut(conv: string): void {
    this.#say({ t: "step_out", conv: unhex(conv) });
  }

  takeOver(conv: string): void {
    this.#say({ t: "take_over", conv: unhex(conv) });
  }

  openLine(): void {
    this.#say({ t: "open_line" });
  }

  closeLine(): void {
    this.#say({ t: "close_line" });
  }

  /** The call got through, or the conversation is no longer here. */
  forget(conv: string): void {
    if (!this.calling.value.has(conv)) return;
    this.calling.value = new Set([...this.calling.value].filter((one) => one !== conv));
  }

  clear(): void {
    this.isLead.value = false;
    this.line.value = undefined;
    this.alarms.value = [];
    this.calling.value = new Set();
    this.company.value = new Map();
    this.picture.value = undefined;
    this.returning.value = [];
  }
}
