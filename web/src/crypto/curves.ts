/** X25519 and Ed25519: the browser's own where it has them and they answer right, else one in JavaScript. */

import { type Bytes, equal, unhex } from "./bytes.ts";
import { nativeAgreement, nativeSignatures } from "./native.ts";
import type { Agreement, AgreementKey, Signatures, SigningKey } from "./points.ts";
import { isSoundPoint, isSoundSignature } from "./points.ts";

export type { AgreementKey, SigningKey } from "./points.ts";
export { checkEd25519, checkX25519 } from "./points.ts";

// RFC 7748, section 5.2 (first iteration) and RFC 8032, section 7.1 (test 1): a browser that errs here is not believed.
const X25519_PRIVATE = unhex(`09${"00".repeat(31)}`);
const X25519_PUBLIC = unhex("422c8e7a6227d7bca1350b3e2bb7279f7897b87bb6854b783c60e80311ae3079");
const ED25519_SEED = unhex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60");
const ED25519_PUBLIC = unhex("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a");

let chosenAgreement: Promise<Agreement> | undefined;
let chosenSignatures: Promise<Signatures> | undefined;

export function agreement(): Promise<Agreement> {
  chosenAgreement ??= chooseAgreement().catch((reason) => {
    chosenAgreement = undefined; // a file that did not arrive may arrive later
    throw reason;
  });
  return chosenAgreement;
}

function signatures(): Promise<Signatures> {
  chosenSignatures ??= chooseSignatures().catch((reason) => {
    chosenSignatures = undefined;
    throw reason;
  });
  return chosenSignatures;
}

/**
 * Choose now, so that nothing has to be fetched later: a page that stays open through an upgrade of the server goes on
 * with the files that it began with.
 */
export async function chooseCurves(): Promise<void> {
  await Promise.all([agreement(), signatures()]);
}

/** The X25519 key pair of 32 private bytes. The caller may wipe them afterwards. */
export async function agreementKey(privateBytes: Uint8Array): Promise<AgreementKey> {
  return (await agreement()).agreementKey(privateBytes);
}

/** The Ed25519 key of a seed. The caller may wipe it afterwards. */
export async function signingKey(seed: Uint8Array): Promise<SigningKey> {
  return (await signatures()).signingKey(seed);
}

/**
 * Whether the signature is the holder's, read strictly: one spelling only, no key or R of small order.
 *
 * The checks on the bytes come first because browsers differ here, and two
 * sides that disagree about one signature would see two conversations.
 */
export async function verify(publicKey: Uint8Array, signature: Uint8Array, message: Uint8Array): Promise<boolean> {
  if (!isSoundSignature(signature) || !isSoundPoint(publicKey)) return false;
  const { holds } = await signatures();
  return holds(publicKey, signature, message).catch(() => false); // a key on no curve cannot be imported
}

async function chooseAgreement(): Promise<Agreement> {
  const answers = () => nativeAgreement.agreementKey(X25519_PRIVATE).then((key) => key.publicKey);
  if (await gives(X25519_PUBLIC, answers)) return nativeAgreement;
  return (await import("./portable.ts")).portableAgreement;
}

async function chooseSignatures(): Promise<Signatures> {
  const answers = () => nativeSignatures.signingKey(ED25519_SEED).then((key) => key.publicKey);
  if (await gives(ED25519_PUBLIC, answers)) return nativeSignatures;
  return (await import("./portable.ts")).portableSignatures;
}

async function gives(expected: Bytes, answers: () => Promise<Bytes>): Promise<boolean> {
  try {
    return equal(await answers(), expected);
  } catch {
    return false;
  }
}
