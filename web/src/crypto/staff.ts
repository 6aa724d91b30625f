/** A staff member's keys: they grow from a passphrase and half a key that the server keeps. Desk only (WASM). */

import { argon2id } from "hash-wasm";
import { type Bytes, concat } from "./bytes.ts";
import { hkdf, openSealed, sealed } from "./primitives.ts";

export type StaffKeyId = "x25519" | "ed25519";

const AMK_ID = "amk";
const SHEET_ID = "amk/sheet";

/** Turn a passphrase into 32 bytes, slowly. The cost is a constant: no server can ask for less. */
export async function stretch(passphrase: string, salt: Uint8Array): Promise<Bytes> {
  if (salt.length !== 16) throw new RangeError("the salt has 16 bytes");
  const how = { memorySize: 65536, iterations: 3, parallelism: 1, hashLength: 32, outputType: "binary" } as const;
  return new Uint8Array(await argon2id({ password: passphrase.normalize("NFKD"), salt, ...how }));
}

/** What a desk shows at sign-in; the server keeps its SHA-256 only. */
export function loginProof(stretched: Uint8Array): Promise<Bytes> {
  return hkdf(stretched, "luwte/v1/login-proof");
}

/** The key that opens AMK: it needs the passphrase and the half that the server lets go after sign-in. */
export function kek(stretched: Uint8Array, serverHalf: Uint8Array): Promise<Bytes> {
  if (stretched.length !== 32 || serverHalf.length !== 32) throw new RangeError("both halves have 32 bytes");
  return hkdf(concat(stretched, serverHalf), "luwte/v1/kek");
}

export function sealAmk(kek: Uint8Array, account: string, amk: Uint8Array): Promise<Bytes> {
  return sealed(kek, account, AMK_ID, amk);
}

export function openAmk(kek: Uint8Array, account: string, box: Uint8Array): Promise<Bytes> {
  return openSealed(kek, account, AMK_ID, box);
}

/** What a desk shows that has the recovery sheet, 16 bytes, in the place of a passphrase; the server keeps its SHA-256 only. */
export function sheetProof(sheet: Uint8Array): Promise<Bytes> {
  return hkdf(sheet, "luwte/v1/sheet/proof");
}

export async function sealAmkForSheet(sheet: Uint8Array, account: string, amk: Uint8Array): Promise<Bytes> {
  return sealed(await hkdf(sheet, "luwte/v1/sheet/seal"), account, SHEET_ID, amk);
}

export async function openAmkBySheet(sheet: Uint8Array, account: string, box: Uint8Array): Promise<Bytes> {
  return openSealed(await hkdf(sheet, "luwte/v1/sheet/seal"), account, SHEET_ID, box);
}

export function staffKeyLabel(id: StaffKeyId): string {
  return `luwte/v1/staff-key/${id}`;
}

export async function sealStaffKey(
  amk: Uint8Array,
  account: string,
  id: StaffKeyId,
  privateBytes: Uint8Array,
): Promise<Bytes> {
  return sealed(await hkdf(amk, staffKeyLabel(id)), account, id, privateBytes);
}

export async function openStaffKey(amk: Uint8Array, account: string, id: StaffKeyId, box: Uint8Array): Promise<Bytes> {
  return openSealed(await hkdf(amk, staffKeyLabel(id)), account, id, box);
}
