/** What the crypto tests play with: arbitraries, a few ways to spoil bytes, and where the vectors are. */

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { type Certificate, Type } from "../../src/crypto/certificate.ts";
import { agreementKey, signingKey } from "../../src/crypto/curves.ts";
import { type Header, MESSAGE, NOTE, TEAM, VISITOR } from "../../src/crypto/envelope.ts";
import { Purpose, type WrapContext } from "../../src/crypto/wrap.ts";

const ROOT = join(import.meta.dirname, "../../..");

export function filled(byte: number, length = 32): Uint8Array<ArrayBuffer> {
  return new Uint8Array(length).fill(byte);
}

export const fixed = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });
export const text = fc.string({ unit: "binary", maxLength: 200 });
export const count = fc.integer({ min: 0, max: 2 ** 32 - 1 });
export const big = fc.maxSafeNat();

export const header: fc.Arbitrary<Header> = fc.record({
  klass: fc.constant(MESSAGE),
  direction: fc.constantFrom(VISITOR, TEAM, NOTE),
  conv: fixed(16),
  generation: count,
  sender: fixed(8),
  seq: big,
  msgId: fixed(16),
  prev: fixed(32),
  seenSeq: big,
  seenHead: fixed(32),
});

export const context: fc.Arbitrary<WrapContext> = fc.record({
  organisation: text,
  team: text,
  epoch: count,
  conv: fixed(16),
  generation: count,
  purpose: fc.constantFrom(...Object.values(Purpose)),
});

export async function keySet(type: Type, seed: Uint8Array): Promise<Uint8Array[]> {
  const signing = (await signingKey(seed)).publicKey;
  const agreement = (await agreementKey(seed)).publicKey;
  if (type === Type.TEAM_ADMIN) return [signing];
  return type === Type.TEAM || type === Type.RECOVERY ? [agreement] : [signing, agreement];
}

/** A lawful certificate but for its keys, which come from a promise: see `keySet`. */
export const certificate: fc.Arbitrary<Omit<Certificate, "keys">> = fc
  .record({
    type: fc.constantFrom(...Object.values(Type)),
    organisation: text,
    subject: text,
    roles: fc.array(text, { maxLength: 4 }),
    epoch: count,
    times: fc.tuple(big, big).filter(([a, b]) => a !== b),
  })
  .map(({ times: [a, b], ...rest }) => ({
    ...rest,
    subject: rest.type === Type.TEAM_ADMIN ? "team-admin" : rest.type === Type.RECOVERY ? "recovery" : rest.subject,
    roles: rest.type === Type.STAFF ? rest.roles : [],
    notBefore: Math.min(a, b),
    notAfter: Math.max(a, b),
  }));

/** All bytes that differ from `data` in one bit. */
export function* flips(data: Uint8Array): Generator<Uint8Array<ArrayBuffer>> {
  for (let bit = 0; bit < data.length * 8; bit++) {
    const spoilt = new Uint8Array(data);
    spoilt[bit >> 3] = (spoilt[bit >> 3] ?? 0) ^ (1 << (bit & 7));
    yield spoilt;
  }
}

/** All proper beginnings and endings of `data`. */
export function* truncations(data: Uint8Array): Generator<Uint8Array<ArrayBuffer>> {
  for (let length = 0; length < data.length; length++) {
    yield new Uint8Array(data.subarray(0, length));
    yield new Uint8Array(data.subarray(data.length - length));
  }
}

/** Whether a test's promise is refused in exactly this way. */
export async function refused(work: () => unknown, name: string): Promise<void> {
  await assert.rejects(async () => work(), { name });
}

export function readVectors(name: string): ReturnType<typeof JSON.parse> {
  return JSON.parse(readFileSync(join(ROOT, "vectors", name), "utf8"));
}

/** A file of the Python package cryptography-vectors; fails, and never skips, when it is not there. */
export function published(path: string): string {
  const file = join(publishedFolder(), path);
  if (!existsSync(file)) throw new Error(`no ${file}: set LUWTE_VECTORS to the folder of cryptography_vectors`);
  return readFileSync(file, "utf8");
}

function publishedFolder(): string {
  const told = process.env.LUWTE_VECTORS;
  if (told !== undefined) return told;
  const where = "import cryptography_vectors as v, os; print(os.path.dirname(v.__file__))";
  try {
    const python = process.env.LUWTE_PYTHON ?? join(ROOT, ".venv/bin/python");
    return execFileSync(python, ["-c", where], { encoding: "utf8" }).trim();
  } catch {
    throw new Error("published vectors not found: install cryptography-vectors into .venv, or set LUWTE_VECTORS");
  }
}

/** The blocks of `name = value` lines of a NIST file; each COUNT (or Count) begins one. */
export function records(path: string): Record<string, string>[] {
  const blocks = published(path).split(/^(?=count\s*=)/im);
  return blocks.slice(1).map((block) => {
    const pairs = block.split("\n").map((line): [string, string] => {
      if (line.trim() === "FAIL") return ["fail", "yes"];
      const [name = "", value = ""] = line.split("=").map((part) => part.trim());
      return [name.toLowerCase(), value];
    });
    return Object.fromEntries(pairs);
  });
}
