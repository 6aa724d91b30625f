/** The heading of a screen: where a reader starts when the screen opens. */

import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";

/** Takes the focus only where nobody has it: whoever is writing keeps on writing. */
export function Heading({ children, focus = true }: { children: ComponentChildren; focus?: boolean }) {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    const free = document.activeElement === null || document.activeElement === document.body;
    if (focus && free) heading.current?.focus();
  }, []);
  return (
    <h1 ref={heading} tabIndex={-1}>
      {children}
    </h1>
  );
}

/** The first sentence stands out, the rest explains. */
export function Lead({ text }: { text: string }) {
  const end = text.search(/[.?!] /) + 1;
  if (end === 0) return <b>{text}</b>;
  return (
    <>
      <b>{text.slice(0, end)}</b>
      {text.slice(end)}
    </>
  );
}

/** Big letters break between sentences before they break inside one. */
export function Sentences({ text }: { text: string }) {
  return text.split(/(?<=[.?!]) /).map((sentence) => (
    <span key={sentence} class="sentence">
      {sentence}{" "}
    </span>
  ));
}
