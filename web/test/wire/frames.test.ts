/** What a hostile server says becomes a typed answer, never an exception and never a half-read frame. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { encode } from "@msgpack/msgpack";
import fc from "fast-check";
import { hearAtDesk } from "../../src/wire/desk-frames.ts";
import { LONGEST_HEARD, LONGEST_SAID, spoken } from "../../src/wire/frames.ts";
import { hearAsVisitor } from "../../src/wire/visitor-frames.ts";

const b = (n: number) => new Uint8Array(n).fill(7);

const visitorFrames = [
  { t: "hello", protocol: 1, organisation: "o", line: "l", minute: 1, certificates: [b(200), b(180)] },
  { t: "started", conv: b(16) },
  { t: "resumed", conv: b(16), last: 3, wraps: [{ g: 0, wrap: b(80) }] },
  { t: "ack", msg_id: b(16), n: 1, minute: 2 },
  { t: "ended", by: "team" },
  { t: "phrase", locator_hash: b(32) },
  { t: "phrase", locator_hash: b(0) },
  { t: "for_later" },
  { t: "pong" },
  { t: "waiting", place: 1, low: null, high: null },
  { t: "claimed", times: 1 },
  { t: "envelope", log: 1, n: 1, minute: 2, envelope: b(466) },
  { t: "cert", certificate: b(200) },
  { t: "delivered", n: 1 },
  { t: "read", n: 1 },
  { t: "typing" },
  { t: "refused", code: "out_of_order", says: "", seq: 1, prev: b(32), g: 1 },
  { t: "refused", code: "busy", says: "later", msg_id: b(16) },
];

const deskFrames = [
  { t: "messages", convs: [b(16), b(16)] },
  {
    t: "welcome",
    protocol: 1,
    organisation: "o",
    team: "t",
    account: "a",
    minute: 1,
    certificates: [b(9), b(9), b(9)],
    team_keys: [{ epoch: 2, wrap: b(80) }],
  },
  { t: "queue", waiting: [{ conv: b(16), number: 1, since: 2, last: 3, again: false }], more: 0 },
  { t: "opening", conv: b(16), wrap: b(80), epoch: 1, envelopes: [{ n: 1, minute: 2, envelope: b(466) }] },
  { t: "opening", conv: b(16), wrap: b(0), epoch: 0, envelopes: [] },
  {
    t: "taken",
    conv: b(16),
    number: 1,
    since: 1,
    times: 1,
    last: 1,
    note_last: 0,
    wraps: [{ log: 1, g: 0, epoch: 1, wrap: b(80) }],
    start: {
      line: "chat",
      ve: b(32),
      vg: b(32),
      credential_hash: b(32),
      team_cert: b(16),
      wraps: [b(80), b(80), b(80), b(80)],
      sig: b(64),
    },
  },
  { t: "envelope", conv: b(16), log: 2, n: 1, minute: 2, envelope: b(466) },
  { t: "ack", conv: b(16), log: 1, msg_id: b(16), n: 1, minute: 1 },
  { t: "lost", conv: b(16) },
  { t: "wrap", conv: b(16), log: 2, g: 0, epoch: 1, wrap: b(80) },
  { t: "refused", code: "already_taken", says: "", conv: b(16) },
];

for (const [who, hear, frames] of [
  ["visitor", hearAsVisitor, visitorFrames],
  ["desk", hearAtDesk, deskFrames],
] as const) {
  test(`each frame of the protocol is heard by the ${who} as it was said`, () => {
    for (const frame of frames) {
      const heard = hear(encode(frame));
      assert.ok(heard.ok, JSON.stringify(frame));
      assert.deepEqual(heard.frame, frame);
    }
  });

  test(`a missing, surplus or changed field is not heard by the ${who}`, () => {
    for (const frame of frames) {
      assert.equal(hear(encode({ ...frame, surplus: 1 })).ok, false);
      for (const key of Object.keys(frame)) {
        const optional = frame.t === "refused" && !["t", "code", "says"].includes(key);
        const less = Object.fromEntries(Object.entries(frame).filter(([k]) => k !== key));
        assert.equal(hear(encode(less)).ok, optional, `${frame.t} without ${key}`);
        for (const wrong of [-1, 1.5, Number.NaN, true, "x".repeat(3000), { a: 1 }, [[]], new Date(0)]) {
          if (key === "again" && wrong === true) continue;
          assert.equal(hear(encode({ ...frame, [key]: wrong })).ok, false, `${frame.t}.${key} = ${String(wrong)}`);
        }
      }
    }
  });

  test(`arbitrary bytes never throw at the ${who}`, () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 300 }), (raw) => void hear(raw)));
    fc.assert(
      fc.property(fc.constantFrom(...frames), fc.nat(), fc.nat(255), (frame, at, value) => {
        const raw = encode(frame).slice();
        raw[at % raw.length] = value;
        hear(raw);
      }),
    );
  });
}

test("a number that JavaScript does not hold exactly is refused", () => {
  const frame = { t: "delivered", n: 2n ** 53n };
  assert.deepEqual(hearAsVisitor(encode(frame, { useBigInt64: true })), { ok: false, why: "not a frame" });
});

test("names of the language's own are no frames", () => {
  for (const t of ["__proto__", "constructor", "toString", "hasOwnProperty"]) {
    assert.deepEqual(hearAsVisitor(encode({ t })), { ok: false, why: "unknown frame" });
    assert.equal(hearAsVisitor(encode({ t: "pong", [t]: 1 })).ok, false);
  }
});

test("a giant is not even decoded", () => {
  assert.deepEqual(hearAsVisitor(new Uint8Array(LONGEST_HEARD + 1)), { ok: false, why: "too large" });
});

test("we never say more than the server takes", () => {
  const largest = { t: "append", envelope: b(16_594), wrap: b(80) };
  assert.ok(spoken(largest).length <= LONGEST_SAID);
  assert.throws(() => spoken({ ...largest, envelope: b(LONGEST_SAID) } as { t: string }), RangeError);
});
