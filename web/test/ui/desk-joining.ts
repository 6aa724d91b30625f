/** Joining and the team, as a screen shows them at one step. Part of the scripted session. */

import { type Signal, signal } from "@preact/signals";
import type { Paper } from "../../src/crypto/shares.ts";
import type { Joining, Step } from "../../src/desk/state-joining.ts";
import type { Office } from "../../src/desk/state-office.ts";
import type { People, PeopleView } from "../../src/desk/state-people.ts";

const DIGITS = "40382 11907 52210 90044 00781 33519";
const LINE = "harvest mountain orchard velvet anchor";
const paper = (key: 1 | 2): Paper => ({
  key,
  organisation: "hulplijn",
  number: 1,
  shares: 3,
  threshold: 2,
  set: "1f00c2aa",
  lines: Array.from({ length: 8 }, (_, n) => `${LINE} ${n}`.replace(/ (\d)$/, "")),
});
const door = { account: "a", team: "chat", role: "lead", founds: true };
const steps: Readonly<Record<string, Step>> = {
  code: { at: "code" },
  phrase: { at: "phrase", door, passphrase: "harvest mountain orchard velvet anchor window paper" },
  papers: { at: "papers", papers: [paper(1), paper(2)] },
  root: { at: "root", fingerprint: DIGITS, file: "00\n", saved: false },
  factor: { at: "factor", name: "Kim", next: { at: "founded", fingerprint: DIGITS } },
  founded: { at: "founded", fingerprint: DIGITS },
  waiting: { at: "waiting", name: "Kim", fingerprint: DIGITS },
};

export function scriptedJoining(name: string, wrong: string): Joining {
  const step: Signal<Step> = signal(steps[name] ?? { at: "outside" });
  return {
    step,
    busy: signal(false),
    trouble: signal(wrong === "" ? undefined : wrong),
    begin: () => {
      step.value = { at: "code" };
    },
    leave: () => {
      step.value = { at: "outside" };
    },
    open: async () => {},
    join: async () => {},
    wrote: async () => {},
    saved: () => {
      if (step.value.at === "root") step.value = { ...step.value, saved: true };
    },
    ready: () => {
      step.value = steps.factor ?? step.value;
    },
    send: async () => undefined,
    sent: () => {
      step.value = steps.founded ?? step.value;
    },
  };
}

export function scriptedPeople(scene: string, now: number): People {
  const team: PeopleView = {
    invited: scene === "alone" ? [] : [{ id: "i1", role: "counsellor", until: now + 5 * 1440 }],
    waiting:
      scene === "alone"
        ? []
        : [
            {
              account: "w1",
              name: "Kim",
              role: "counsellor",
              since: now - 12,
              fingerprint: DIGITS,
              changed: scene === "changed",
              insteadOf: scene === "lost" ? "Noor" : undefined,
            },
          ],
    members: [
      { account: "m1", name: "Robin", role: "lead", until: now + (scene === "ends" ? 2 : 60) * 1440, isMe: true },
      { account: "m2", name: "Noor", role: "counsellor", until: now + 60 * 1440, isMe: false },
    ],
    admits: scene !== "keyless",
    teamUntil: now + (scene === "ends" ? 3 : 9) * 1440,
    adminUntil: now + 300 * 1440,
    epochDue: scene === "due" || scene === "keyless" ? "left" : scene === "old" ? "old" : undefined,
  };
  const code: Signal<string | undefined> = signal(scene === "code" ? "0GPA-ZFDH-M1N2-03VV-R59E-SA75" : undefined);
  return {
    view: signal(scene === "" ? undefined : team),
    code,
    trouble: signal(undefined),
    invite: async () => {
      code.value = "0GPA-ZFDH-M1N2-03VV-R59E-SA75";
      return true;
    },
    putAway: () => {
      code.value = undefined;
    },
    withdraw: async () => true,
    admit: async () => true,
    decline: async () => true,
    remove: async () => true,
    beginEpoch: async () => true,
  };
}

export function scriptedOffice(now: number): Office {
  return {
    house: signal({
      open: true,
      until: now + 96,
      desks: 1,
      signed: now - 24,
      sessions: [{ account: "m2", began: now - 130 }],
    }),
    trouble: signal(undefined),
    signOut: async () => true,
  };
}
