/** Bytes: what is written down reads back, and there is one way to write it. */

import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import * as bytes from "../../src/crypto/bytes.ts";

const data = fc.uint8Array({ maxLength: 80 });
const malformed = { name: "Malformed" };

test("hexadecimal and base64 read back, and agree with Node", () => {
  const property = fc.property(data, (said) => {
    assert.equal(bytes.hex(said), Buffer.from(said).toString("hex"));
    assert.equal(bytes.base64(said), Buffer.from(said).toString("base64"));
    assert.ok(bytes.equal(bytes.unhex(bytes.hex(said)), said));
    assert.ok(bytes.equal(bytes.unbase64(bytes.base64(said)), said));
  });
  fc.assert(property);
});

test("a second spelling is refused", () => {
  for (const text of ["A", "AA", "AA=", "AB==", "AA==\n", " AA==", "AA-_", "AA==AA=="]) {
    assert.throws(() => bytes.unbase64(text), malformed, text);
  }
  for (const text of ["0", "0g", "0x", " 00", "00\n"]) assert.throws(() => bytes.unhex(text), malformed, text);
});

test("numbers are big-endian, read back, and never wrap around", () => {
  assert.equal(bytes.hex(bytes.u16(0x0102)), "0102");
  assert.equal(bytes.hex(bytes.u32(0x01020304)), "01020304");
  assert.equal(bytes.hex(bytes.u64(2 ** 53 - 1)), "001fffffffffffff");
  fc.assert(fc.property(fc.maxSafeNat(), (n) => assert.equal(bytes.toNumber(bytes.u64(n)), n)));
  for (const n of [-1, 1.5, Number.NaN, 2 ** 53, Number.POSITIVE_INFINITY]) {
    assert.throws(() => bytes.u64(n), malformed);
  }
  assert.throws(() => bytes.u8(256), malformed);
  assert.throws(() => bytes.u16(65536), malformed);
  assert.throws(() => bytes.u32(2 ** 32), malformed);
  assert.throws(() => bytes.toNumber(bytes.unhex("0020000000000000")), malformed);
});

test("equal means equal", () => {
  const property = fc.property(data, data, (a, b) => {
    assert.equal(bytes.equal(a, b), Buffer.compare(a, b) === 0);
    assert.ok(bytes.equal(a, a.slice()));
  });
  fc.assert(property);
});

test("a length prefix keeps neighbours apart", () => {
  const joined = (a: string, b: string) => bytes.hex(bytes.concat(bytes.lp(bytes.utf8(a)), bytes.lp(bytes.utf8(b))));
  assert.notEqual(joined("ab", "c"), joined("a", "bc"));
  assert.equal(bytes.hex(bytes.lp(bytes.utf8("é"))), "0002c3a9");
  assert.throws(() => bytes.lp(new Uint8Array(65536)), malformed);
});

test("text that is none is refused", () => {
  assert.throws(() => bytes.fromUtf8(bytes.unhex("ff")), malformed);
  assert.throws(() => bytes.fromUtf8(bytes.unhex("eda080")), malformed);
  assert.equal(bytes.fromUtf8(bytes.unhex("efbbbf41")), "\ufeffA");
});

test("a wiped secret is zeros", () => {
  const [a, b] = [bytes.random(40), bytes.random(3)];
  bytes.wipe(a, b);
  assert.ok(bytes.equal(bytes.concat(a, b), new Uint8Array(43)));
});

test("chance does not repeat itself", () => {
  assert.equal(new Set(Array.from({ length: 500 }, () => bytes.hex(bytes.random(16)))).size, 500);
});
