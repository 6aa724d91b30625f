/** Whether one envelope may be believed in its place. Every way of failing looks the same: doubt. */

import { equal } from "../crypto/bytes.ts";
import {
  type Header,
  openEnvelope,
  parse,
  ROTATION,
  readContent,
  readStaffBody,
  type SaltedHeader,
  VISITOR,
} from "../crypto/envelope.ts";
import { CannotOpen } from "../crypto/errors.ts";

/** Who signed a staff message, by a certificate that checks. */
export interface Signer {
  readonly account: string;
  readonly key: Uint8Array;
}

export type Verdict =
  | { readonly kind: "doubt"; readonly header: Header | undefined }
  /** This page sealed these very bytes. */
  | { readonly kind: "own"; readonly header: Header }
  /** The log goes on under the next secret, which was there and is the one that was signed. */
  | { readonly kind: "turn"; readonly header: Header; readonly forked: boolean }
  | {
      readonly kind: "text";
      readonly header: Header;
      readonly text: string;
      /** Undefined for a visitor, whose messages are not signed. */
      readonly account: string | undefined;
      /** The sender saw another transcript than we did. */
      readonly forked: boolean;
    };

export interface Bench {
  readonly conv: Uint8Array;
  isOwn(header: Header, envelope: Uint8Array): boolean;
  /** Direction, generation, sender's chain, an unseen message id: all that the header alone shows. */
  isExpected(header: Header): boolean;
  secret(generation: number): Uint8Array | undefined;
  signer(certId: Uint8Array, minute: number): Promise<Signer | undefined>;
  /** Our head at an earlier number. */
  head(n: number): Uint8Array | undefined;
  /** Whether we have the secret that this signed record names; it rejects for a record that is none. */
  turns(header: Header, content: Uint8Array, account: string | undefined): Promise<boolean>;
}

export async function judge(n: number, minute: number, envelope: Uint8Array, bench: Bench): Promise<Verdict> {
  let header: SaltedHeader | undefined;
  try {
    header = parse(envelope);
    if (!equal(header.conv, bench.conv)) return { kind: "doubt", header: undefined };
    if (bench.isOwn(header, envelope)) return { kind: "own", header };
    if (!bench.isExpected(header)) return { kind: "doubt", header };
    const secret = bench.secret(header.generation);
    if (secret === undefined) return { kind: "doubt", header };
    const said = await read(header, minute, envelope, secret, bench);
    // One who has seen more than we have been shown at this number: another past, too.
    const ours = header.seenSeq < n ? bench.head(header.seenSeq) : undefined;
    const forked = ours === undefined || !equal(ours, header.seenHead);
    return said === undefined ? { kind: "turn", header, forked } : { kind: "text", header, ...said, forked };
  } catch {
    return { kind: "doubt", header };
  }
}

/** Undefined: a rotation, and it checks. */
async function read(
  header: Header,
  minute: number,
  envelope: Uint8Array,
  secret: Uint8Array,
  bench: Bench,
): Promise<{ text: string; account: string | undefined } | undefined> {
  const body = await openEnvelope(secret, envelope);
  if (header.direction === VISITOR) return { text: readContent(body), account: undefined };
  let signer: Signer | undefined;
  const { content } = await readStaffBody(envelope, body, async (certId) => {
    signer = await bench.signer(certId, minute);
    return signer?.key;
  });
  if (header.klass !== ROTATION) return { text: readContent(content), account: signer?.account };
  if (!(await bench.turns(header, content, signer?.account))) throw new CannotOpen();
  return undefined;
}
