/** Staying at the end of a log for whoever is there, and never pulling along whoever scrolled up. */

import type { RefObject } from "preact";
import { useLayoutEffect, useRef, useState } from "preact/hooks";

/** So close to the end counts as being there: a thumb is not exact. */
const NEAR = 48;

const atEnd = (el: HTMLElement): boolean => el.scrollHeight - el.scrollTop - el.clientHeight < NEAR;
const toEnd = (el: HTMLElement): void => {
  el.scrollTop = el.scrollHeight;
};

export interface Follow {
  readonly scroller: RefObject<HTMLDivElement | null>;
  /** Something came in below the part that is on the screen. */
  readonly below: boolean;
  /** The end is in view. */
  readonly there: boolean;
  onScroll(): void;
  go(): void;
}

/** *newest* is the id of the last line; *own* says that the reader wrote it, which always shows it. */
export function useFollow(newest: string | undefined, own: boolean): Follow {
  const scroller = useRef<HTMLDivElement>(null);
  const [there, setThere] = useState(true);
  const [below, setBelow] = useState(false);
  const pinned = useRef(true);

  const settle = (): void => {
    const el = scroller.current;
    if (el === null) return;
    pinned.current = atEnd(el);
    setThere(pinned.current);
    if (pinned.current) setBelow(false);
  };
  const go = (): void => {
    if (scroller.current !== null) toEnd(scroller.current);
    settle();
  };

  useLayoutEffect(() => {
    if (newest === undefined) return;
    if (pinned.current || own) go();
    else setBelow(true);
  }, [newest]);

  // A keyboard that opens makes the log shorter without a scroll event, and a card that opens in it makes it longer.
  useLayoutEffect(() => {
    const el = scroller.current;
    if (el === null || newest === undefined) return;
    const watch = new ResizeObserver(() => pinned.current && toEnd(el));
    for (const one of [el, ...el.children]) watch.observe(one);
    return () => watch.disconnect();
  }, [newest === undefined]);

  return { scroller, below, there, onScroll: settle, go };
}
