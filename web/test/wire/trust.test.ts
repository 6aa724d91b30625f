/** Whose word counts, and when: history outlives the days of the certificate that vouched for it. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { random } from "../../src/crypto/bytes.ts";
import { ADMIN_SUBJECT, type Certificate, issue, Type } from "../../src/crypto/certificate.ts";
import { agreementKey, type SigningKey, signingKey } from "../../src/crypto/curves.ts";
import { Trust } from "../../src/wire/trust.ts";

const DAY = 86_400;
const NOW = 1_800_000_000;
const ORGANISATION = "luwte-test";

const certify = (fields: Partial<Certificate>, by: SigningKey): Promise<Uint8Array> => {
  const base = { organisation: ORGANISATION, roles: [], epoch: 1, notBefore: NOW - 30 * DAY, notAfter: NOW + 30 * DAY };
  return issue({ ...base, type: Type.STAFF, subject: "anna", keys: [], ...fields }, by);
};

test("what was said before the admin's certificate got new days is still whose it was, and only that", async () => {
  const [root, admin, other] = [
    await signingKey(random(32)),
    await signingKey(random(32)),
    await signingKey(random(32)),
  ];
  const keys = [(await signingKey(random(32))).publicKey, (await agreementKey(random(32))).publicKey];
  const subject = ADMIN_SUBJECT;
  const renewed = await certify(
    { type: Type.TEAM_ADMIN, subject, keys: [admin.publicKey], notBefore: NOW - DAY },
    root,
  );
  const team = await certify(
    { type: Type.TEAM, subject: "night", keys: [(await agreementKey(random(32))).publicKey] },
    admin,
  );
  const trust = new Trust({ organisation: ORGANISATION, root: root.publicKey });
  await trust.introduce(renewed, team, NOW);
  const anna = await trust.keep(await certify({ keys, roles: ["night/counsellor"] }, admin));
  const signs = async (role: string): Promise<Uint8Array> =>
    trust.keep(await certify({ keys, roles: [role], subject: role }, admin));
  assert.equal((await trust.signer(await signs("night/lead"), NOW))?.account, "night/lead");
  // Whoever does not talk signs nothing that a visitor or a desk takes for a counsellor's word.
  for (const role of ["night/reviewer", "night/admin", "night/Lead", "night/", "night/chief"]) {
    assert.equal(await trust.signer(await signs(role), NOW), undefined, role);
  }
  const crooked = await trust.keep(await certify({ keys, roles: ["night/counsellor"] }, other));
  for (const at of [NOW, NOW - 20 * DAY]) {
    assert.equal((await trust.signer(anna, at))?.account, "anna");
    assert.equal(await trust.signer(crooked, at), undefined);
  }
  assert.equal(await trust.signer(anna, NOW - 33 * DAY), undefined);
  assert.equal(await trust.signer(anna, NOW + 33 * DAY), undefined);
});
