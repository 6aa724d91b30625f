/** The waiting list under a pointer, and which conversations stand side by side. */

import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { choose, inSight, room } from "../../src/desk/columns.ts";
import { nextFree, type Shown, settle } from "../../src/desk/order.ts";

const row = (conv: string) => ({ conv });
const queue = fc
  .uniqueArray(fc.constantFrom("a", "b", "c", "d", "e", "f"), { maxLength: 6 })
  .map((ids) => ids.map(row));
type Row = ReturnType<typeof row>;
const names = (rows: readonly Shown<Row>[]): string[] => rows.map(({ row: { conv } }) => conv);

test("while it is held no row changes its place, whatever the queue does", () => {
  fc.assert(
    fc.property(queue, fc.array(queue, { maxLength: 8 }), (first, then) => {
      let shown = settle<Row>([], first, false).rows;
      for (const now of then) {
        const before = names(shown);
        const { rows, differs } = settle(shown, now, true);
        assert.deepEqual(names(rows).slice(0, before.length), before);
        const live = rows.filter(({ gone }) => !gone).map((one) => one.row.conv);
        assert.deepEqual([...live].sort(), now.map((one) => one.conv).sort(), "everybody who waits is shown once");
        assert.equal(differs, live.join() !== now.map((one) => one.conv).join());
        shown = rows;
      }
    }),
  );
});

test("let go, the list is the queue", () => {
  fc.assert(
    fc.property(queue, queue, (before, now) => {
      const shown = settle<Row>([], before, false).rows;
      assert.deepEqual(settle(shown, now, false), {
        rows: now.map((one) => ({ row: one, gone: false })),
        differs: false,
      });
    }),
  );
});

test("a held row shows what is new about it", () => {
  const before = settle([], [{ conv: "a", opening: "" }], false).rows;
  assert.equal(settle(before, [{ conv: "a", opening: "hallo" }], true).rows[0]?.row.opening, "hallo");
});

test("after a lost race the focus goes to the next that is free, or back to the last before", () => {
  const rows = ["a", "b", "c"].map((conv) => ({ row: row(conv), gone: conv === "b" }));
  assert.equal(nextFree(rows, "a"), "c");
  assert.equal(nextFree(rows, "c"), "a");
  assert.equal(nextFree(rows.slice(0, 1), "a"), undefined);
});

const ids = fc.uniqueArray(fc.constantFrom("a", "b", "c", "d", "e"), { maxLength: 5 });

test("the room is always filled, the last chosen is always in sight, and nobody changes sides", () => {
  fc.assert(
    fc.property(ids, ids, fc.integer({ min: 1, max: 3 }), (all, chosen, columns) => {
      const shown = inSight(all, chosen, columns);
      assert.equal(shown.length, Math.min(all.length, columns));
      assert.deepEqual(
        shown,
        all.filter((conv) => shown.includes(conv)),
      );
      const last = chosen.find((conv) => all.includes(conv));
      if (last !== undefined) assert.ok(shown.includes(last));
    }),
  );
});

test("choosing brings to the front and forgets nobody", () => {
  assert.deepEqual(choose(["a", "b"], "b"), ["b", "a"]);
  assert.deepEqual(choose(["a"], "c"), ["c", "a"]);
});

test("one column under 1000 px, two at 1366, three over 1700", () => {
  assert.deepEqual([360, 999, 1000, 1366, 1700, 1701, 2560].map(room), [1, 1, 2, 2, 2, 3, 3]);
});
