/** An organisation for tests: a root, a team, and staff with passphrases and certificates. */

import { base64, concat, hex, random } from "../../src/crypto/bytes.ts";
import { type Certificate, certId, issue, Type } from "../../src/crypto/certificate.ts";
import { type AgreementKey, agreementKey, type SigningKey, signingKey } from "../../src/crypto/curves.ts";
import { sha256 } from "../../src/crypto/primitives.ts";
import { kek, loginProof, sealAmk, sealStaffKey, stretch } from "../../src/crypto/staff.ts";
import { NO_CONVERSATION, Purpose, wrap } from "../../src/crypto/wrap.ts";

export const ORGANISATION = "luwte-test";
export const TEAM = "night";
const DAY = 86_400;
const YEAR = 365 * DAY;

export interface Account {
  readonly id: string;
  readonly name: string;
  readonly passphrase: string;
  readonly salt: Uint8Array;
  readonly proofHash: string;
  readonly certificate: Uint8Array;
  readonly certId: Uint8Array;
  readonly signing: SigningKey;
  readonly agreeing: AgreementKey;
  /** What sign-in and unlock answer, without a token. */
  readonly answer: Record<string, unknown>;
  /** Secrets whose bytes must not be found outside. */
  readonly secrets: readonly Uint8Array[];
}

export interface House {
  readonly organisation: string;
  readonly team: string;
  readonly root: SigningKey;
  readonly admin: SigningKey;
  readonly adminPrivate: Uint8Array;
  readonly teamKey: AgreementKey;
  readonly teamPrivate: Uint8Array;
  readonly certificates: { readonly admin: Uint8Array; readonly team: Uint8Array };
  readonly accounts: readonly Account[];
  /** A certificate with our own choice of fields, signed by the team admin unless told otherwise. */
  certify(fields: Partial<Certificate>, by?: SigningKey): Promise<Uint8Array>;
}

export interface HouseOptions {
  readonly organisation?: string;
  readonly team?: string;
  readonly staff?: readonly string[];
  /** Of these members of staff the server says that they are shift leads. */
  readonly leads?: readonly string[];
  /** Who has another role; of them, too, the server keeps a wrap of the team's key only if they are to have it. */
  readonly others?: Readonly<Record<string, "reviewer" | "admin">>;
  /** Unix seconds around which everything is valid. */
  readonly now: number;
}

/** Each member of staff costs one real Argon2id, so ask for as few as a test needs. */
export async function makeHouse(options: HouseOptions): Promise<House> {
  const { organisation = ORGANISATION, team = TEAM, staff = [], leads = [], others = {}, now } = options;
  const adminPrivate = random(32);
  const [root, admin] = [await signingKey(random(32)), await signingKey(adminPrivate)];
  const teamPrivate = random(32);
  const teamKey = await agreementKey(teamPrivate);
  const times = { epoch: 1, notBefore: now - YEAR, notAfter: now + YEAR };
  const base = { organisation, roles: [], ...times };
  const certify = (fields: Partial<Certificate>, by = admin) =>
    issue({ ...base, type: Type.STAFF, subject: "somebody", keys: [], ...fields }, by);
  const certificates = {
    admin: await certify({ type: Type.TEAM_ADMIN, subject: "team-admin", keys: [admin.publicKey] }, root),
    team: await certify({ type: Type.TEAM, subject: team, keys: [teamKey.publicKey] }),
  };
  const house = { organisation, team, root, admin, adminPrivate, teamKey, teamPrivate, certificates, certify };
  const accounts: Account[] = [];
  for (const name of staff) {
    const role = others[name] ?? (leads.includes(name) ? "lead" : "counsellor");
    accounts.push(await makeAccount(house, name, role, others[name] === undefined));
  }
  return { ...house, accounts };
}

async function makeAccount(
  house: Omit<House, "accounts">,
  name: string,
  role: string,
  talks: boolean,
): Promise<Account> {
  const id = `acc-${name}`;
  const passphrase = `canary passphrase of ${name} ${hex(random(8))}`;
  const [salt, serverHalf, amk, x25519, ed25519] = [random(16), random(32), random(32), random(32), random(32)];
  const stretched = await stretch(passphrase, salt);
  const [signing, agreeing] = [await signingKey(ed25519), await agreementKey(x25519)];
  const keys = [signing.publicKey, agreeing.publicKey];
  const certificate = await house.certify({ subject: id, keys, roles: [`${house.team}/${role}`] });
  const { organisation, team } = house;
  const member = { organisation, team, epoch: 1, conv: NO_CONVERSATION, generation: 0, purpose: Purpose.MEMBER };
  const wrapped = await wrap(house.teamPrivate, agreeing.publicKey, member);
  return {
    id,
    name,
    passphrase,
    salt,
    proofHash: hex(await sha256(await loginProof(stretched))),
    certificate,
    certId: await certId(certificate),
    signing,
    agreeing,
    answer: {
      account: id,
      role,
      server_half: base64(serverHalf),
      sealed_amk: base64(await sealAmk(await kek(stretched, serverHalf), id, amk)),
      sealed_x25519: base64(await sealStaffKey(amk, id, "x25519", x25519)),
      sealed_ed25519: base64(await sealStaffKey(amk, id, "ed25519", ed25519)),
      team_keys: talks ? [{ team, epoch: 1, wrap: base64(wrapped) }] : [],
      demo: true,
    },
    secrets: [amk, x25519, ed25519, stretched, house.teamPrivate],
  };
}

export function pin(house: House, line: string) {
  return { organisation: house.organisation, root: hex(house.root.publicKey), line };
}

/** Whether *needle* occurs in any of *haystacks*. */
export function occurs(needle: Uint8Array, haystacks: readonly Uint8Array[]): boolean {
  return Buffer.from(concat(...haystacks)).includes(Buffer.from(needle));
}
