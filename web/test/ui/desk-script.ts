/** A desk's session that lives in memory. For looking at screens; never shipped. */

import { type Signal, signal } from "@preact/signals";
import { roles } from "../../src/crypto/roles.ts";
import type { Asked, News, Offer } from "../../src/desk/handing.ts";
import type { Replies, Reply } from "../../src/desk/replies.ts";
import type { DeskConversation, DeskLine, DeskSession, Moved, WaitingRow } from "../../src/desk/state.ts";
import type { Own, OwnAccount } from "../../src/desk/state-account.ts";
import type { Audit, Recorded, RecordPage } from "../../src/desk/state-audit.ts";
import type { Glass } from "../../src/desk/state-glass.ts";
import type { Alarm, LeadSession, LineState, Picture } from "../../src/desk/state-lead.ts";
import { scriptedJoining, scriptedOffice, scriptedPeople } from "./desk-joining.ts";

const query = new URLSearchParams(location.search);
const asked = (name: string): string => query.get(name) ?? "";
const at = (hh: number, mm: number): number => Math.floor(new Date(2026, 10, 3, hh, mm).getTime() / 60_000);
const now = at(21, 24);

const row = (
  conv: string,
  number: number,
  minutes: number,
  opening: string | undefined,
  again = false,
): WaitingRow => ({
  conv,
  number,
  since: now - minutes,
  again,
  opening,
  unreadable: false,
  priority: "normal",
  away: false,
  message: false,
});

const queue: readonly WaitingRow[] = [
  row("e1", 15, 6, "Hoi, ik wil graag met iemand praten over iets van vroeger, en ik weet niet goed hoe dat hier gaat"),
  row("e2", 17, 4, "ik was hier gister ook, kan ik verder praten", true),
  row("e3", 18, 2, undefined),
  row("e4", 19, 1, ""),
];

/** With everything that staff and phones do to a queue. */
const full: readonly WaitingRow[] = [
  { ...row("e3", 18, 2, "hij staat voor de deur en ik durf niet naar buiten"), priority: "urgent" },
  ...queue.slice(0, 2),
  { ...row("e4", 19, 1, "ik kan maar 10 minuten, dan komt hij thuis"), priority: "soon" },
  { ...row("e6", 3, 700, "ik kon vannacht niet slapen, en toen dacht ik: ik schrijf het op"), message: true },
  { ...row("e5", 20, 3, "hallo is daar iemand"), away: true },
];

const line = (
  id: string,
  from: DeskLine["from"],
  text: string,
  mm: number | undefined,
  delivery: DeskLine["delivery"] = "read",
  kind: DeskLine["kind"] = "text",
): DeskLine => ({ id, from, text, minute: mm === undefined ? undefined : at(21, mm), delivery, kind });

interface Talk extends DeskConversation {
  readonly lines: Signal<readonly DeskLine[]>;
  readonly unread: Signal<number>;
  readonly ended: Signal<"visitor" | "team" | undefined>;
  readonly erased: Signal<boolean>;
  readonly fork: Signal<boolean>;
  readonly unreadable: Signal<boolean>;
  readonly visitorTypes: Signal<boolean>;
  readonly visitorIs: Signal<"here" | "away" | "gone">;
  readonly beside: Signal<string | undefined>;
  readonly throughGlass: Signal<boolean>;
  readonly unsealed: Signal<boolean>;
}

const talk = (conv: string, number: number, minutes: number, lines: readonly DeskLine[], unread = 0): Talk => ({
  conv,
  number,
  since: now - minutes,
  lines: signal(lines),
  unread: signal(unread),
  visitorTypes: signal(false),
  visitorIs: signal<"here" | "away" | "gone">("here"),
  ended: signal<"visitor" | "team" | undefined>(undefined),
  erased: signal(false),
  fork: signal(false),
  unreadable: signal(false),
  beside: signal<string | undefined>(undefined),
  throughGlass: signal(false),
  unsealed: signal(false),
});

const twelve = talk("c12", 12, 24, [
  line("0", "colleague", "Hoi, ik ben er voor je.", 10),
  line("1", "me", "Wil je dat iemand van de politie meeleest, of liever nog niet?", 18),
  line("2", "visitor", "misschien. gaan ze dan meteen iets doen?", 19),
  line("3", "visitor", "ik wil niet dat mijn moeder het hoort", 19),
  line("4", "me", "Goede vraag. Je krijgt eerst alleen uitleg. Jij kiest.", 21),
  line("5", "note", "Thuis niet veilig? Vraag na: wie woont er nog in huis.", 22, "sent"),
]);
const sixteen = talk(
  "c16",
  16,
  8,
  [
    line("0", "visitor", "is this really anonymous", 16),
    line("1", "me", "We don’t know who you are. I only know what you tell me here.", 17, "delivered"),
    line("2", "visitor", "ok", 22),
    line("3", "visitor", "", 22, "read", "doubt"),
    line("4", "visitor", "someone has pictures of me and wants money", 22),
  ],
  2,
);
const twenty = talk(
  "c20",
  20,
  71,
  [line("0", "visitor", "hallo", 12), line("1", "me", "Dag", undefined, "retrying")],
  1,
);
const talks: Record<string, readonly Talk[]> = {
  "0": [],
  "1": [twelve],
  "2": [twelve, sixteen],
  "3": [twelve, sixteen, twenty],
};

/** `lead` in the address: a shift lead's desk. `alarm`: others, mine or coming. */
function scriptedLead(calls: string[]): LeadSession {
  const isLead = signal(asked("lead") !== "");
  const line = signal<LineState | undefined>({ open: asked("closed") === "", until: now + 96, by: undefined });
  const alarm = { conv: "c12", number: 12, asked: now - 2, by: "Noor", coming: undefined, mine: false, going: false };
  const alarms = signal<readonly Alarm[]>(
    {
      others: [{ ...alarm, conv: "c30", number: 30 }],
      mine: [{ ...alarm, mine: true }],
      coming: [{ ...alarm, mine: true, coming: "Robin" }],
    }[asked("alarm")] ?? [],
  );
  const running = [
    { conv: "c30", number: 30, since: now - 24, holder: "Noor", companions: [] },
    { conv: "c31", number: 31, since: now - 61, holder: "Sam", companions: ["Robin"] },
  ];
  const desks = [
    { name: "Noor", held: 2, here: true },
    { name: "Sam", held: 1, here: false },
  ];
  const picture = signal<Picture | undefined>({
    waiting: 4,
    away: 1,
    limit: 3,
    longest: now - 6,
    running,
    desks,
    answered: 17,
    missed: 3,
  });
  const company = signal(new Map(asked("company") === "" ? [] : [["c12", ["Robin"]]]));
  return {
    isLead,
    line,
    alarms,
    calling: signal(new Set<string>()),
    company,
    picture,
    returning: signal(
      asked("returning") === "" ? [] : [{ account: "k1", name: "Noor V.", before: "Noor", from: now + 1337 }],
    ),
    openLine: () => calls.push("open"),
    closeLine: () => calls.push("close"),
    call: (conv) => calls.push(`call ${conv}`),
    come: (conv) => calls.push(`come ${conv}`),
    solve: (conv) => calls.push(`solve ${conv}`),
    stepIn: (conv, reason) => calls.push(`in ${conv} ${reason}`),
    stepOut: (conv) => calls.push(`out ${conv}`),
    takeOver: (conv) => calls.push(`over ${conv}`),
  };
}

const recorded = (n: number, name: string, action: string, more: Partial<Recorded> = {}): Recorded => ({
  n,
  minute: now - 60 + n,
  name,
  role: name === "Robin" ? "lead" : "counsellor",
  action,
  conversation: "4f1c8a2200b1c2d3",
  reason: "",
  about: "",
  result: "done",
  ...more,
});

const records: RecordPage = {
  rows: [
    recorded(9, "Robin", "audit.read", { conversation: "", about: "Sam" }),
    recorded(8, "Robin", "glass.see", { about: "Sam" }),
    recorded(7, "Sam", "glass.break", { reason: "absent" }),
    recorded(6, "nobody", "staff.sign_in", { conversation: "", role: "", result: "sign_in_refused" }),
    recorded(5, "Sam", "conversation.take", { result: "already_taken" }),
    recorded(4, "Noor", "conversation.end", { reason: "completed" }),
    recorded(3, "operator", "audit.export", { conversation: "", role: "" }),
    recorded(2, "Noor", "conversation.take"),
    recorded(1, "Noor", "opening.read"),
  ],
  more: true,
  employees: ["Noor", "Robin", "Sam"],
};

/** `glass` in the address: "others" or "mine"; `doubt`: "rewritten" or "silent". */
function scriptedGlass(calls: string[]): { readonly glass: Glass; readonly audit: Audit } {
  const one = {
    key: 1,
    number: 12,
    by: "Sam",
    basis: "absent",
    minute: now - 3,
    mine: asked("glass") === "mine",
  } as const;
  const reason = "Noor neemt de telefoon niet op en de bezoeker wacht";
  const note = "luwte-audit/demo\n1842\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\nminute 29700000\nerasures 3\n";
  return {
    glass: {
      broken: signal(asked("glass") === "" ? [] : [{ ...one, reason }]),
      async open(number) {
        calls.push(`break ${number}`);
        return number === 99 ? "no_such_conversation" : undefined;
      },
      close: (conv) => calls.push(`close ${conv}`),
      see: (key) => calls.push(`see ${key}`),
    },
    audit: {
      remembered: signal({ size: 1842, minute: now - 24, note }),
      doubt: signal((asked("doubt") || undefined) as "rewritten" | "silent" | undefined),
      look: async () => records,
    },
  };
}

/** The passphrase is anything but "wrong", the code anything but "000000". */
function scriptedAccount(): OwnAccount {
  const session = (n: number, here: boolean) => ({ id: String(n), began: now - n, here });
  let own: Own = {
    secondFactor: false,
    recoveryCodes: 0,
    sheet: false,
    sessions: [session(64, true), session(500, false)],
  };
  const kept = async (change: Partial<Own>): Promise<undefined> => {
    own = { ...own, ...change };
    return undefined;
  };
  return {
    look: async () => own,
    knows: async (passphrase) => (passphrase === "wrong" ? "passphrase_refused" : undefined),
    setSecondFactor: async (_, { code }) =>
      code === "000000" ? "code_refused" : kept({ secondFactor: true, recoveryCodes: 10 }),
    setRecoveryCodes: () => kept({ recoveryCodes: 10 }),
    setPassphrase: () => kept({ sessions: own.sessions.filter((one) => one.here) }),
    setSheet: () => kept({ sheet: true }),
    endSession: (id) =>
      kept({ sessions: own.sessions.filter((one) => one.here || (id !== undefined && one.id !== id)) }),
  };
}

export function createScriptedDesk(): DeskSession {
  const phase = signal((asked("phase") || "in") as "out" | "signing_in" | "in" | "locked");
  const trouble = signal<string | undefined>(asked("trouble") || undefined);
  const connected = signal(asked("net") === "");
  const waiting = signal<readonly WaitingRow[]>(
    asked("queue") === "none" ? [] : asked("queue") === "full" ? full : queue,
  );
  const left = signal<readonly string[]>([]);
  const messages = signal<ReadonlySet<string>>(new Set(asked("message") === "" ? ["e6"] : ["e6", asked("message")]));
  const moved = signal<readonly Moved[]>(asked("moved") === "" ? [] : [{ conv: "e2", number: 17 }]);
  const conversations = signal<readonly Talk[]>(talks[asked("talks") || "2"] ?? []);
  const calls: string[] = [];
  const find = (conv: string): Talk | undefined => conversations.value.find((one) => one.conv === conv);
  const say = (conv: string, from: "me" | "note", text: string): boolean => {
    const one = find(conv);
    if (one === undefined || text.length > 5_000) return false;
    one.lines.value = [...one.lines.value, line(`x${one.lines.value.length}`, from, text, 24, "sent")];
    return true;
  };
  twelve.visitorTypes.value = asked("types") !== "";
  if (asked("beside") !== "") twelve.beside.value = asked("beside");
  twelve.throughGlass.value = asked("through") !== "";
  twelve.fork.value = asked("fork") !== "";
  if (asked("is") !== "") twelve.visitorIs.value = asked("is") as "here" | "away" | "gone";
  if (asked("by") !== "") twelve.ended.value = asked("by") as "visitor" | "team";
  Object.assign(window, {
    script: { phase, trouble, connected, waiting, conversations, left, calls, row, line, twelve, sixteen },
  });
  const colleagues = [
    { account: "a1", name: "Hulpverlener B", held: 1 },
    { account: "a2", name: "Hulpverlener C", held: 4 },
  ];
  const offers = signal<readonly Offer[]>(
    asked("offer") === "" ? [] : [{ conv: "c99", number: 14, name: "Hulpverlener B" }],
  );
  const handed = signal<ReadonlyMap<string, Asked>>(new Map());
  const muted = signal<ReadonlySet<string>>(new Set(asked("muted") === "" ? [] : ["c12"]));
  const news = signal<News | undefined>(undefined);
  const called = async (what: string): Promise<boolean> => {
    calls.push(what);
    return true;
  };
  const replies = signal<readonly Reply[]>([
    { id: "r1", scope: "own", version: 1, language: "nl", name: "Welkom", text: "Hoi, fijn dat je er bent." },
    {
      id: "r2",
      scope: "team",
      version: 1,
      language: "nl",
      name: "Politie",
      text: "De politie kan ook zonder aangifte verder. Wil je dat ik uitleg hoe?",
    },
    { id: "r3", scope: "team", version: 2, language: "en", name: "Welcome", text: "Hi, good that you are here." },
  ]);
  const kit: Replies = {
    all: replies,
    read: () => called("read"),
    async save(draft) {
      replies.value = [...replies.value, { ...draft, id: draft.id ?? `r${replies.value.length}`, version: 1 }];
      return "kept";
    },
    async remove(reply) {
      replies.value = replies.value.filter((one) => one !== reply);
      return "kept";
    },
  };
  return {
    phase,
    trouble,
    later: signal(undefined),
    turnBack() {},
    handing: {
      limit: signal(Number(asked("limit") || "4")),
      colleagues: signal(asked("alone") === "" ? colleagues : []),
      offers,
      asked: handed,
      muted,
      news,
      async handOver(conv, account) {
        const to = colleagues.find((one) => one.account === account)?.name ?? "";
        handed.value = new Map([...handed.value, [conv, { number: 12, name: to }]]);
        return true;
      },
      async withdraw(conv) {
        handed.value = new Map([...handed.value].filter(([one]) => one !== conv));
        return true;
      },
      answer: (conv, yes) => called(`answer ${conv} ${yes}`),
      async giveBack(conv) {
        conversations.value = conversations.value.filter((one) => one.conv !== conv);
        return true;
      },
      async mute(conv, on) {
        muted.value = new Set(on ? [conv] : []);
        return true;
      },
    },
    replies: signal(kit),
    name: signal("Hulpverlener A"),
    demo: signal(asked("demo") !== ""),
    connected,
    waiting,
    more: signal(asked("more") === "" ? 0 : 12),
    conversations,
    left,
    messages,
    moved,
    minute: signal(now),
    lead: scriptedLead(calls),
    joining: scriptedJoining(asked("join"), asked("wrong")),
    people: scriptedPeople(asked("people"), now),
    role: signal(roles.find((one) => one === asked("role")) ?? (asked("lead") === "" ? "counsellor" : "lead")),
    office: scriptedOffice(now),
    rewrap: { left: signal(asked("people") === "due" ? 412 : 0) },
    pinned: asked("unpinned") === "",
    ...scriptedGlass(calls),
    account: scriptedAccount(),
    async signIn(_, passphrase) {
      phase.value = "signing_in";
      await new Promise((done) => setTimeout(done, 300));
      trouble.value = passphrase === "wrong" ? "sign_in_refused" : undefined;
      phase.value = passphrase === "wrong" ? "out" : "in";
    },
    async openSheet(_, words) {
      trouble.value = words === "wrong" ? "not_a_sheet" : undefined;
      const renew = async (): Promise<void> => {
        phase.value = "in";
      };
      return words === "wrong" ? undefined : { renew, forget: () => {} };
    },
    async signOut() {
      phase.value = "out";
    },
    lock() {
      phase.value = "locked";
    },
    async unlock(passphrase) {
      trouble.value = passphrase === "wrong" ? "sign_in_refused" : undefined;
      if (passphrase !== "wrong") phase.value = "in";
    },
    async take(conv) {
      const taken = waiting.value.find((one) => one.conv === conv);
      waiting.value = waiting.value.filter((one) => one.conv !== conv);
      if (taken === undefined || conv === "e2") return false;
      const opened = talk(conv, taken.number, 0, [line("0", "visitor", taken.opening ?? "", 23)], 1);
      conversations.value = [...conversations.value, opened];
      return true;
    },
    async next() {
      const conv = waiting.value.find((one) => !one.away)?.conv;
      if (conv !== undefined) await this.take(conv);
      return conv;
    },
    mark(conv, priority) {
      waiting.value = waiting.value.map((one) => (one.conv === conv ? { ...one, priority } : one));
    },
    send: async (conv, text) => say(conv, "me", text),
    note: async (conv, text) => say(conv, "note", text),
    typing: (conv) => calls.push(`typing ${conv}`),
    seen(conv) {
      calls.push(`seen ${conv}`);
      const one = find(conv);
      if (one !== undefined) one.unread.value = 0;
    },
    async end(conv, reason) {
      calls.push(`end ${conv} ${reason}`);
      const one = find(conv);
      if (one !== undefined) one.ended.value = "team";
    },
    dismissMoved(conv) {
      moved.value = moved.value.filter((one) => one.conv !== conv);
    },
    dismiss(conv) {
      conversations.value = conversations.value.filter((one) => one.conv !== conv);
    },
  };
}
