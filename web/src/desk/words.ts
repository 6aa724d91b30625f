/** The counsellor's language: what the browser asks for. */

import { effect, signal } from "@preact/signals";
import { span } from "../ui/clock.ts";
import { en } from "../words/desk.en.ts";
import { nl } from "../words/desk.nl.ts";
import { type Language, pick, speaker } from "../words/speak.ts";

export const language = signal<Language>(pick(navigator.languages));

export const say = speaker<typeof nl>({ nl, en }, language);

export const tellPage = (): (() => void) =>
  effect(() => {
    document.documentElement.lang = language.value;
  });

/** "6 min", "1 h 5 min". */
export function lasted(since: number, now: number): string {
  const { h, n } = span(since, now);
  return h === 0 ? say("t.min", { n }) : say("t.hour", { h, n });
}

/** A part of a sentence, on its own. */
export const capital = (text: string): string => text.charAt(0).toLocaleUpperCase(language.value) + text.slice(1);
