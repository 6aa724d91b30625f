/** The file that a server wrote for this page, and those that this page gives back. JSON, bytes in it base64. */

import type { Admission } from "../crypto/admission.ts";
import { base64, hex, unbase64 } from "../crypto/bytes.ts";
import { CannotRecover, type Known, known, type Successor } from "../crypto/recovery.ts";
import type { Role } from "../crypto/roles.ts";
import { list, oneOf, orNil, type Reads, record, whole, words } from "../wire/shape.ts";

const FORMAT = 1;
const LARGEST = 4_000_000;

/** Somebody who joined and waits, as the server says. */
export interface Waits {
  readonly account: string;
  readonly name: string;
  readonly team: string;
  readonly role: Role;
  readonly ed25519: Uint8Array;
  readonly x25519: Uint8Array;
}

export interface FromServer {
  readonly file: Known;
  readonly name: string;
  readonly waits: readonly Waits[];
}

/** A file to be saved. */
export interface Saved {
  readonly name: string;
  readonly text: string;
}

const bytes =
  (shortest: number, longest = shortest): Reads<Uint8Array> =>
  (value) => {
    try {
      const found = typeof value === "string" ? unbase64(value) : undefined;
      return found !== undefined && found.length >= shortest && found.length <= longest ? found : undefined;
    } catch {
      return undefined;
    }
  };
const certificate = bytes(1, 2_000);
const wrapped = record({ epoch: whole, wrap: bytes(80) });
const readExport = record({
  luwte_recovery: oneOf(FORMAT),
  organisation: words(41),
  name: words(200),
  root: bytes(32),
  admin_certificate: certificate,
  recovery_certificate: certificate,
  admin_wrap: orNil(wrapped),
  teams: list(record({ team: words(41), name: words(200), certificate, wraps: list(wrapped, 1_000) }), 64),
  applicants: list(
    record({
      account: words(32),
      name: words(100),
      team: words(41),
      role: oneOf("lead"),
      ed25519: bytes(32),
      x25519: bytes(32),
    }),
    500,
  ),
});

/** Throws CannotRecover("claims") for anything that is no such file, or does not hang together. */
export async function readFile(text: string): Promise<FromServer> {
  const said = text.length > LARGEST ? undefined : readExport(parsed(text));
  if (said === undefined) throw new CannotRecover("claims");
  const file = await known({
    organisation: said.organisation,
    root: said.root,
    adminCertificate: said.admin_certificate,
    recoveryCertificate: said.recovery_certificate,
    adminWrap: said.admin_wrap ?? undefined,
    teams: said.teams,
  });
  return { file, name: said.name, waits: said.applicants };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

export function admissionFile({ file: { organisation } }: FromServer, who: Waits, made: Admission): Saved {
  const teamKeys = made.teamKeys.map(({ epoch, wrap }) => ({ epoch, wrap: base64(wrap) }));
  return answer("admission.json", organisation, {
    deed: "admit",
    account: who.account,
    team: who.team,
    certificate: base64(made.certificate),
    team_keys: teamKeys,
    admin_key: made.adminKey === undefined ? "" : base64(made.adminKey),
  });
}

export function daysFile({ file: { organisation } }: FromServer, certificate: Uint8Array): Saved {
  return answer("admin-days.json", organisation, { deed: "renew", admin_certificate: base64(certificate) });
}

/** root.pub comes with it: it is pinned by hand, after its digits were compared. */
export function successorFiles({ file: { organisation } }: FromServer, made: Successor): readonly Saved[] {
  const file = answer("successor.json", organisation, {
    deed: "succeed",
    root: base64(made.root),
    statement: base64(made.statement),
    admin_certificate: base64(made.adminCertificate),
    recovery_certificate: base64(made.recoveryCertificate),
  });
  return [file, { name: "root.pub", text: `${hex(made.root)}\n` }];
}

function answer(name: string, organisation: string, said: object): Saved {
  return { name, text: `${JSON.stringify({ luwte_recovery: FORMAT, organisation, ...said }, null, 1)}\n` };
}
