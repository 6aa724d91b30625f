/** X25519 and Ed25519 for browsers that have none. Loaded only there: it is slower, and holds keys as plain bytes. */

import { generateKeyPairFromSeed, sign, verify } from "@stablelib/ed25519";
import { scalarMultBase, sharedKey } from "@stablelib/x25519";
import { KDF_HKDF_SHA256, type KEM, type Key, type KeyPair, LabeledExpand, LabeledExtract } from "hpke";
import { type Bytes, concat, owned, random, u16, utf8 } from "./bytes.ts";
import { CannotOpen } from "./errors.ts";
import type { Agreement, AgreementKey, Signatures, SigningKey } from "./points.ts";

const KEM_ID = 0x0020;
const SUITE_ID = concat(utf8("KEM"), u16(KEM_ID));
const KDF = KDF_HKDF_SHA256();
const EMPTY = new Uint8Array(0);

interface PlainKey extends Key {
  readonly bytes: Bytes;
}

export const portableAgreement: Agreement = { agreementKey, kem: dhkem };
export const portableSignatures: Signatures = { signingKey, holds };

async function agreementKey(privateBytes: Uint8Array): Promise<AgreementKey> {
  const pair = keyPair(privateBytes);
  return { publicKey: pair.publicKey.bytes, pair };
}

async function signingKey(seed: Uint8Array): Promise<SigningKey> {
  const { publicKey, secretKey } = generateKeyPairFromSeed(seed);
  return { publicKey: owned(publicKey), sign: async (message) => owned(sign(secretKey, message)) };
}

/** Without the cofactor, comparing R's bytes, as browsers and OpenSSL do: a check times 8 would take what they refuse. */
async function holds(publicKey: Uint8Array, signature: Uint8Array, message: Uint8Array): Promise<boolean> {
  return verify(publicKey, message, signature);
}

function plainKey(type: "private" | "public", bytes: Uint8Array): PlainKey {
  return { algorithm: { name: "X25519" }, extractable: type === "public", type, bytes: owned(bytes.slice()) };
}

function keyPair(privateBytes: Uint8Array): KeyPair<PlainKey> {
  return {
    privateKey: plainKey("private", privateBytes),
    publicKey: plainKey("public", scalarMultBase(privateBytes)),
  };
}

/** DHKEM(X25519, HKDF-SHA256) of RFC 9180, section 4.1, base mode only. */
function dhkem(): Readonly<KEM<PlainKey>> {
  return {
    id: KEM_ID,
    type: "KEM",
    name: "DHKEM(X25519, HKDF-SHA256)",
    Nsecret: 32,
    Nenc: 32,
    Npk: 32,
    Nsk: 32,
    DeriveKeyPair: notUsed,
    GenerateKeyPair: async () => keyPair(random(32)),
    SerializePublicKey: async (key) => key.bytes,
    DeserializePublicKey: async (bytes) => plainKey("public", bytes),
    SerializePrivateKey: notUsed,
    DeserializePrivateKey: async (bytes) => plainKey("private", bytes),
    Encap: encapsulate,
    Decap: decapsulate,
  };
}

async function notUsed(): Promise<never> {
  throw new Error("not used in Luwte");
}

async function encapsulate(recipient: PlainKey): Promise<{ shared_secret: Uint8Array; enc: Uint8Array }> {
  const passing = random(32);
  const enc = owned(scalarMultBase(passing));
  const shared = agreed(passing, recipient.bytes);
  return { shared_secret: await extractAndExpand(shared, concat(enc, recipient.bytes)), enc };
}

async function decapsulate(enc: Uint8Array, own: PlainKey, ownPublic: PlainKey | undefined): Promise<Uint8Array> {
  if (ownPublic === undefined) throw new CannotOpen();
  const shared = agreed(own.bytes, enc);
  return extractAndExpand(shared, concat(enc, ownPublic.bytes));
}

/** Throws for a point of low order: what is agreed with one, everybody knows (RFC 9180, section 7.1.4). */
function agreed(own: Uint8Array, theirs: Uint8Array): Uint8Array {
  return sharedKey(own, theirs, true);
}

async function extractAndExpand(shared: Uint8Array, context: Uint8Array): Promise<Uint8Array> {
  const prk = await LabeledExtract(KDF, SUITE_ID, EMPTY, utf8("eae_prk"), shared);
  return LabeledExpand(KDF, SUITE_ID, prk, utf8("shared_secret"), context, 32);
}
