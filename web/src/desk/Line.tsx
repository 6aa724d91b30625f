/** Open or closed, until when, by whom; and the lead's two buttons. Closing ends nothing that runs. */

import { Icon } from "../ui/Icon.tsx";
import type { DeskSession } from "./state.ts";
import { lineSays } from "./when.ts";
import { say } from "./words.ts";

/** For everybody, in the line above the desk. */
export function LineState({ session }: { session: DeskSession }) {
  const line = session.lead.line.value;
  if (line === undefined) return null;
  return (
    <span class="with-word">
      <Icon name={line.open ? "check" : "clock"} />
      {lineSays(line, session.minute.value)}
    </span>
  );
}

interface MoveProps {
  readonly words: string;
  readonly off: boolean;
  readonly go: () => void;
}

const Move = ({ words, off, go }: MoveProps) => (
  <button type="button" class="pill outline" aria-disabled={off} onClick={() => !off && go()}>
    {words}
  </button>
);

export function Line({ session }: { session: DeskSession }) {
  const { lead } = session;
  const line = lead.line.value;
  const waiting = session.waiting.value.filter((row) => !row.message).length + session.more.value;
  const cut = !session.connected.value;
  return (
    <section class="lead-part" aria-labelledby="line" data-region tabIndex={-1}>
      <h2 id="line">{say("line")}</h2>
      {line !== undefined && (
        <p role="status">
          <b>{lineSays(line, session.minute.value)}</b>
          {line.by !== undefined && <span class="small"> {say("line.by", { name: line.by })}</span>}
        </p>
      )}
      {line?.open === false && waiting > 0 && <p>{say("line.left", { n: waiting })}</p>}
      <div class="buttons">
        <Move words={say("line.go.open")} off={cut || line?.open !== false} go={() => lead.openLine()} />
        <Move words={say("line.go.close")} off={cut || line?.open !== true} go={() => lead.closeLine()} />
      </div>
      <p class="small">{say("line.note")}</p>
    </section>
  );
}
