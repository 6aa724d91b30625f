/** Canned replies, as the screens see them. The session fills it. */

import type { ReadonlySignal } from "@preact/signals";

export type Scope = "own" | "team";

export interface ReplyDraft {
  /** Of the reply that it replaces; undefined for a new one. */
  readonly id: string | undefined;
  readonly scope: Scope;
  readonly language: string;
  readonly name: string;
  readonly text: string;
}

export interface Reply extends ReplyDraft {
  readonly id: string;
  readonly version: number;
}

/** "changed": somebody else wrote it meanwhile; theirs is on the screen now, ours was not kept. */
export type Kept = "kept" | "changed" | "full" | "long" | "failed";

export interface Replies {
  readonly all: ReadonlySignal<readonly Reply[]>;
  /** Fetch them, when they are not there. False: no answer, or one that cannot be right. */
  read(): Promise<boolean>;
  save(draft: ReplyDraft): Promise<Kept>;
  remove(reply: Reply): Promise<Kept>;
}

/** Those in which every word of *letters* occurs; the reader's own language first, then by name. */
export function find(all: readonly Reply[], letters: string, language: string): readonly Reply[] {
  const wanted = letters.toLowerCase().split(/\s+/).filter(Boolean);
  const holds = ({ name, text }: Reply): boolean => {
    const said = `${name}\n${text}`.toLowerCase();
    return wanted.every((word) => said.includes(word));
  };
  const foreign = (reply: Reply): number => Number(reply.language !== language);
  return all.filter(holds).toSorted((a, b) => foreign(a) - foreign(b) || a.name.localeCompare(b.name));
}
