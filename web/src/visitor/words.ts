/** The visitor's language: what the browser asks for, until a button says otherwise. Kept nowhere. */

import { effect, signal } from "@preact/signals";
import { en } from "../words/en.ts";
import { nl } from "../words/nl.ts";
import { type Language, pick, speaker } from "../words/speak.ts";

export const language = signal<Language>(pick(navigator.languages));

export const say = speaker<typeof nl>({ nl, en }, language);

/** What stands in and around the box that somebody writes in. */
export const boxWords = () => ({
  label: say("chat.box"),
  hint: say("chat.hint"),
  send: say("chat.send"),
  long: say("m.long"),
  failed: say("err"),
});

/** Screen readers choose their voice by this. */
export const tellPage = (): (() => void) =>
  effect(() => {
    document.documentElement.lang = language.value;
  });
