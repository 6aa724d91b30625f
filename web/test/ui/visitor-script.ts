/** A visitor's session that lives in memory and says what the address asks for. For looking at screens; never shipped. */

import { signal } from "@preact/signals";
import type { Line, Phase, Prospect, Trouble, VisitorSession } from "../../src/visitor/state.ts";

const query = new URLSearchParams(location.search);
const asked = (name: string): string => query.get(name) ?? "";
const clock = (hh: number, mm: number): number => Math.floor(new Date(2026, 10, 3, hh, mm).getTime() / 60_000);

const line = (
  id: string,
  from: "me" | "them",
  text: string,
  mm: number | undefined,
  delivery: Line["delivery"],
  kind: Line["kind"] = "text",
): Line => ({ id, from, text, minute: mm === undefined ? undefined : clock(21, mm), delivery, kind });

const talk: readonly Line[] = [
  line("0", "me", "Hoi", 2, "read"),
  line(
    "1",
    "them",
    "Fijn dat je er bent. Je hoeft niets te vertellen wat je niet wilt. Kun je nu rustig typen?",
    4,
    "read",
  ),
  line("2", "me", "ja even", 5, "read"),
  line("3", "me", "ik weet niet goed hoe ik moet beginnen", 5, "read"),
  line("4", "them", "Dat hoeft ook niet in één keer. Begin waar je wilt, ik lees mee.", 6, "read"),
  line("5", "me", "ik moet dingen doen die ik niet wil", undefined, "retrying"),
];
const odd: readonly Line[] = [
  ...talk.slice(0, 5),
  line("d", "them", "", 7, "read", "doubt"),
  line("s", "them", "", 8, "read", "swap"),
  line("6", "them", "Hoi, ik ben een collega. Ik heb teruggelezen.", 8, "read"),
  line(
    "7",
    "me",
    "https://voorbeeld.example/eenheellangadreszonderspatiesdatnietpastopeenklein/scherm",
    9,
    "delivered",
  ),
  line("8", "me", "ok", undefined, "sending"),
];

const scripts: Record<string, readonly Line[]> = { talk, odd, one: talk.slice(0, 1), none: [] };

export function createScriptedVisitor(): VisitorSession {
  const phase = signal<Phase>((asked("phase") || "start") as Phase);
  const trouble = signal<Trouble | undefined>((asked("trouble") || undefined) as Trouble | undefined);
  const range = asked("range").split("-").map(Number);
  const expected = signal(asked("range") === "" ? undefined : { low: range[0] ?? 0, high: range[1] ?? 0 });
  const place = signal({ place: 3, low: expected.value?.low, high: expected.value?.high });
  const again = signal(asked("again") !== "");
  const lines = signal<readonly Line[]>(scripts[asked("lines") || "none"] ?? []);
  const theyType = signal(asked("types") !== "");
  const network = signal((asked("net") || "fine") as "fine" | "lost" | "long");
  const muted = signal(asked("muted") !== "");
  const endedBy = signal((asked("by") || undefined) as "visitor" | "team" | undefined);
  const calls: string[] = [];

  const place113 = {
    name: "113 Zelfmoordpreventie",
    about: { nl: "Praten over zelfmoord. Gratis en anoniem.", en: "Talk about suicide. Free and anonymous." },
    phone: "113",
    until: undefined,
    source: "www.113.nl",
    checked: "2026-11-25",
  };
  const late = (asked("late") || "no") as Prospect["late"];
  const until = asked("closed") === "" ? clock(23, 0) : clock(34, 0);
  const prospect: Prospect = { open: asked("closed") === "", until, late, places: [place113] };

  const session: VisitorSession = {
    phase,
    trouble,
    expected,
    prospect: signal<Prospect | undefined>(prospect),
    closedMeanwhile: signal(asked("closing") !== ""),
    now: () => clock(21, 24),
    place,
    again,
    lines,
    theyType,
    network,
    muted,
    endedBy,
    eraseIsLate: signal(asked("late") !== ""),
    async start() {
      phase.value = "opening";
      await new Promise((done) => setTimeout(done, 200));
      phase.value = "waiting";
    },
    async send(text) {
      if (text.length > 5_000) return false;
      if (text === "fail") throw new Error("scripted");
      lines.value = [...lines.value, line(`m${lines.value.length}`, "me", text, undefined, "sending")];
      return true;
    },
    seen: () => calls.push("seen"),
    async end() {
      endedBy.value = "visitor";
      phase.value = "ended";
    },
    async erase() {
      phase.value = "erased";
    },
    wipe: () => calls.push("wipe"),
  };
  const handles = { phase, trouble, place, again, lines, theyType, network, endedBy, calls, line };
  Object.assign(window, { script: handles });
  return session;
}
