/** The words of the page that takes the papers, in the desk's language. */

import { language } from "../desk/words.ts";
import { en } from "../words/recovery.en.ts";
import { nl } from "../words/recovery.nl.ts";
import { speaker } from "../words/speak.ts";

export const say = speaker<typeof nl>({ nl, en }, language);

/** A day in full, from Unix seconds. */
export const day = (second: number): string =>
  new Intl.DateTimeFormat(language.value, { dateStyle: "long" }).format(new Date(second * 1000));
