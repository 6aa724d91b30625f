/** What was said, as bubbles. */

import { Bubble, Fate, Time } from "../ui/Bubble.tsx";
import { type Placed, runs } from "../ui/runs.ts";
import { isOnlyHere, type Line } from "./state.ts";
import { say } from "./words.ts";

const together = (a: Line, b: Line): boolean =>
  a.kind !== "swap" && b.kind !== "swap" && a.from === b.from && a.minute === b.minute && fate(a) === fate(b);

const fate = (line: Line): string => (line.from === "me" ? line.delivery : "");

const words = {
  sending: "m.now",
  sent: "m.sent",
  delivered: "m.dlv",
  read: "m.read",
  retrying: "m.retry",
  unsent: "m.not",
} as const;

function Mine({ placed: { line, first, last }, newest }: { placed: Placed<Line>; newest: boolean }) {
  return (
    <Bubble
      side="mine"
      first={first}
      who={say("chat.me")}
      shown={false}
      minute={line.minute}
      waits={line.delivery === "retrying" || line.delivery === "unsent"}
      text={line.text}
      doubt={line.kind === "doubt" ? say("m.bad") : undefined}
    >
      {last && (
        <Fate
          delivery={line.delivery}
          word={say(words[line.delivery])}
          wordy={newest || isOnlyHere(line)}
          minute={line.minute}
        />
      )}
    </Bubble>
  );
}

function Theirs({ placed: { line, first, last }, named }: { placed: Placed<Line>; named: boolean }) {
  return (
    <Bubble
      side="theirs"
      first={first}
      who={say("chat.them")}
      shown={named}
      minute={line.minute}
      waits={false}
      text={line.text}
      doubt={line.kind === "doubt" ? say("m.bad") : undefined}
    >
      {last && line.minute !== undefined && (
        <span class="meta">
          <Time minute={line.minute} />
        </span>
      )}
    </Bubble>
  );
}

/** The name stands once, above the counsellor's first words and after a colleague took over. */
function named(lines: readonly Line[]): ReadonlySet<number> {
  const found = new Set<number>();
  let before: Line | undefined;
  for (const [i, line] of lines.entries()) {
    if (line.kind !== "swap" && (before === undefined || before.kind === "swap")) found.add(i);
    if (line.from === "them") before = line;
  }
  return found;
}

export function Lines({ lines }: { lines: readonly Line[] }) {
  const newest = lines.filter((line) => line.from === "me" && !isOnlyHere(line)).at(-1)?.id;
  const names = named(lines);
  return runs(lines, together).map((placed, i) => {
    const { line } = placed;
    if (line.kind === "swap")
      return (
        <p key={line.id} class="between">
          {say("chat.swap")}
        </p>
      );
    return line.from === "me" ? (
      <Mine key={line.id} placed={placed} newest={line.id === newest} />
    ) : (
      <Theirs key={line.id} placed={placed} named={names.has(i)} />
    );
  });
}
