/** A dialog over the desk that gives back what it took: the focus, which browsers do, and the cursor, which they lose. */

import type { RefObject } from "preact";
import { useEffect, useRef } from "preact/hooks";

interface Place {
  readonly box: HTMLTextAreaElement;
  readonly start: number;
  readonly end: number;
}

function here(): Place | undefined {
  const box = document.activeElement;
  if (!(box instanceof HTMLTextAreaElement)) return undefined;
  return { box, start: box.selectionStart, end: box.selectionEnd };
}

export interface Modal {
  readonly dialog: RefObject<HTMLDialogElement | null>;
  /** Close it; the cursor stands where it stood. */
  shut(): void;
  /** For `onClose`, which Escape brings, too. */
  restore(): void;
}

/** Opens with its component. */
export function useModal(): Modal {
  const dialog = useRef<HTMLDialogElement>(null);
  const place = useRef<Place | undefined>(undefined);
  useEffect(() => {
    place.current = here();
    dialog.current?.showModal();
  }, []);
  function restore(): void {
    const { box, start, end } = place.current ?? {};
    place.current = undefined;
    box?.setSelectionRange(start ?? 0, end ?? 0);
  }
  function shut(): void {
    dialog.current?.close();
    restore();
  }
  return { dialog, shut, restore };
}
