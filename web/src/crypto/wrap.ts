/** Wraps: one secret, carried to one public key, in one place. HPKE, single shot only. */

import { AEAD_AES_256_GCM, CipherSuite, KDF_HKDF_SHA256 } from "hpke";
import { type Bytes, concat, lp, owned, u8, u32, utf8 } from "./bytes.ts";
import { type AgreementKey, agreement, checkX25519 } from "./curves.ts";
import { CannotOpen, Malformed } from "./errors.ts";
import { sha256 } from "./primitives.ts";

export const WRAP_BYTES = 80;
export const NO_CONVERSATION: Uint8Array = new Uint8Array(16);

/** To whom a wrap goes, and so what it may be used for. */
export const Purpose = {
  TEAM: 1,
  PARTNER: 2,
  RECOVERY: 3,
  MEMBER: 4,
  VISITOR: 5,
  TEAM_LOG: 7,
  TEAM_ADMIN: 8,
} as const;
export type Purpose = (typeof Purpose)[keyof typeof Purpose];

/** The place a wrap belongs to. It opens nowhere else. */
export interface WrapContext {
  readonly organisation: string;
  readonly team: string;
  readonly epoch: number;
  readonly conv: Uint8Array;
  readonly generation: number;
  readonly purpose: Purpose;
}

/** Wrap a 32-byte secret; throws Malformed for a key of low order, whose wraps anybody could open. */
export async function wrap(secret: Uint8Array, recipientPublic: Uint8Array, context: WrapContext): Promise<Bytes> {
  if (secret.length !== 32) throw new Malformed("a wrapped secret has 32 bytes");
  const info = await contextInfo(context, checkX25519(recipientPublic));
  const hpke = await suite();
  const recipient = await hpke.DeserializePublicKey(recipientPublic);
  const { encapsulatedSecret, ciphertext } = await hpke.Seal(recipient, secret, { info });
  return concat(encapsulatedSecret, ciphertext);
}

/** Give the 32-byte secret, or throw CannotOpen. */
export async function unwrap(wrapped: Uint8Array, key: AgreementKey, context: WrapContext): Promise<Bytes> {
  const info = await contextInfo(context, key.publicKey);
  if (wrapped.length !== WRAP_BYTES) throw new CannotOpen();
  const hpke = await suite();
  try {
    return owned(await hpke.Open(key.pair, wrapped.subarray(0, 32), wrapped.subarray(32), { info }));
  } catch {
    throw new CannotOpen();
  }
}

async function suite(): Promise<CipherSuite> {
  return new CipherSuite((await agreement()).kem, KDF_HKDF_SHA256, AEAD_AES_256_GCM);
}

async function contextInfo(context: WrapContext, recipientPublic: Uint8Array): Promise<Bytes> {
  if (context.conv.length !== 16) throw new Malformed("a conversation id has 16 bytes");
  return concat(
    utf8("luwte/v1/wrap\0"),
    lp(utf8(context.organisation)),
    lp(utf8(context.team)),
    u32(context.epoch),
    context.conv,
    u32(context.generation),
    await sha256(recipientPublic),
    u8(context.purpose),
  );
}
