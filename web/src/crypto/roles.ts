/** Roles as certificates name them, and which keys go with each: src/luwte/staff/roles.py says the same at the server. */

import { parseCertificate } from "./certificate.ts";

export const roles = ["counsellor", "lead", "reviewer", "admin"] as const;
export type Role = (typeof roles)[number];

/** Who talks: to them the team's private key is wrapped, and their signature under a message counts. */
export const hasTeamKey = (role: Role | undefined): boolean => role === "counsellor" || role === "lead";

/** To whom the key is wrapped that signs certificates. */
export const hasAdminKey = (role: Role | undefined): boolean => role === "lead";

/** Whom somebody in this role may invite: who may admit is chosen by those who may. */
export const invites = (role: Role | undefined): readonly Role[] => {
  if (role === "lead") return roles;
  return role === "admin" ? roles.filter((one) => !hasAdminKey(one)) : [];
};

/** The one role that a staff certificate gives in a team; undefined for none, for two, and for one that nobody knows. */
export function roleIn(certificate: { readonly roles: readonly string[] }, team: string): Role | undefined {
  const [said, ...more] = certificate.roles;
  return more.length === 0 ? roles.find((one) => said === `${team}/${one}`) : undefined;
}

/** The same of bytes that nobody has checked: good enough to show, and for nothing else. */
export function saidRole(raw: Uint8Array, team: string): Role | undefined {
  try {
    return roleIn(parseCertificate(raw).certificate, team);
  } catch {
    return undefined;
  }
}
