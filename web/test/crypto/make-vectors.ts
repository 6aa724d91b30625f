/** Writes vectors/browser.json, which the Python tests read. `node test/crypto/make-vectors.ts` in web/ makes it again. */

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { hex, utf8 } from "../../src/crypto/bytes.ts";
import { certId, issue, Type } from "../../src/crypto/certificate.ts";
import { agreementKey, signingKey } from "../../src/crypto/curves.ts";
import * as env from "../../src/crypto/envelope.ts";
import { startSignature, visitorKeys } from "../../src/crypto/keys.ts";
import { locatorOf, phraseWords, sealCarried } from "../../src/crypto/phrase.ts";
import { sha256 } from "../../src/crypto/primitives.ts";
import { ownReplyKey, sealReply, teamReplyKey } from "../../src/crypto/replies.ts";
import { commitment, rotationContent } from "../../src/crypto/rotation.ts";
import {
  kek,
  loginProof,
  sealAmk,
  sealAmkForSheet,
  sealStaffKey,
  sheetProof,
  stretch,
} from "../../src/crypto/staff.ts";
import { NO_CONVERSATION, Purpose, wrap } from "../../src/crypto/wrap.ts";

const ORGANISATION = "luwte-démo";
const TEAM = "jeugd";
const NOW = 1_800_000_000;
const TEXTS = ["", "hello", "Ik weet niet waar ik moet beginnen 💬", "\ufeffmarked", "é".repeat(300), "x".repeat(4000)];

/** Keys that are counted, not drawn: of no use to anybody. */
async function counted(name: string, length = 32): Promise<Uint8Array<ArrayBuffer>> {
  return (await sha256(utf8(name))).slice(0, length);
}

async function header(number: number, direction: number): Promise<env.Header> {
  return {
    klass: env.MESSAGE,
    direction,
    conv: await counted("conv", 16),
    generation: number,
    sender: await counted("sender", 8),
    seq: 2 ** 53 - 1 - number,
    msgId: await counted(`msg ${number}`, 16),
    prev: await counted("prev"),
    seenSeq: number * 2 ** 33,
    seenHead: await counted("seen"),
  };
}

async function envelopes(): Promise<unknown[]> {
  const secret = await counted("secret");
  const seal = async (text: string, number: number) => {
    const place = await header(number, env.VISITOR);
    const sealed = await env.seal(secret, place, env.textContent(text));
    const fields = Object.values(place).map((value) => (typeof value === "number" ? value : hex(value)));
    return { secret: hex(secret), header: fields, text, envelope: hex(sealed) };
  };
  return Promise.all(TEXTS.map(seal));
}

async function staffEnvelope(): Promise<unknown> {
  const [secret, certificate, signer] = [
    await counted("secret"),
    await counted("certificate", 16),
    await signingKey(await counted("staff")),
  ];
  const content = env.textContent("we are here");
  const sealed = await env.sealSigned(secret, await header(1, env.TEAM), certificate, signer, content);
  return {
    secret: hex(secret),
    cert_id: hex(certificate),
    public: hex(signer.publicKey),
    text: "we are here",
    envelope: hex(sealed),
  };
}

async function wraps(): Promise<unknown[]> {
  const [secret, own, conv] = [await counted("secret"), await counted("recipient"), await counted("conv", 16)];
  const { publicKey } = await agreementKey(own);
  const one = async (purpose: Purpose) => {
    const outside = purpose === Purpose.MEMBER || purpose === Purpose.TEAM_ADMIN;
    const place = { organisation: ORGANISATION, team: TEAM, epoch: 2 ** 32 - 1, generation: purpose, purpose };
    const context = { ...place, conv: outside ? NO_CONVERSATION : conv };
    const wrapped = hex(await wrap(secret, publicKey, context));
    return { secret: hex(secret), private: hex(own), ...place, conv: hex(context.conv), wrapped };
  };
  return Promise.all(Object.values(Purpose).map(one));
}

async function certificates(): Promise<unknown> {
  const [root, admin] = [await signingKey(await counted("root")), await signingKey(await counted("admin"))];
  const pair = [
    (await signingKey(await counted("staff"))).publicKey,
    (await agreementKey(await counted("staff"))).publicKey,
  ];
  const lasting = { organisation: ORGANISATION, epoch: 3, notBefore: NOW, notAfter: NOW + 7_776_000 };
  const team = { type: Type.TEAM, subject: TEAM, keys: pair.slice(1), roles: [] };
  const staff = { type: Type.STAFF, subject: "rekening-1", keys: pair, roles: ["jeugd/counsellor", "jeugd/lead"] };
  const partner = { type: Type.PARTNER, subject: "veilig-thuis", keys: pair, roles: [] };
  const chain = {
    admin: await issue(
      { ...lasting, type: Type.TEAM_ADMIN, subject: "team-admin", keys: [admin.publicKey], roles: [] },
      root,
    ),
    team: await issue({ ...lasting, ...team }, admin),
    staff: await issue({ ...lasting, ...staff }, admin),
    partner: await issue({ ...lasting, ...partner }, admin),
  };
  const named = async (of: (raw: Uint8Array) => Promise<Uint8Array>) =>
    Object.fromEntries(await Promise.all(Object.entries(chain).map(async ([name, raw]) => [name, hex(await of(raw))])));
  const ids = await named(certId);
  return { organisation: ORGANISATION, now: NOW, root: hex(root.publicKey), ids, ...(await named(async (raw) => raw)) };
}

async function visitor(): Promise<unknown> {
  const vs = await counted("visitor");
  const keys = await visitorKeys(vs);
  const wraps = await Promise.all([0, 1, 2, 3].map(async (n) => new Uint8Array(80).fill(n)));
  const teamCert = await counted("team", 16);
  return {
    vs: hex(vs),
    ve: hex(keys.ve.publicKey),
    vg: hex(keys.vg.publicKey),
    credential: hex(keys.credential),
    conv: hex(keys.conv),
    line: TEAM,
    team_cert: hex(teamCert),
    wraps: wraps.map(hex),
    signature: hex(await startSignature(TEAM, keys, teamCert, wraps)),
  };
}

async function staff(): Promise<unknown> {
  const passphrase = "cafe\u0301 zes woorden";
  const [salt, half, amk, own] = await Promise.all([
    counted("salt", 16),
    counted("half"),
    counted("amk"),
    counted("staff"),
  ] as const);
  const sheet = await counted("sheet", 16);
  const stretched = await stretch(passphrase, salt);
  const key = await kek(stretched, half);
  return {
    passphrase,
    salt: hex(salt),
    stretched: hex(stretched),
    login_proof: hex(await loginProof(stretched)),
    server_half: hex(half),
    kek: hex(key),
    account: "rekening-1",
    amk: hex(amk),
    sealed_amk: hex(await sealAmk(key, "rekening-1", amk)),
    private: hex(own),
    sealed_x25519: hex(await sealStaffKey(amk, "rekening-1", "x25519", own)),
    sealed_ed25519: hex(await sealStaffKey(amk, "rekening-1", "ed25519", own)),
    sheet: hex(sheet),
    sheet_proof: hex(await sheetProof(sheet)),
    sealed_for_sheet: hex(await sealAmkForSheet(sheet, "rekening-1", amk)),
  };
}

async function heads(): Promise<unknown> {
  const conv = await counted("conv", 16);
  const hashes = await Promise.all([1, 2, 3].map((n) => counted(`envelope ${n}`)));
  const shared = [await env.headZero(conv, env.SHARED_LOG)];
  for (const [i, hashed] of hashes.entries()) {
    shared.push(await env.headNext(shared[i] ?? new Uint8Array(0), i + 1, hashed));
  }
  const teamZero = hex(await env.headZero(conv, env.TEAM_LOG));
  return { conv: hex(conv), hashes: hashes.map(hex), shared: shared.map(hex), team_zero: teamZero };
}

async function replies(): Promise<unknown> {
  const [amk, tk, id] = [await counted("amk"), await counted("team"), await counted("reply", 16)];
  const [own, team] = [await ownReplyKey(amk), await teamReplyKey(tk, TEAM, 3)];
  const texts = ["", "Fijn dat je er bent 💬", "\ufeffmarked", "é".repeat(900)];
  const seals = async (key: Uint8Array, owner: string, at: number) => {
    const [version, reply] = [at + 1, { language: "nl", name: `naam ${at + 1}`, text: texts[at] ?? "" }];
    return { owner, version, ...reply, sealed: hex(await sealReply(key, owner, id, version, reply)) };
  };
  const made = await Promise.all(texts.flatMap((_, at) => [seals(own, "rekening-1", at), seals(team, TEAM, at)]));
  return {
    amk: hex(amk),
    own_key: hex(own),
    team_private: hex(tk),
    team: TEAM,
    epoch: 3,
    team_key: hex(team),
    id: hex(id),
    replies: made,
  };
}

async function rotations(): Promise<unknown[]> {
  const [secret, next, conv] = [await counted("secret"), await counted("next"), await counted("conv", 16)];
  const [visitor, certificate] = [await counted("visitor"), await counted("certificate", 16)];
  const [signer, ve] = [await signingKey(await counted("staff")), await agreementKey(visitor)];
  const place = { organisation: ORGANISATION, team: TEAM, epoch: 3, conv, generation: 2, purpose: Purpose.VISITOR };
  const one = async (log: number, direction: number) => {
    const named = await commitment(next, conv, log, 2, 3);
    const toVisitor = log === env.SHARED_LOG ? await wrap(next, ve.publicKey, place) : new Uint8Array(0);
    const content = rotationContent({ generation: 2, epoch: 3, commitment: named, wrap: toVisitor });
    const envelope = { ...(await header(1, direction)), klass: env.ROTATION };
    return {
      log,
      secret: hex(secret),
      next: hex(next),
      conv: hex(conv),
      organisation: ORGANISATION,
      team: TEAM,
      visitor: hex(visitor),
      cert_id: hex(certificate),
      public: hex(signer.publicKey),
      generation: 2,
      epoch: 3,
      commitment: hex(named),
      envelope: hex(await env.sealSigned(secret, envelope, certificate, signer, content)),
    };
  };
  return [await one(env.SHARED_LOG, env.TEAM), await one(env.TEAM_LOG, env.NOTE)];
}

async function phrase(): Promise<unknown> {
  const [entropy, vs] = [await counted("phrase", 16), await counted("visitor")];
  const secrets = [await counted("opening"), await counted("talk")] as const;
  const words = await phraseWords(entropy);
  return {
    entropy: hex(entropy),
    words,
    typed: words.map((word, n) => `${n + 1}. ${word.toUpperCase()},`).join("\n"),
    locator: hex(await locatorOf(entropy)),
    organisation: ORGANISATION,
    vs: hex(vs),
    secrets: secrets.map(hex),
    box: hex(await sealCarried(entropy, ORGANISATION, { vs, secrets })),
  };
}

const made = {
  about: "Made by web/test/crypto/make-vectors.ts; read by tests/crypto/test_vectors.py.",
  envelopes: await envelopes(),
  staff_envelope: await staffEnvelope(),
  wraps: await wraps(),
  certificates: await certificates(),
  visitor: await visitor(),
  staff: await staff(),
  heads: await heads(),
  replies: await replies(),
  phrase: await phrase(),
  rotations: await rotations(),
};
const file = join(import.meta.dirname, "../../../vectors/browser.json");
writeFileSync(file, `${JSON.stringify(made, null, 1)}\n`);
