/**
 * The browser's crypto, spoken to by line: tests/crypto/test_twin.py plays against it.
 *
 * -> one JSON array [deed, ...arguments] a line; bytes are {"b": hex}
 * <- {"gives": value} or {"refuses": name of the error, "reason"?}
 */

import { createInterface } from "node:readline";
import { combine as interpolate } from "shamir-secret-sharing";
import { hex, unhex } from "../../src/crypto/bytes.ts";
import * as cert from "../../src/crypto/certificate.ts";
import { agreementKey, signingKey, verify } from "../../src/crypto/curves.ts";
import * as env from "../../src/crypto/envelope.ts";
import { startSignature, visitorKeys } from "../../src/crypto/keys.ts";
import { locatorOf, openCarried, phraseWords, readPhrase, sealCarried } from "../../src/crypto/phrase.ts";
import { isSoundPoint, isSoundSignature } from "../../src/crypto/points.ts";
import { portableSignatures } from "../../src/crypto/portable.ts";
import { openSealed, sealed } from "../../src/crypto/primitives.ts";
import * as paper from "../../src/crypto/shares.ts";
import { stretch } from "../../src/crypto/staff.ts";
import { unwrap, type WrapContext, wrap } from "../../src/crypto/wrap.ts";

type Bytes = Uint8Array;

const deeds = {
  parse: (envelope: Bytes) => env.parse(envelope),
  seal: (secret: Bytes, header: env.Header, text: string) => env.seal(secret, header, env.textContent(text)),
  open: async (secret: Bytes, envelope: Bytes) => env.readContent(await env.openEnvelope(secret, envelope)),
  openBody: (secret: Bytes, envelope: Bytes) => env.openEnvelope(secret, envelope),
  sealSigned: async (secret: Bytes, header: env.Header, certId: Bytes, seed: Bytes, text: string) =>
    env.sealSigned(secret, header, certId, await signingKey(seed), env.textContent(text)),
  openSigned: async (secret: Bytes, envelope: Bytes, certId: Bytes, publicKey: Bytes) => {
    const body = await env.openEnvelope(secret, envelope);
    const known = (asked: Bytes) => (hex(asked) === hex(certId) ? publicKey : undefined);
    return env.readContent((await env.readStaffBody(envelope, body, known)).content);
  },
  wrap: (secret: Bytes, publicKey: Bytes, context: WrapContext) => wrap(secret, publicKey, context),
  unwrap: async (wrapped: Bytes, privateBytes: Bytes, context: WrapContext) =>
    unwrap(wrapped, await agreementKey(privateBytes), context),
  issue: async (certificate: cert.Certificate, seed: Bytes) => cert.issue(certificate, await signingKey(seed)),
  parseCertificate: (raw: Bytes) => cert.parseCertificate(raw).certificate,
  checkChain: async (root: Bytes, admin: Bytes, leaf: Bytes, expected: cert.Expected) =>
    (await cert.checkChain(root, admin, leaf, expected)).certificate,
  verify: (publicKey: Bytes, signature: Bytes, message: Bytes) => verify(publicKey, signature, message),
  verifyNoble: async (publicKey: Bytes, signature: Bytes, message: Bytes) =>
    isSoundSignature(signature) && isSoundPoint(publicKey) && portableSignatures.holds(publicKey, signature, message),
  visitor: async (vs: Bytes, line: string, teamCert: Bytes, wraps: Bytes[]) => {
    const keys = await visitorKeys(vs);
    const signature = await startSignature(line, keys, teamCert, wraps);
    return [keys.ve.publicKey, keys.vg.publicKey, keys.credential, keys.conv, signature];
  },
  stretch: (passphrase: string, salt: Bytes) => stretch(passphrase, salt),
  sealed: (key: Bytes, account: string, id: string, secret: Bytes) => sealed(key, account, id, secret),
  openSealed: (key: Bytes, account: string, id: string, box: Bytes) => openSealed(key, account, id, box),
  phraseWords: (entropy: Bytes) => phraseWords(entropy),
  readPhrase: (text: string) => readPhrase(text),
  locator: (entropy: Bytes) => locatorOf(entropy),
  sealCarried: (entropy: Bytes, organisation: string, vs: Bytes, secrets: [Bytes, Bytes]) =>
    sealCarried(entropy, organisation, { vs, secrets }),
  openCarried: async (entropy: Bytes, organisation: string, box: Bytes) => {
    const { vs, secrets } = await openCarried(entropy, organisation, box);
    return [vs, secrets];
  },
  papers: async (secret: Bytes, sharing: paper.Sharing) =>
    Promise.all((await paper.split(secret, sharing)).map((share) => paper.toPaper(share, sharing.organisation))),
  restore: async (papers: string[][], sharing: paper.Sharing) =>
    paper.combine(await Promise.all(papers.map(paper.fromPaper)), sharing),
  interpolate: (points: Bytes[]) => interpolate(points),
};

// Arguments come from our own test, a line at a time; their types are promised there.
const byName = new Map<string, (...said: never[]) => unknown>(Object.entries(deeds));

for await (const line of createInterface({ input: process.stdin })) {
  process.stdout.write(`${JSON.stringify(await answer(line), fromBytes)}\n`);
}

async function answer(line: string): Promise<unknown> {
  const [name, ...said]: [string, ...never[]] = JSON.parse(line, toBytes);
  try {
    const deed = byName.get(name);
    if (deed === undefined) throw new Error(`no deed ${name}`);
    return { gives: await deed(...said) };
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    return {
      refuses: error.name,
      says: error.message,
      ...("reason" in error ? { reason: error.reason } : {}),
      ...("word" in error ? { word: error.word } : {}),
    };
  }
}

function toBytes(_: string, value: unknown): unknown {
  return isTagged(value) ? unhex(value.b) : value;
}

function fromBytes(_: string, value: unknown): unknown {
  return value instanceof Uint8Array ? { b: hex(value) } : value;
}

function isTagged(value: unknown): value is { b: string } {
  return typeof value === "object" && value !== null && "b" in value && typeof value.b === "string";
}
