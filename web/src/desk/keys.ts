/** The keys of the desk. Function keys and Ctrl+K only: a single letter would strike while somebody writes. */

import type { Desk } from "./desk.ts";

/** F6: around the parts of the screen. */
export function nextRegion(step: 1 | -1): void {
  const regions = [...document.querySelectorAll<HTMLElement>("[data-region]")];
  const at = regions.findIndex((region) => region.contains(document.activeElement));
  regions.at((at + (at < 0 && step < 0 ? 0 : step)) % regions.length)?.focus();
}

/** F2: the next conversation after this one that has something new. */
export function nextUnread(desk: Desk, step: 1 | -1): void {
  const talks = desk.session.conversations.peek();
  const front = talks.findIndex((talk) => talk.conv === desk.chosen.peek()[0]);
  const round = talks.map((_, i) => talks[(front + step * (i + 1) + talks.length * 2) % talks.length]);
  const found = round.find((talk) => talk !== undefined && talk.unread.peek() > 0);
  if (found !== undefined) desk.show(found.conv);
}

/** F8 goes there and no further: taking somebody is a deed of its own. */
export function firstTake(): void {
  document.querySelector<HTMLElement>(".waiting .take:not([aria-disabled=true])")?.focus();
}

/** F4 takes whose turn it is; a key that is held down takes nobody more. */
export function nextButton(): void {
  document.querySelector<HTMLElement>('.waiting [aria-keyshortcuts="F4"]')?.click();
}

type Deeds = Readonly<Record<string, () => unknown>>;

/** What works on every page: around its parts, and lock. */
const everywhere = (desk: Desk, step: 1 | -1): Deeds => ({
  F6: () => nextRegion(step),
  F9: () => desk.session.lock(),
});

const stepOf = (event: KeyboardEvent): 1 | -1 => (event.shiftKey ? -1 : 1);

export function onKey(desk: Desk, commands: () => void, event: KeyboardEvent): void {
  const step = stepOf(event);
  const deeds: Deeds = {
    ...everywhere(desk, step),
    F2: () => nextUnread(desk, step),
    F4: () => event.repeat || nextButton(),
    F8: firstTake,
  };
  press(event, event.ctrlKey && event.key.toLowerCase() === "k" ? commands : deeds[event.key]);
}

export function onKeyWithoutDesk(desk: Desk, event: KeyboardEvent): void {
  press(event, everywhere(desk, stepOf(event))[event.key]);
}

function press(event: KeyboardEvent, deed: (() => unknown) | undefined): void {
  if (deed === undefined || event.altKey || event.metaKey) return;
  event.preventDefault();
  deed();
}
