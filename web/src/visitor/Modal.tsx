/** Something that covers the page: it carries an exit of its own at the same place, and gives the focus back. */

import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { Header } from "./Header.tsx";

interface ModalProps {
  readonly name: string;
  readonly title: string;
  readonly leave: () => void;
  readonly close: () => void;
  readonly children: ComponentChildren;
}

export function Modal({ name, title, leave, close, children }: ModalProps) {
  const dialog = useRef<HTMLDialogElement>(null);
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    const before = document.activeElement;
    dialog.current?.showModal();
    return () => before instanceof HTMLElement && before.isConnected && before.focus();
  }, []);
  useEffect(() => heading.current?.focus(), [title]);
  return (
    <dialog ref={dialog} class="ending" aria-labelledby={name} onClose={close}>
      <Header leave={leave} />
      <div class="column rows">
        <h2 id={name} ref={heading} tabIndex={-1}>
          {title}
        </h2>
        {children}
      </div>
    </dialog>
  );
}
