/** The few standard pieces that everything else is made of, all native. Nothing here knows what a message is. */

import { type Bytes, concat, owned, random, u8, utf8 } from "./bytes.ts";
import { CannotOpen } from "./errors.ts";

const EMPTY = new Uint8Array(0);
const NONCE_BYTES = 12;

export async function sha256(data: Uint8Array): Promise<Bytes> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", owned(data)));
}

/** Derive 32 bytes from `key` for the one use that `label` names. */
export function hkdf(key: Uint8Array, label: string): Promise<Bytes> {
  return hkdfSalted(key, EMPTY, utf8(label), 32);
}

export async function hkdfSalted(key: Uint8Array, salt: Uint8Array, info: Uint8Array, length: number): Promise<Bytes> {
  const material = await crypto.subtle.importKey("raw", owned(key), "HKDF", false, ["deriveBits"]);
  const how = { name: "HKDF", hash: "SHA-256", salt: owned(salt), info: owned(info) };
  return new Uint8Array(await crypto.subtle.deriveBits(how, material, length * 8));
}

/** AES-256-GCM. Whoever calls answers for a nonce that this key never meets again. */
export async function encrypt(key: Uint8Array, nonce: Uint8Array, plain: Uint8Array, aad: Uint8Array): Promise<Bytes> {
  const how = { name: "AES-GCM", iv: owned(nonce), additionalData: owned(aad) };
  return new Uint8Array(await crypto.subtle.encrypt(how, await aesKey(key, "encrypt"), owned(plain)));
}

export async function decrypt(key: Uint8Array, nonce: Uint8Array, sealed: Uint8Array, aad: Uint8Array): Promise<Bytes> {
  const how = { name: "AES-GCM", iv: owned(nonce), additionalData: owned(aad) };
  const opener = await aesKey(key, "decrypt");
  try {
    return new Uint8Array(await crypto.subtle.decrypt(how, opener, owned(sealed)));
  } catch {
    throw new CannotOpen();
  }
}

/** Seal `secret` so that it opens only as the `id` of this `account`. */
export async function sealed(key: Uint8Array, account: string, id: string, secret: Uint8Array): Promise<Bytes> {
  // A random nonce is safe here: each of these keys seals a handful of things in its life.
  const nonce = random(NONCE_BYTES);
  return concat(nonce, await encrypt(key, nonce, secret, place(account, id)));
}

/** Give back what `sealed` got, or throw CannotOpen. */
export async function openSealed(key: Uint8Array, account: string, id: string, box: Uint8Array): Promise<Bytes> {
  if (box.length < NONCE_BYTES) throw new CannotOpen();
  return decrypt(key, box.subarray(0, NONCE_BYTES), box.subarray(NONCE_BYTES), place(account, id));
}

function aesKey(key: Uint8Array, use: "encrypt" | "decrypt"): Promise<CryptoKey> {
  // Sixteen bytes would make WebCrypto choose AES-128 without a word.
  if (key.length !== 32) throw new RangeError("a key has 32 bytes");
  return crypto.subtle.importKey("raw", owned(key), "AES-GCM", false, [use]);
}

function place(account: string, id: string): Bytes {
  if (account.includes("\0")) throw new RangeError("an account id has no NUL: it ends the name");
  return concat(utf8(account), u8(0), utf8(id));
}
