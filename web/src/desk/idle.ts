/** A desk that nobody touches locks itself: screens in a shared room are read by whoever walks past. */

import { useEffect } from "preact/hooks";

export const IDLE_MS = 5 * 60_000;

const signs = ["pointerdown", "pointermove", "keydown", "wheel"] as const;

export function useIdle(idle: () => void): void {
  useEffect(() => {
    let wait = setTimeout(idle, IDLE_MS);
    const stir = (): void => {
      clearTimeout(wait);
      wait = setTimeout(idle, IDLE_MS);
    };
    for (const sign of signs) addEventListener(sign, stir, { passive: true });
    return () => {
      clearTimeout(wait);
      for (const sign of signs) removeEventListener(sign, stir);
    };
  }, []);
}
