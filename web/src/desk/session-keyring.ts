/** A staff member's keys, from a passphrase and what the server keeps; and how they are overwritten. */

import { base64, unbase64, wipe } from "../crypto/bytes.ts";
import { type AgreementKey, agreementKey, type SigningKey, signingKey } from "../crypto/curves.ts";
import { sha256 } from "../crypto/primitives.ts";
import { ownReplyKey, teamReplyKey } from "../crypto/replies.ts";
import { type Role, roles } from "../crypto/roles.ts";
import {
  kek,
  loginProof,
  openAmk,
  openAmkBySheet,
  openStaffKey,
  sealAmk,
  sealAmkForSheet,
  sheetProof,
  stretch,
} from "../crypto/staff.ts";
import { NO_CONVERSATION, Purpose, unwrap } from "../crypto/wrap.ts";
import { flag, list, oneOf, type Reads, record, whole, words } from "../wire/shape.ts";
import type { Answer, Surroundings } from "../wire/surroundings.ts";

/** One plain code of docs/protocol.md 5.5, "untrusted" or "network". */
export class Trouble extends Error {
  readonly code: string;
  constructor(code: string) {
    super(code);
    this.code = code;
  }
}

/** All was right, and nothing is given before this Unix minute: whoever lost everything waits a day. */
export class Later extends Error {
  readonly minute: number;
  constructor(minute: number) {
    super("later");
    this.minute = minute;
  }
}

export interface TeamKey {
  readonly team: string;
  readonly epoch: number;
  readonly key: AgreementKey;
  /** Of the team's canned replies. */
  readonly replies: Uint8Array;
}

export interface Keyring {
  readonly account: string;
  readonly signing: SigningKey;
  readonly agreeing: AgreementKey;
  readonly teamKeys: readonly TeamKey[];
  /** Of our own canned replies. */
  readonly replies: Uint8Array;
}

export interface SignedIn {
  readonly token: string;
  readonly keyring: Keyring;
  readonly demo: boolean;
  /** What the server calls us: it decides what is shown, and never what is allowed. */
  readonly role: Role;
}

export const base64Of =
  (length: number): Reads<Uint8Array> =>
  (value) => {
    if (typeof value !== "string") return undefined;
    try {
      const bytes = unbase64(value);
      return bytes.length === length ? bytes : undefined;
    } catch {
      return undefined;
    }
  };

const SEALED = 12 + 32 + 16;
const readSalt = record({ salt: base64Of(16) });
const readToken = record({ token: base64Of(32) });
const readLater = record({ reads_from: whole });
const readKeys = record({
  account: words(200),
  role: oneOf(...roles),
  server_half: base64Of(32),
  sealed_amk: base64Of(SEALED),
  sealed_x25519: base64Of(SEALED),
  sealed_ed25519: base64Of(SEALED),
  team_keys: list(record({ team: words(200), epoch: whole, wrap: base64Of(80) }), 512),
  demo: flag,
});

const readRenewal = record({
  token: base64Of(32),
  account: words(200),
  server_half: base64Of(32),
  sealed_amk: base64Of(SEALED),
});

/** The salt of *name*; every name has one. */
export async function askSalt(world: Surroundings, name: string): Promise<Uint8Array> {
  const { salt } = believed(await ask(world, "/desk/salt", { name }), readSalt);
  return salt;
}

/** Name and passphrase, with a one-time code or a recovery code where somebody has typed one: judged together. */
export async function signIn(
  world: Surroundings,
  organisation: string,
  shown: { readonly name: string; readonly passphrase: string; readonly code: string },
  salt: Uint8Array,
): Promise<SignedIn> {
  const { name, code } = shown;
  return proven(shown.passphrase, salt, async (proof, stretched) => {
    const { token, keys } = await letIn(world, { name, proof, ...(code === "" ? {} : { code }) });
    return { token, keyring: await openKeys(organisation, keys, stretched), demo: keys.demo, role: keys.role };
  });
}

/** Somebody who came in by their recovery sheet: nothing is given to them before there is another passphrase. */
export interface Renewal {
  readonly token: string;
  /** Seal AMK under *fresh* and for the *next* sheet; the sheet is used up by it. Rejects with what was refused. */
  renew(fresh: string, next: Uint8Array): Promise<SignedIn & { readonly salt: Uint8Array }>;
  forget(): void;
}

export async function signInBySheet(
  world: Surroundings,
  organisation: string,
  shown: { readonly name: string; readonly sheet: Uint8Array; readonly code: string },
): Promise<Renewal> {
  const { name, code, sheet } = shown;
  const proof = base64(await sheetProof(sheet));
  const shownToo = { name, proof, sheet: true, ...(code === "" ? {} : { code }) };
  const { token: bytes, ...keys } = believed(await ask(world, "/desk/sign-in", shownToo), readRenewal);
  const token = base64(bytes);
  const amk = await openAmkBySheet(sheet, keys.account, keys.sealed_amk).catch(() => {
    throw new Trouble("untrusted");
  });
  const forget = (): void => wipe(amk, keys.server_half);
  return {
    token,
    forget,
    async renew(fresh, next) {
      const salt = await askSalt(world, name);
      const sealed = await sealedUnder(fresh, salt, keys, amk);
      const body = { proof, sheet: true, ...sealed, next_sheet: await sealedFor(next, keys.account, amk) };
      await ask(world, "/desk/account/passphrase", body, token);
      forget();
      return { ...(await opened(world, organisation, token, fresh, salt)), token, salt };
    },
  };
}

async function letIn(world: Surroundings, shown: object): Promise<{ token: string; keys: SealedKeys }> {
  const body = await ask(world, "/desk/sign-in", shown);
  const later = readLater(body);
  if (later !== undefined) throw new Later(later.reads_from);
  const { token, ...rest } = typeof body === "object" && body !== null ? (body as { token?: unknown }) : {};
  const { token: bytes } = believed({ token }, readToken);
  return { token: base64(bytes), keys: believed(rest, readKeys) };
}

export async function unlock(
  world: Surroundings,
  organisation: string,
  token: string,
  passphrase: string,
  salt: Uint8Array,
): Promise<Keyring> {
  return (await opened(world, organisation, token, passphrase, salt)).keyring;
}

/** What a session gives to whoever knows the passphrase. */
function opened(
  world: Surroundings,
  organisation: string,
  token: string,
  passphrase: string,
  salt: Uint8Array,
): Promise<Omit<SignedIn, "token">> {
  return proven(passphrase, salt, async (proof, stretched) => {
    const keys = believed(await ask(world, "/desk/unlock", { proof }, token), readKeys);
    return { keyring: await openKeys(organisation, keys, stretched), demo: keys.demo, role: keys.role };
  });
}

/** Who does something with their own account, and the salt of their passphrase. */
interface Me {
  readonly token: string;
  readonly account: string;
  readonly salt: Uint8Array;
}

/** Ask for something that needs the passphrase again. */
export async function provenDeed(
  world: Surroundings,
  me: Me,
  passphrase: string,
  path: string,
  body: object,
): Promise<void> {
  await proven(passphrase, me.salt, (proof) => ask(world, path, { proof, ...body }, me.token));
}

/** Seal AMK under *fresh* in the place of *passphrase*, here. The salt stays: it is the name's. */
export async function changePassphrase(world: Surroundings, me: Me, passphrase: string, fresh: string): Promise<void> {
  await withAmk(world, me, passphrase, async (proof, keys, amk) => {
    const body = { proof, ...(await sealedUnder(fresh, me.salt, keys, amk)) };
    await ask(world, "/desk/account/passphrase", body, me.token);
  });
}

/** Have the server keep AMK in a box that only *sheet* opens. */
export async function sealForSheet(world: Surroundings, me: Me, passphrase: string, sheet: Uint8Array): Promise<void> {
  await withAmk(world, me, passphrase, async (proof, keys, amk) => {
    await ask(world, "/desk/account/sheet", { proof, ...(await sealedFor(sheet, keys.account, amk)) }, me.token);
  });
}

/** What the server is told of a sheet. */
async function sealedFor(sheet: Uint8Array, account: string, amk: Uint8Array): Promise<object> {
  const sheetHash = base64(await sha256(await sheetProof(sheet)));
  return { proof_hash: sheetHash, sealed_amk: base64(await sealAmkForSheet(sheet, account, amk)) };
}

/** What the server is told of a passphrase: nothing that opens anything without it. */
async function sealedUnder(
  passphrase: string,
  salt: Uint8Array,
  keys: Pick<SealedKeys, "account" | "server_half">,
  amk: Uint8Array,
): Promise<object> {
  const stretched = await stretch(passphrase, salt);
  const [proof, key] = [await loginProof(stretched), await kek(stretched, keys.server_half)];
  try {
    const sealed = await sealAmk(key, keys.account, amk);
    return { proof_hash: base64(await sha256(proof)), sealed_amk: base64(sealed) };
  } finally {
    wipe(stretched, proof, key);
  }
}

/** Open AMK for a moment. */
async function withAmk(
  world: Surroundings,
  me: Me,
  passphrase: string,
  deed: (proof: string, keys: SealedKeys, amk: Uint8Array) => Promise<void>,
): Promise<void> {
  await proven(passphrase, me.salt, async (proof, stretched) => {
    const keys = believed(await ask(world, "/desk/unlock", { proof }, me.token), readKeys);
    if (keys.account !== me.account) throw new Trouble("untrusted");
    const key = await kek(stretched, keys.server_half);
    const amk = await openAmk(key, me.account, keys.sealed_amk).catch(() => {
      throw new Trouble("untrusted");
    });
    try {
      await deed(proof, keys, amk);
    } finally {
      wipe(key, amk, keys.server_half);
    }
  });
}

/** Do *deed* with the proof of a passphrase, and leave nothing of either. The cost is the client's own constant. */
async function proven<T>(
  passphrase: string,
  salt: Uint8Array,
  deed: (proof: string, stretched: Uint8Array) => Promise<T>,
): Promise<T> {
  const stretched = await stretch(passphrase, salt);
  const proof = await loginProof(stretched);
  try {
    return await deed(base64(proof), stretched);
  } finally {
    wipe(stretched, proof);
  }
}

type SealedKeys = NonNullable<ReturnType<typeof readKeys>>;

async function openKeys(organisation: string, keys: SealedKeys, stretched: Uint8Array): Promise<Keyring> {
  const key = await kek(stretched, keys.server_half);
  let amk: Uint8Array | undefined;
  try {
    amk = await openAmk(key, keys.account, keys.sealed_amk);
    return await openKeysOf(organisation, keys, amk);
  } catch {
    // The passphrase was right, or we would not be here: what the server keeps for us is not ours.
    throw new Trouble("untrusted");
  } finally {
    wipe(key, keys.server_half);
    if (amk !== undefined) wipe(amk);
  }
}

/** Rejects with "untrusted". */
async function openKeysOf(organisation: string, keys: SealedKeys, amk: Uint8Array): Promise<Keyring> {
  const { account } = keys;
  const passing: Uint8Array[] = [];
  const hold = <B extends Uint8Array>(bytes: B): B => {
    passing.push(bytes);
    return bytes;
  };
  try {
    const agreeing = await agreementKey(hold(await openStaffKey(amk, account, "x25519", keys.sealed_x25519)));
    const signing = await signingKey(hold(await openStaffKey(amk, account, "ed25519", keys.sealed_ed25519)));
    const teamKeys: TeamKey[] = [];
    for (const one of keys.team_keys) teamKeys.push(await openTeamKey(organisation, one, agreeing));
    return { account, signing, agreeing, teamKeys, replies: await ownReplyKey(amk) };
  } catch {
    throw new Trouble("untrusted");
  } finally {
    wipe(...passing);
  }
}

/** A team's private key of one epoch, from what was wrapped to us. Rejects when it is not ours. */
export async function openTeamKey(
  organisation: string,
  { team, epoch, wrap }: { readonly team: string; readonly epoch: number; readonly wrap: Uint8Array },
  agreeing: AgreementKey,
): Promise<TeamKey> {
  const context = { organisation, team, epoch, conv: NO_CONVERSATION, generation: 0, purpose: Purpose.MEMBER };
  const opened = await unwrap(wrap, agreeing, context);
  try {
    return { team, epoch, key: await agreementKey(opened), replies: await teamReplyKey(opened, team, epoch) };
  } finally {
    wipe(opened);
  }
}

/** What the server answers; without a body it is only asked. Rejects with what it refused. */
export async function ask(world: Surroundings, path: string, body?: object, token?: string): Promise<unknown> {
  const answer = await world.http(body === undefined ? "GET" : "POST", path, body, token).catch(() => {
    throw new Trouble("network");
  });
  if (answer.status === 200) return answer.body;
  throw new Trouble(codeOf(answer));
}

function codeOf({ body }: Answer): string {
  const code = typeof body === "object" && body !== null ? (body as { code?: unknown }).code : undefined;
  return typeof code === "string" && /^[a-z_]{1,40}$/.test(code) ? code : "failed";
}

export function believed<T>(body: unknown, read: Reads<T>): T {
  const value = read(body);
  if (value === undefined) throw new Trouble("untrusted");
  return value;
}
