/** Whether "How to hide this visit" is open. It has an address of its own only for browsers without JavaScript. */

import { signal } from "@preact/signals";

export const HIDE_PAGE = "/more";

export const asksToHide = (path: string): boolean => path === HIDE_PAGE;

export const hiding = signal(false);
