/**
 * Shares of a key go onto paper, one at a time: one person looks, writes down, types two lines back; then the next. The
 * page keeps nothing, and what is printed is one share and nothing of the desk.
 */

import { type Signal, useSignal } from "@preact/signals";
import { useEffect, useId, useRef } from "preact/hooks";
import { random } from "../crypto/bytes.ts";
import { type Paper, SharedKey, sameLine } from "../crypto/shares.ts";
import { alarm } from "../ui/announce.ts";
import { Icon } from "../ui/Icon.tsx";
import { say } from "./words.ts";

const LINES_TYPED_BACK = 2;

export interface SharesProps {
  /** Of one key or of several, in the order in which people sit down. */
  readonly papers: readonly Paper[];
  /** Each was shown, and two lines of each were typed back rightly. */
  readonly onDone: () => void;
}

type Step = "cover" | "paper" | "check";

export function Shares({ papers, onDone }: SharesProps) {
  const at = useSignal(0);
  const step = useSignal<Step>("cover");
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => heading.current?.focus(), [at.value, step.value]);
  const paper = papers[at.value];
  if (paper === undefined) return null;

  function next(): void {
    if (at.value + 1 === papers.length) onDone();
    else {
      at.value += 1;
      step.value = "cover";
    }
  }
  return (
    <section class="card rows sharing" aria-labelledby="share-h">
      <h2 id="share-h" ref={heading} tabIndex={-1}>
        {title(paper)}
      </h2>
      {step.value === "cover" && <Cover go={() => (step.value = "paper")} />}
      {step.value === "paper" && <Written paper={paper} go={() => (step.value = "check")} />}
      {step.value === "check" && <Check paper={paper} back={() => (step.value = "paper")} go={next} />}
    </section>
  );
}

function title({ key, number, shares }: Paper): string {
  const name = say(key === SharedKey.ROOT ? "share.root" : "share.recovery");
  return say("share.h", { key: name, n: number, m: shares });
}

/** Between two people: nothing to see. */
function Cover({ go }: { go: () => void }) {
  return (
    <>
      <p>{say("share.cover")}</p>
      <div class="buttons">
        <button type="button" class="pill full" onClick={go}>
          {say("share.show")}
        </button>
      </div>
    </>
  );
}

function Written({ paper, go }: { paper: Paper; go: () => void }) {
  return (
    <>
      <Sheet paper={paper} />
      <p class="small">{say("share.printer")}</p>
      <div class="buttons">
        <button type="button" class="pill full" onClick={go}>
          {say("share.done")}
        </button>
        <button type="button" class="pill outline" onClick={() => print()}>
          {say("share.print")}
        </button>
      </div>
    </>
  );
}

/** What is on the paper, on the screen and from a printer. No service that translates pages may see it. */
function Sheet({ paper }: { paper: Paper }) {
  const { organisation, shares, threshold, set, lines } = paper;
  return (
    <div class="sheet rows">
      <p class="sheet-h" aria-hidden="true">
        {title(paper)}
      </p>
      <dl>
        <div>
          <dt>{say("share.house")}</dt>
          <dd dir="auto">{organisation}</dd>
        </div>
        <div>
          <dt>{say("share.set")}</dt>
          <dd>
            <code>{`${set.slice(0, 4)} ${set.slice(4)}`}</code>
          </dd>
        </div>
      </dl>
      <ol class="share-lines notranslate" translate={false} lang="en" dir="ltr">
        {lines.map((line) => (
          <li key={line}>
            {line.split(" ").map((word, place) => (
              <span key={`${place} ${word}`}>{word} </span>
            ))}
          </li>
        ))}
      </ol>
      <p>{say("share.of", { t: threshold, m: shares })}</p>
      <p>{say("share.keep")}</p>
      <p>{say("share.not")}</p>
      <dl class="by-hand">
        <div>
          <dt>{say("share.by")}</dt>
          <dd />
        </div>
        <div>
          <dt>{say("share.date")}</dt>
          <dd />
        </div>
      </dl>
    </div>
  );
}

interface CheckProps {
  readonly paper: Paper;
  readonly back: () => void;
  readonly go: () => void;
}

/** Two lines by chance: whoever can read those from their paper has written down the others, too. */
function Check({ paper, back, go }: CheckProps) {
  const chosen = useSignal<readonly number[]>(someLines(paper.lines.length));
  const first = useSignal("");
  const second = useSignal("");
  const wrong = useSignal<readonly number[]>([]);
  const typed = [first, second];

  async function submit(event: SubmitEvent): Promise<void> {
    event.preventDefault();
    const slips: number[] = [];
    for (const [at, line] of chosen.value.entries()) {
      if (!(await sameLine(typed[at]?.value ?? "", paper.lines[line] ?? ""))) slips.push(line);
    }
    wrong.value = slips;
    if (slips.length === 0) go();
    else alarm(slips.map((line) => say("share.wrong", { n: line + 1 })).join(" "));
  }
  return (
    <form class="rows" autocomplete="off" onSubmit={(event) => void submit(event)}>
      <p>{say("share.check")}</p>
      {chosen.value.map((line, at) => (
        <Line key={line} line={line} value={typed[at] ?? first} wrong={wrong.value.includes(line)} />
      ))}
      <div class="buttons">
        <button type="submit" class="pill full">
          {say("share.go")}
        </button>
        <button type="button" class="pill outline" onClick={back}>
          {say("share.again")}
        </button>
      </div>
    </form>
  );
}

/** No keyboard and no service corrects, completes or learns what is written here. */
const noLearning: object = { autocorrect: false, autocapitalize: "none", writingsuggestions: "false" };

interface LineProps {
  readonly line: number;
  readonly value: Signal<string>;
  readonly wrong: boolean;
  /** What is said of a wrong one. */
  readonly says?: string;
}

/** Five words of a share, typed from paper. */
export function Line({ line, value, wrong, says = say("share.wrong", { n: line + 1 }) }: LineProps) {
  const id = useId();
  return (
    <div class="field">
      <label for={id}>{say("share.line", { n: line + 1 })}</label>
      <input
        id={id}
        class="box notranslate"
        {...noLearning}
        translate={false}
        lang="en"
        dir="ltr"
        autocomplete="off"
        spellcheck={false}
        required
        aria-invalid={wrong}
        aria-describedby={wrong ? `${id}-wrong` : undefined}
        value={value.value}
        onInput={(event) => (value.value = event.currentTarget.value)}
      />
      {wrong && (
        <p id={`${id}-wrong`} class="card warn with-icon">
          <Icon name="warn" />
          {says}
        </p>
      )}
    </div>
  );
}

/** Two of so many lines, in their order. */
function someLines(count: number): number[] {
  const all = Array.from(random(count), (chance, line) => ({ chance, line }));
  const picked = all.sort((a, b) => a.chance - b.chance).slice(0, LINES_TYPED_BACK);
  return picked.map(({ line }) => line).sort((a, b) => a - b);
}
