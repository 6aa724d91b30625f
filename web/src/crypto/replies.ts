/** Canned replies, sealed so that the server keeps them and cannot read them. Desk only. */

import { type Bytes, concat, fromUtf8, hex, lp, toNumber, u8, utf8 } from "./bytes.ts";
import { Malformed } from "./errors.ts";
import { pad, unpad } from "./padding.ts";
import { hkdf, openSealed, sealed } from "./primitives.ts";

const KIND = 1;
/** The padded bucket beyond which a reply is too long. */
const LARGEST = 4096;

export interface ReplyText {
  readonly language: string;
  /** What to find it by. */
  readonly name: string;
  readonly text: string;
}

export function ownReplyKey(amk: Uint8Array): Promise<Bytes> {
  return hkdf(amk, "luwte/v1/replies");
}

/** Every member of this epoch has it. */
export function teamReplyKey(teamPrivate: Uint8Array, team: string, epoch: number): Promise<Bytes> {
  return hkdf(teamPrivate, `luwte/v1/team-replies/${team}/${epoch}`);
}

/** Seal a reply for one place and one version: moved or renumbered it does not open. */
export async function sealReply(
  key: Uint8Array,
  owner: string,
  id: Uint8Array,
  version: number,
  { language, name, text }: ReplyText,
): Promise<Bytes> {
  const body = pad(concat(u8(KIND), lp(utf8(language)), lp(utf8(name)), lp(utf8(text))));
  if (body.length > LARGEST) throw new Malformed("too long for a reply");
  return sealed(key, owner, place(id, version), body);
}

/** Give what `sealReply` got, or throw CannotOpen or Malformed. */
export async function openReply(
  key: Uint8Array,
  owner: string,
  id: Uint8Array,
  version: number,
  box: Uint8Array,
): Promise<ReplyText> {
  const body = unpad(await openSealed(key, owner, place(id, version), box));
  if (body[0] !== KIND) throw new Malformed("not a reply");
  const fields: string[] = [];
  for (let at = 1; at < body.length; ) {
    const end = at + 2 + toNumber(body.subarray(at, at + 2));
    if (at + 2 > body.length || end > body.length) throw new Malformed("a reply that is cut off");
    fields.push(fromUtf8(body.subarray(at + 2, end)));
    at = end;
  }
  const [language, name, text] = fields;
  if (language === undefined || name === undefined || text === undefined || fields.length !== 3) {
    throw new Malformed("a reply with other fields");
  }
  return { language, name, text };
}

function place(id: Uint8Array, version: number): string {
  return `replies/${hex(id)}/${version}`;
}
