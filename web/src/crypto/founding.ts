/**
 * The founding of an organisation, in the first lead's browser: root, team-admin key, recovery key and the team's key.
 * Of the first and the third only shares on paper are left; of the others only wraps. None of them is ever sent.
 */

import { adminPlace, adminRecoveryPlace, teamPlace } from "./admission.ts";
import { type Bytes, random, wipe } from "./bytes.ts";
import { ADMIN_SUBJECT, type Certificate, issue, RECOVERY_SUBJECT, Type } from "./certificate.ts";
import { agreementKey, signingKey } from "./curves.ts";
import { ADMIN_DAYS, DAY, RECOVERY_DAYS, STAFF_DAYS, TEAM_DAYS } from "./days.ts";
import { type Paper, SharedKey, split, toPaper } from "./shares.ts";
import { Purpose, wrap } from "./wrap.ts";

const EPOCH = 1;
const SHARES = 3;
const THRESHOLD = 2;

/** Who founds, and what. */
export interface Founder {
  readonly organisation: string;
  readonly team: string;
  readonly role: string;
  readonly account: string;
  readonly ed25519: Uint8Array;
  readonly x25519: Uint8Array;
}

/** What goes to the server besides the lead's own keys. */
export interface Founding {
  readonly root: Bytes;
  readonly adminCertificate: Bytes;
  readonly recoveryCertificate: Bytes;
  readonly teamCertificate: Bytes;
  readonly certificate: Bytes;
  readonly teamKey: Bytes;
  readonly recoveryWrap: Bytes;
  readonly adminKey: Bytes;
  readonly adminRecoveryWrap: Bytes;
}

/**
 * Make an organisation. *now* is in Unix seconds. All private keys are overwritten before this returns: what is left of
 * root and recovery key are the papers, in the order in which three people sit down, each with a share of both.
 */
export async function found(founder: Founder, now: number): Promise<{ founding: Founding; papers: readonly Paper[] }> {
  const { organisation, team, role, account, ed25519, x25519 } = founder;
  const secrets = { root: random(32), admin: random(32), recovery: random(32), team: random(32) };
  const lasts = (days: number) => ({ organisation, epoch: EPOCH, notBefore: now, notAfter: now + days * DAY });
  try {
    const [root, admin] = [await signingKey(secrets.root), await signingKey(secrets.admin)];
    const [recovery, own] = [await agreementKey(secrets.recovery), await agreementKey(secrets.team)];
    const says = (type: Type, subject: string, keys: readonly Uint8Array[], days: number): Certificate => ({
      ...lasts(days),
      type,
      subject,
      keys,
      roles: [],
    });
    const staff = { ...says(Type.STAFF, account, [ed25519, x25519], STAFF_DAYS), roles: [`${team}/${role}`] };
    const founding: Founding = {
      root: root.publicKey,
      adminCertificate: await issue(says(Type.TEAM_ADMIN, ADMIN_SUBJECT, [admin.publicKey], ADMIN_DAYS), root),
      recoveryCertificate: await issue(
        says(Type.RECOVERY, RECOVERY_SUBJECT, [recovery.publicKey], RECOVERY_DAYS),
        root,
      ),
      teamCertificate: await issue(says(Type.TEAM, team, [own.publicKey], TEAM_DAYS), admin),
      certificate: await issue(staff, admin),
      teamKey: await wrap(secrets.team, x25519, teamPlace(organisation, team, EPOCH, Purpose.MEMBER)),
      recoveryWrap: await wrap(
        secrets.team,
        recovery.publicKey,
        teamPlace(organisation, team, EPOCH, Purpose.RECOVERY),
      ),
      adminKey: await wrap(secrets.admin, x25519, adminPlace(organisation, EPOCH)),
      adminRecoveryWrap: await wrap(secrets.admin, recovery.publicKey, adminRecoveryPlace(organisation, EPOCH)),
    };
    const roots = await shared(secrets.root, SharedKey.ROOT, organisation);
    const recoveries = await shared(secrets.recovery, SharedKey.RECOVERY, organisation);
    const papers = [...roots, ...recoveries].toSorted((a, b) => a.number - b.number);
    return { founding, papers };
  } finally {
    wipe(...Object.values(secrets));
  }
}

/** A key on three papers, of which two restore it. */
export async function shared(secret: Uint8Array, key: SharedKey, organisation: string): Promise<readonly Paper[]> {
  const shares = await split(secret, { key, organisation, shares: SHARES, threshold: THRESHOLD });
  try {
    return await Promise.all(shares.map((share) => toPaper(share, organisation)));
  } finally {
    wipe(...shares.map((share) => share.point));
  }
}
