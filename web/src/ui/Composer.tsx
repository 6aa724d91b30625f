/** Where a person types. What could not be sent comes back: nobody should have to say it twice. */

import { type Signal, useSignal } from "@preact/signals";
import { useId } from "preact/hooks";
import { alarm } from "./announce.ts";

export interface ComposerWords {
  readonly label: string;
  readonly hint: string;
  readonly send: string;
  readonly long: string;
  readonly failed: string;
}

export interface ComposerProps {
  readonly words: ComposerWords;
  /** Lives outside, so that a lock, a swap or an ending cannot lose it. */
  readonly draft: Signal<string>;
  /** False: too long. */
  readonly send: (text: string) => Promise<boolean>;
  readonly typing?: () => void;
  readonly enterSends: boolean;
  readonly look?: "note";
}

/** No keyboard and no service corrects, completes or learns what is written here. The first is a property of yes or no. */
const noLearning: object = { autocorrect: false, writingsuggestions: "false" };

type Outcome = "fine" | "long" | "failed";

export function Composer({ words, draft, send, typing, enterSends, look }: ComposerProps) {
  const id = useId();
  const outcome = useSignal<Outcome>("fine");

  /** The box empties at once: with a dead network the next sentence can be written meanwhile. */
  async function submit(): Promise<void> {
    const text = draft.value;
    if (text.trim() === "") return;
    draft.value = "";
    const taken = await send(text).then(
      (fits): Outcome => (fits ? "fine" : "long"),
      (): Outcome => "failed",
    );
    outcome.value = taken;
    if (taken === "fine") return;
    draft.value = draft.value === "" ? text : `${text}\n${draft.value}`;
    alarm(words[taken]);
  }

  function onInput(text: string): void {
    draft.value = text;
    outcome.value = "fine";
    if (text !== "") typing?.();
  }

  function onKeyDown(event: KeyboardEvent): void {
    if (event.key !== "Enter" || event.shiftKey || !enterSends || event.isComposing) return;
    event.preventDefault();
    void submit();
  }

  return (
    <form
      class={`composer ${look ?? ""}`}
      autocomplete="off"
      onSubmit={(event) => {
        event.preventDefault();
        void submit();
      }}
    >
      {outcome.value !== "fine" && (
        <p id={`${id}-says`} class="says warn">
          {words[outcome.value]}
        </p>
      )}
      <label for={id} class="spoken">
        {words.label}
      </label>
      <textarea
        id={id}
        class="box"
        rows={1}
        dir="auto"
        placeholder={words.hint}
        autocomplete="off"
        spellcheck={false}
        {...noLearning}
        aria-describedby={`${id}-says`}
        value={draft.value}
        onInput={(event) => onInput(event.currentTarget.value)}
        onKeyDown={onKeyDown}
      />
      {/* A tap must not take the focus out of the box: the keyboard of the phone would close. */}
      <button
        type="submit"
        class={look === "note" ? "pill outline" : "pill full"}
        onMouseDown={(event) => event.preventDefault()}
      >
        {words.send}
      </button>
    </form>
  );
}
