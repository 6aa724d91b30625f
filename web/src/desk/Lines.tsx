/** What was said, seen from the desk: the team at the end of the line, the visitor at its start. */

import { Bubble, Fate, Time } from "../ui/Bubble.tsx";
import { type Placed, runs } from "../ui/runs.ts";
import type { DeskLine } from "./state.ts";
import { say } from "./words.ts";

const fate = (line: DeskLine): string => (line.from === "me" || line.from === "note" ? line.delivery : "");

const together = (a: DeskLine, b: DeskLine): boolean =>
  a.from === b.from && a.from !== "note" && a.minute === b.minute && fate(a) === fate(b);

const pending = ({ delivery }: DeskLine): boolean =>
  delivery === "sending" || delivery === "retrying" || delivery === "unsent";

const sides = { visitor: "theirs", me: "mine", colleague: "mine", note: "note" } as const;
const names = { visitor: "talk.them", me: "talk.me", colleague: "talk.colleague", note: "note.team" } as const;

function Below({ line, newest }: { line: DeskLine; newest: boolean }) {
  if (line.from === "me" || (line.from === "note" && pending(line)))
    return (
      <Fate
        delivery={line.delivery}
        word={say(`m.${line.delivery}`)}
        wordy={newest || pending(line)}
        minute={line.minute}
      />
    );
  return <span class="meta">{line.minute !== undefined && <Time minute={line.minute} />}</span>;
}

function One({ placed: { line, first, last }, newest }: { placed: Placed<DeskLine>; newest: boolean }) {
  return (
    <Bubble
      side={sides[line.from]}
      first={first}
      who={say(names[line.from])}
      shown={first && (line.from === "note" || line.from === "colleague")}
      minute={line.minute}
      waits={line.delivery === "retrying" || line.delivery === "unsent"}
      text={line.text}
      doubt={line.kind === "doubt" ? say("m.bad") : undefined}
    >
      {last && <Below line={line} newest={newest} />}
    </Bubble>
  );
}

export function Lines({ lines }: { lines: readonly DeskLine[] }) {
  const newest = lines.filter((line) => line.from === "me" && !pending(line)).at(-1)?.id;
  return runs(lines, together).map((placed) => (
    <One key={placed.line.id} placed={placed} newest={placed.line.id === newest} />
  ));
}
