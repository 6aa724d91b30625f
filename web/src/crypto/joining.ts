/** What somebody who was invited makes: their keys, and what of them goes to the server. And the codes that invite. */

import { FOR_PAPER } from "./base32.ts";
import { type Bytes, random, utf8, wipe } from "./bytes.ts";
import { agreementKey, signingKey } from "./curves.ts";
import { sha256 } from "./primitives.ts";
import { kek, loginProof, sealAmk, sealStaffKey, stretch } from "./staff.ts";

/** 24 of them are 120 bits, so that their plain hash can be kept. */
export const CODE_LETTERS = 24;

/** A fresh invitation code, as it is hashed. */
export function newCode(): string {
  return Array.from(random(CODE_LETTERS), (byte) => FOR_PAPER.charAt(byte % FOR_PAPER.length)).join("");
}

/** In groups of four, as people read and say it. */
export function shownCode(code: string): string {
  return code.match(/.{1,4}/g)?.join("-") ?? "";
}

/** What somebody typed, as it was made: any case, with spaces or hyphens, and O, I and L read as Crockford does. */
export function readCode(typed: string): string {
  const plain = typed.toUpperCase().replace(/[^0-9A-Z]/g, "");
  return plain.replace(/O/g, "0").replace(/[IL]/g, "1");
}

/** All that the server may know of a code before it is used. */
export function codeHash(code: string): Promise<Bytes> {
  return sha256(utf8(code));
}

/** What goes to the server: public halves, and sealed keys that open with the passphrase alone. */
export interface Member {
  readonly salt: Bytes;
  readonly proof: Bytes;
  readonly serverHalf: Bytes;
  readonly sealedAmk: Bytes;
  readonly sealedX25519: Bytes;
  readonly sealedEd25519: Bytes;
  readonly ed25519: Bytes;
  readonly x25519: Bytes;
}

/** Make somebody's keys, with the salt that their name has. Their private halves are overwritten before this returns: signing in opens them. */
export async function newMember(account: string, passphrase: string, salt: Bytes): Promise<Member> {
  const serverHalf = random(32);
  const secrets = { amk: random(32), x25519: random(32), ed25519: random(32) };
  const stretched = await stretch(passphrase, salt);
  const sealing = await kek(stretched, serverHalf);
  try {
    return {
      salt,
      proof: await loginProof(stretched),
      serverHalf,
      sealedAmk: await sealAmk(sealing, account, secrets.amk),
      sealedX25519: await sealStaffKey(secrets.amk, account, "x25519", secrets.x25519),
      sealedEd25519: await sealStaffKey(secrets.amk, account, "ed25519", secrets.ed25519),
      ed25519: (await signingKey(secrets.ed25519)).publicKey,
      x25519: (await agreementKey(secrets.x25519)).publicKey,
    };
  } finally {
    wipe(stretched, sealing, secrets.amk, secrets.x25519, secrets.ed25519);
  }
}
