/** Signed checkpoints of a log (C2SP signed-note and tlog-checkpoint). The server's twin is src/luwte/crypto/note.py. */

import { concat, equal, unbase64, utf8 } from "./bytes.ts";
import { verify } from "./curves.ts";
import { CannotOpen, Malformed } from "./errors.ts";
import { sha256 } from "./primitives.ts";

export interface Checkpoint {
  readonly origin: string;
  readonly size: number;
  readonly root: Uint8Array;
  /** When it was made. */
  readonly minute: number;
  /** The highest number in the ledger of erasures then. */
  readonly erasures: number;
}

const SIGNATURE = /^\u2014 ([^\s+]{1,200}) ([A-Za-z0-9+/]+={0,2})$/u;
const TEXT =
  /^([^\s+]{1,200})\n(0|[1-9][0-9]{0,15})\n([A-Za-z0-9+/]{43}=)\nminute (0|[1-9][0-9]{0,15})\nerasures (0|[1-9][0-9]{0,15})\n$/u;

/** The checkpoint in a note that *origin* signed with this key. Malformed, or CannotOpen when it is not theirs. */
export async function openCheckpoint(note: string, origin: string, publicKey: Uint8Array): Promise<Checkpoint> {
  const checkpoint = read(await openNote(note, origin, publicKey));
  if (checkpoint.origin !== origin) throw new Malformed("a checkpoint of another log");
  return checkpoint;
}

/** The text of a note that *name* signed. Signatures of others may stand beside it. */
export async function openNote(note: string, name: string, publicKey: Uint8Array): Promise<string> {
  const gap = note.lastIndexOf("\n\n");
  if (gap < 0 || !note.endsWith("\n")) throw new Malformed("not a signed note");
  const text = note.slice(0, gap + 1);
  const id = (await sha256(concat(utf8(`${name}\n`), new Uint8Array([1]), publicKey))).subarray(0, 4);
  for (const line of note.slice(gap + 2, -1).split("\n")) {
    const [, signer, value] = SIGNATURE.exec(line) ?? [];
    if (value === undefined) throw new Malformed("not a signature line");
    const signature = unbase64(value);
    if (signer !== name || !equal(signature.subarray(0, 4), id)) continue;
    if (await verify(publicKey, signature.subarray(4), utf8(text))) return text;
    break;
  }
  throw new CannotOpen();
}

function read(text: string): Checkpoint {
  const [, origin, size, root, minute, erasures] = TEXT.exec(text) ?? [];
  if (origin === undefined || root === undefined) throw new Malformed("not a checkpoint");
  const numbers = [size, minute, erasures].map(Number);
  if (!numbers.every(Number.isSafeInteger)) throw new Malformed("a number that a browser cannot count to");
  const [entries = 0, made = 0, erased = 0] = numbers;
  return { origin, size: entries, root: unbase64(root), minute: made, erasures: erased };
}
