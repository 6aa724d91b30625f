/** X25519 and Ed25519 as the browser has them. */

import { KEM_DHKEM_X25519_HKDF_SHA256 } from "hpke";
import { type Bytes, concat, owned, unhex, wipe } from "./bytes.ts";
import type { Agreement, AgreementKey, Signatures, SigningKey } from "./points.ts";

// WebCrypto takes a private key only as PKCS#8 (RFC 8410): this, then the 32 bytes.
const X25519_PKCS8 = unhex("302e020100300506032b656e04220420");
const ED25519_PKCS8 = unhex("302e020100300506032b657004220420");

const BASE_POINT = unhex(`09${"00".repeat(31)}`);

export const nativeAgreement: Agreement = { agreementKey, kem: KEM_DHKEM_X25519_HKDF_SHA256 };
export const nativeSignatures: Signatures = { signingKey, holds };

async function agreementKey(privateBytes: Uint8Array): Promise<AgreementKey> {
  const privateKey = await importPrivate(X25519_PKCS8, privateBytes, "X25519", false, ["deriveBits"]);
  // A public key is the private one agreed with the base point; so the private one need not be exportable for a moment.
  const how = { name: "X25519", public: await importPublic(BASE_POINT, "X25519", []) };
  const bytes = new Uint8Array(await crypto.subtle.deriveBits(how, privateKey, 256));
  return { publicKey: bytes, pair: { privateKey, publicKey: await importPublic(bytes, "X25519", []) } };
}

async function signingKey(seed: Uint8Array): Promise<SigningKey> {
  // Here an export is the only way to the public half; the key that lives on is another, which cannot be exported.
  const passing = await importPrivate(ED25519_PKCS8, seed, "Ed25519", true, ["sign"]);
  const { x } = await crypto.subtle.exportKey("jwk", passing);
  const key = await importPrivate(ED25519_PKCS8, seed, "Ed25519", false, ["sign"]);
  return {
    publicKey: fromBase64Url(x ?? ""),
    sign: async (message) => new Uint8Array(await crypto.subtle.sign("Ed25519", key, owned(message))),
  };
}

async function holds(publicKey: Uint8Array, signature: Uint8Array, message: Uint8Array): Promise<boolean> {
  const key = await importPublic(publicKey, "Ed25519", ["verify"]);
  return crypto.subtle.verify("Ed25519", key, owned(signature), owned(message));
}

async function importPrivate(
  prefix: Uint8Array,
  privateBytes: Uint8Array,
  algorithm: string,
  extractable: boolean,
  uses: readonly KeyUsage[],
): Promise<CryptoKey> {
  if (privateBytes.length !== 32) throw new RangeError("a private key has 32 bytes");
  const pkcs8 = concat(prefix, privateBytes);
  try {
    return await crypto.subtle.importKey("pkcs8", pkcs8, algorithm, extractable, [...uses]);
  } finally {
    wipe(pkcs8);
  }
}

function importPublic(publicKey: Uint8Array, algorithm: string, uses: readonly KeyUsage[]): Promise<CryptoKey> {
  return crypto.subtle.importKey("raw", owned(publicKey), algorithm, true, [...uses]);
}

function fromBase64Url(text: string): Bytes {
  return Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (c) => c.charCodeAt(0));
}
