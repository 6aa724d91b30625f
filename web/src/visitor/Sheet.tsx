/** A screen over the screen: the exit stays at its place; another question takes the focus, closing gives it back. */

import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { Header } from "./Header.tsx";

interface SheetProps {
  readonly id: string;
  readonly title: string;
  readonly leave: () => void;
  readonly close: () => void;
  readonly children: ComponentChildren;
}

export function Sheet({ id, title, leave, close, children }: SheetProps) {
  const dialog = useRef<HTMLDialogElement>(null);
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    const before = document.activeElement;
    dialog.current?.showModal();
    return () => before instanceof HTMLElement && before.isConnected && before.focus();
  }, []);
  useEffect(() => heading.current?.focus(), [title]);
  return (
    <dialog ref={dialog} class="ending" aria-labelledby={id} onClose={close}>
      <Header leave={leave} />
      <div class="column rows">
        <h2 id={id} ref={heading} tabIndex={-1}>
          {title}
        </h2>
        {children}
      </div>
    </dialog>
  );
}
