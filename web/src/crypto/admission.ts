/** Letting somebody in: a certificate for exactly the keys that were compared, and the team's keys wrapped to them. */

import type { Bytes } from "./bytes.ts";
import { ADMIN_SUBJECT, type Certificate, issue, Type } from "./certificate.ts";
import type { SigningKey } from "./curves.ts";
import { DAY, STAFF_DAYS } from "./days.ts";
import { hasAdminKey, type Role } from "./roles.ts";
import { NO_CONVERSATION, Purpose, type WrapContext, wrap } from "./wrap.ts";

export interface Applicant {
  readonly account: string;
  readonly role: Role;
  readonly ed25519: Uint8Array;
  readonly x25519: Uint8Array;
}

export interface Admission {
  readonly certificate: Bytes;
  readonly teamKeys: readonly { readonly epoch: number; readonly wrap: Bytes }[];
  readonly adminKey: Bytes | undefined;
}

/** The team-admin key while it is open. */
export interface OpenAdmin {
  readonly key: SigningKey;
  readonly secret: Uint8Array;
  readonly epoch: number;
}

/** Where the team-admin key is wrapped to a lead. */
export const adminPlace = (organisation: string, epoch: number): WrapContext => ({
  ...outside(organisation, epoch),
  team: ADMIN_SUBJECT,
  purpose: Purpose.TEAM_ADMIN,
});

/** Where it is wrapped to the recovery key: under a name that no team can have, so that it never counts as a team's. */
export const adminRecoveryPlace = (organisation: string, epoch: number): WrapContext => ({
  ...outside(organisation, epoch),
  team: `/${ADMIN_SUBJECT}`,
  purpose: Purpose.RECOVERY,
});

/** Where a team's key is wrapped to a member, or to the recovery key. */
export const teamPlace = (
  organisation: string,
  team: string,
  epoch: number,
  purpose: typeof Purpose.MEMBER | typeof Purpose.RECOVERY,
): WrapContext => ({ ...outside(organisation, epoch), team, purpose });

const outside = (organisation: string, epoch: number) => ({
  organisation,
  epoch,
  conv: NO_CONVERSATION,
  generation: 0,
});

/** The caller answers for who *applicant* is, and for the keys. A lead gets the team-admin key, too; who does not talk, no team key. */
export async function letIn(
  where: { readonly organisation: string; readonly team: string },
  applicant: Applicant,
  admin: OpenAdmin,
  keys: readonly { readonly epoch: number; readonly secret: Uint8Array }[],
  now: number,
): Promise<Admission> {
  const { organisation, team } = where;
  const { account, role, ed25519, x25519 } = applicant;
  const certificate: Certificate = {
    type: Type.STAFF,
    organisation,
    subject: account,
    keys: [ed25519, x25519],
    roles: [`${team}/${role}`],
    epoch: 1,
    notBefore: now,
    notAfter: now + STAFF_DAYS * DAY,
  };
  const teamKeys = [];
  for (const { epoch, secret } of keys) {
    const place = teamPlace(organisation, team, epoch, Purpose.MEMBER);
    teamKeys.push({ epoch, wrap: await wrap(secret, x25519, place) });
  }
  return {
    certificate: await issue(certificate, admin.key),
    teamKeys,
    adminKey: hasAdminKey(role) ? await wrap(admin.secret, x25519, adminPlace(organisation, admin.epoch)) : undefined,
  };
}
