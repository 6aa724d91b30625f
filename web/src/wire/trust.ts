/** Whom we believe, and why: everything chains to the root that the page was pinned to, or it does not count. */

import { equal, hex } from "../crypto/bytes.ts";
import { certId, checkChain, parseCertificate, TOLERANCE, Type, Untrusted } from "../crypto/certificate.ts";
import { hasTeamKey, roleIn } from "../crypto/roles.ts";
import type { Signer } from "./judgement.ts";

export interface Pin {
  readonly organisation: string;
  /** Ed25519 public key of the organisation's root. */
  readonly root: Uint8Array;
}

/** A team whose certificate holds now. */
export interface Team {
  readonly slug: string;
  readonly epoch: number;
  /** X25519: what new secrets are wrapped to. */
  readonly key: Uint8Array;
  readonly certId: Uint8Array;
}

/** A shift has a few dozen colleagues; a server that sends more certificates than this is not heard. */
const MOST_CERTIFICATES = 500;

export class Trust {
  readonly #pin: Pin;
  #admin: Uint8Array | undefined;
  #team: string | undefined;
  readonly #certificates = new Map<string, Uint8Array>();

  constructor(pin: Pin) {
    this.#pin = pin;
  }

  /** The slug of the team that was introduced. */
  get team(): string | undefined {
    return this.#team;
  }

  /**
   * The team that a server introduces, or Untrusted. *now* is in Unix seconds, *team* the slug where it is known; once
   * introduced, no other team takes its place.
   */
  async introduce(admin: Uint8Array, certificate: Uint8Array, now: number, team = this.#team): Promise<Team> {
    const { root, organisation } = this.#pin;
    const known = team === undefined ? {} : { team };
    const signed = await checkChain(root, admin, certificate, { organisation, type: Type.TEAM, now, ...known });
    const { subject, epoch, keys } = signed.certificate;
    const [key] = keys;
    if (key === undefined) throw new Untrusted("malformed");
    this.#admin = admin.slice();
    this.#team = subject;
    return { slug: subject, epoch, key, certId: await certId(certificate) };
  }

  /** Remember a staff certificate; it is judged when something names it. */
  async keep(certificate: Uint8Array): Promise<Uint8Array> {
    const id = await certId(certificate);
    if (this.#certificates.size < MOST_CERTIFICATES) this.#certificates.set(hex(id), certificate.slice());
    return id;
  }

  /** Who signs with this certificate, if it held at *at* (Unix seconds) for our team, and they may talk. */
  async signer(id: Uint8Array, at: number): Promise<Signer | undefined> {
    const certificate = this.#certificates.get(hex(id));
    const [admin, team] = [this.#admin, this.#team];
    if (certificate === undefined || admin === undefined || team === undefined) return undefined;
    const { root, organisation } = this.#pin;
    try {
      const adminNow = Math.max(at, parseCertificate(admin).certificate.notBefore);
      const expected = { organisation, type: Type.STAFF, now: at, adminNow, team };
      const signed = await checkChain(root, admin, certificate, expected);
      const [key] = signed.certificate.keys;
      return key === undefined || !hasTeamKey(roleIn(signed.certificate, team))
        ? undefined
        : { account: signed.certificate.subject, key };
    } catch {
      return undefined;
    }
  }

  /** Our own certificate, with the very keys that we hold; Untrusted otherwise. */
  async ourselves(
    certificate: Uint8Array,
    account: string,
    now: number,
    ed25519: Uint8Array,
    x25519: Uint8Array,
  ): Promise<Uint8Array> {
    const [admin, team] = [this.#admin, this.#team];
    if (admin === undefined || team === undefined) throw new Untrusted("team");
    const { root, organisation } = this.#pin;
    const expected = { organisation, type: Type.STAFF, now, subject: account, team };
    const [signing, agreeing] = (await checkChain(root, admin, certificate, expected)).certificate.keys;
    if (signing === undefined || agreeing === undefined) throw new Untrusted("malformed");
    if (!equal(signing, ed25519) || !equal(agreeing, x25519)) throw new Untrusted("subject");
    return this.keep(certificate);
  }
}

/** Whether the server's minute and the device's clock (Unix ms) agree well enough to judge certificates by. */
export function clocksAgree(minute: number, now: number): boolean {
  return Math.abs(minute * 60 - now / 1000) <= TOLERANCE;
}
