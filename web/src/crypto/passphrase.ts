/** A passphrase is drawn, never thought up: seven words of BIP39's English list, 77 bits. */

import { random } from "./bytes.ts";
import { loadWords } from "./phrase.ts";

export const PASSPHRASE_WORDS = 7;

export async function newPassphrase(): Promise<string> {
  const all = await loadWords();
  // The list has 2,048 words, which divides 65,536: each is as likely as any other.
  const drawn = new Uint16Array(random(2 * PASSPHRASE_WORDS).buffer);
  return [...drawn].map((number) => all[number % all.length] ?? "").join(" ");
}

/** The same words, whatever stands between them and in whichever case. */
export function isSamePassphrase(typed: string, wanted: string): boolean {
  return typed.trim().toLowerCase().split(/\s+/).join(" ") === wanted;
}
