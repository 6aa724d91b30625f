/** Picking a language and filling sentences. Nothing is remembered: the choice lives as long as the page. */

export const languages = ["nl", "en"] as const;
export type Language = (typeof languages)[number];

/** A language in its own words, so that whoever needs it can find it. */
export const ownName: Record<Language, string> = { nl: "Nederlands", en: "English" };

const isLanguage = (code: string): code is Language => (languages as readonly string[]).includes(code);

/** The first language the browser asks for that we speak; English for whoever speaks neither. */
export function pick(wanted: readonly string[]): Language {
  return wanted.map((tag) => tag.toLowerCase().split("-")[0] ?? "").find(isLanguage) ?? "en";
}

/** The {places} in a sentence, read from its type: a forgotten one does not compile. */
type Places<Sentence> = Sentence extends `${string}{${infer Name}}${infer Rest}` ? Name | Places<Rest> : never;
type Filling<Sentence> = [Places<Sentence>] extends [never] ? [] : [Record<Places<Sentence>, string | number>];

export function fill(sentence: string, values: Readonly<Record<string, string | number>>): string {
  return sentence.replace(/\{(\w+)\}/g, (place, name: string) => String(values[name] ?? place));
}

export type Say<Source> = <Key extends keyof Source>(key: Key, ...filling: Filling<Source[Key]>) => string;

/** One function that says everything, in the language of the moment. */
export function speaker<Source extends Record<string, string>>(
  words: Record<Language, Record<keyof Source, string>>,
  language: { readonly value: Language },
): Say<Source> {
  return (key, ...[values]) => fill(words[language.value][key], values ?? {});
}
