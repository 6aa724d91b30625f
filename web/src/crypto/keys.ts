/** A visitor's keys: all of them grow from one secret that never leaves the page. */

import { type Bytes, concat, lp, utf8, wipe } from "./bytes.ts";
import { type AgreementKey, agreementKey, type SigningKey, signingKey } from "./curves.ts";
import { Malformed } from "./errors.ts";
import { hkdf, sha256 } from "./primitives.ts";
import { WRAP_BYTES } from "./wrap.ts";

const START_WRAPS = 4;

export interface VisitorKeys {
  readonly ve: AgreementKey;
  readonly vg: SigningKey;
  /** What the server knows a visitor by; it keeps the hash only. */
  readonly credential: Bytes;
  readonly conv: Bytes;
}

/** Grow a visitor's keys; the same `vs` always gives the same ones. */
export async function visitorKeys(vs: Uint8Array): Promise<VisitorKeys> {
  if (vs.length !== 32) throw new RangeError("a visitor secret has 32 bytes");
  const [vePrivate, vgSeed] = [await hkdf(vs, "luwte/v1/ve"), await hkdf(vs, "luwte/v1/vg")];
  const [ve, vg] = [await agreementKey(vePrivate), await signingKey(vgSeed)];
  wipe(vePrivate, vgSeed);
  const credential = await hkdf(vs, "luwte/v1/server-auth");
  return { ve, vg, credential, conv: await conversationId(ve.publicKey, vg.publicKey) };
}

export async function conversationId(vePublic: Uint8Array, vgPublic: Uint8Array): Promise<Bytes> {
  return (await sha256(concat(vePublic, vgPublic))).slice(0, 16);
}

/** Sign the start of a conversation: line, keys, credential, team certificate and the four wraps, as one. */
export async function startSignature(
  line: string,
  keys: VisitorKeys,
  teamCert: Uint8Array,
  wraps: readonly Uint8Array[],
): Promise<Bytes> {
  const { ve, vg, credential } = keys;
  const hashed = await sha256(credential);
  return vg.sign(await startSignatureBytes(line, ve.publicKey, vg.publicKey, hashed, teamCert, wraps));
}

/** Ask for the erasure of one's conversation: it can be said again, to a server that has forgotten everything else. */
export async function eraseSignature({ vg, conv }: VisitorKeys): Promise<Bytes> {
  return vg.sign(concat(utf8("luwte/v1/erase\0"), conv));
}

/** What is signed. The credential enters as its hash, as the server keeps it. */
export async function startSignatureBytes(
  line: string,
  ve: Uint8Array,
  vg: Uint8Array,
  credentialHash: Uint8Array,
  teamCert: Uint8Array,
  wraps: readonly Uint8Array[],
): Promise<Bytes> {
  const wholeWraps = wraps.length === START_WRAPS && wraps.every((wrap) => wrap.length === WRAP_BYTES);
  const wholeKeys = ve.length === 32 && vg.length === 32 && credentialHash.length === 32 && teamCert.length === 16;
  if (!wholeWraps || !wholeKeys) throw new Malformed("a start with fields of the wrong length");
  const joined = await sha256(concat(...wraps));
  return concat(utf8("luwte/v1/start\0"), lp(utf8(line)), ve, vg, credentialHash, teamCert, joined);
}
