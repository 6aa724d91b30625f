/** One step on one screen: a heading that takes the focus, what there is to read or type, and the ways on and out. */

import type { ComponentChildren } from "preact";
import { useEffect, useId, useRef } from "preact/hooks";
import { Mark } from "../ui/Mark.tsx";
import { Warning } from "./Field.tsx";
import { say } from "./words.ts";

interface SheetProps {
  readonly title: string;
  readonly go: string;
  readonly deed: () => Promise<void> | void;
  readonly off?: boolean;
  /** What takes a moment; nothing can be pressed meanwhile. */
  readonly busy?: string | undefined;
  readonly wrong?: string | undefined;
  /** Beside the one that goes on. */
  readonly more?: ComponentChildren;
  readonly children?: ComponentChildren;
}

export function Sheet({ title, go, deed, off = false, busy, wrong, more, children }: SheetProps) {
  const heading = useRef<HTMLHeadingElement>(null);
  const id = useId();
  useEffect(() => {
    heading.current?.focus();
    scrollTo(0, 0);
  }, [title]);

  function submit(event: SubmitEvent): void {
    event.preventDefault();
    if (busy === undefined && !off) void deed();
  }
  return (
    <main class="door">
      <Mark />
      <form class="card rows" autocomplete="off" onSubmit={submit}>
        <h1 ref={heading} tabIndex={-1}>
          {title}
        </h1>
        <Warning id={id} text={wrong} />
        {children}
        {busy !== undefined && (
          <p class="small" role="status">
            {busy}
          </p>
        )}
        <div class="buttons">
          <button type="submit" class="pill full" aria-disabled={busy !== undefined || off}>
            {go}
          </button>
          {more}
        </div>
      </form>
    </main>
  );
}

/** Digits that are read out, group by group. */
export function Digits({ fingerprint }: { fingerprint: string }) {
  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset is for controls
    <p class="digits" role="group" aria-label={say("join.digits")}>
      {fingerprint.split(" ").map((group, at) => (
        <span key={at}>{group}</span>
      ))}
    </p>
  );
}

/** The browser keeps a file: there is no other way than a link that is pressed. */
export function save(name: string, text: string): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([text], { type: "text/plain" }));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}
