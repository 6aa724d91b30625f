/** Every pair of colours that may meet, recomputed from the stylesheet that is shipped. */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

const css = readFileSync(new URL("../../src/ui/tokens.css", import.meta.url), "utf8");
const [day = "", night = ""] = css.split("@media (prefers-color-scheme: dark)");

function colours(block: string): Map<string, string> {
  return new Map([...block.matchAll(/--([\w-]+):\s*(#[0-9a-f]{3,6});/g)].map(([, name = "", hex = ""]) => [name, hex]));
}

const light = colours(day);
/** The dark scheme names only what differs. */
const dark = new Map([...light, ...colours(night)]);

function channels(hex: string): readonly number[] {
  const long = hex.length === 4 ? [...hex.slice(1)].map((digit) => digit + digit).join("") : hex.slice(1);
  return [0, 2, 4].map((at) => Number.parseInt(long.slice(at, at + 2), 16) / 255);
}

/** WCAG 2.2, relative luminance. */
function luminance(hex: string): number {
  const [r = 0, g = 0, b = 0] = channels(hex).map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4));
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

function contrast(scheme: Map<string, string>, on: string, under: string): number {
  const [a, b] = [scheme.get(on), scheme.get(under)];
  assert.ok(a !== undefined && b !== undefined, `${on} on ${under}: no such token`);
  const [high, low] = [luminance(a), luminance(b)].sort((x, y) => y - x);
  return ((high ?? 0) + 0.05) / ((low ?? 0) + 0.05);
}

const TEXT = 4.5;
const SHAPE = 3;

/** on top, least, and per ground what was measured by day and by night. */
const pairs: readonly [string, number, Record<string, readonly [number, number]>][] = [
  [
    "text",
    TEXT,
    {
      bg: [12.0, 14.3],
      surface: [13.4, 12.8],
      lee: [10.6, 12.7],
      "accent-soft": [11.1, 10.7],
      "danger-soft": [11.4, 11.4],
      "bubble-them": [13.4, 11.0],
      "bubble-me": [10.4, 8.5],
      "note-soft": [11.0, 11.5],
    },
  ],
  [
    "muted",
    TEXT,
    {
      bg: [5.7, 8.0],
      surface: [6.4, 7.2],
      lee: [5.1, 7.1],
      "accent-soft": [5.3, 6.0],
      "danger-soft": [5.4, 6.3],
      "bubble-them": [6.4, 6.1],
      "bubble-me": [5.0, 4.8],
    },
  ],
  [
    "accent",
    TEXT,
    {
      bg: [6.3, 9.3],
      surface: [7.1, 8.3],
      "accent-soft": [5.8, 6.9],
      "bubble-them": [7.1, 7.1],
      "bubble-me": [5.5, 5.5],
    },
  ],
  ["on-accent", TEXT, { accent: [7.2, 8.9] }],
  ["on-exit", TEXT, { exit: [7.0, 4.7] }],
  ["danger", TEXT, { bg: [6.6, 9.7], surface: [7.3, 8.7], "danger-soft": [6.2, 7.7] }],
  ["success", TEXT, { bg: [6.1, 9.8], surface: [6.8, 8.8] }],
  ["note", TEXT, { "note-soft": [6.7, 8.2] }],
  ["edge", SHAPE, { bg: [3.8, 5.2], surface: [4.3, 4.6] }],
  ["exit", SHAPE, { bg: [6.1, 3.7], surface: [6.9, 3.3], lee: [5.4, 3.3] }],
  ["focus", SHAPE, { bg: [8.0, 9.4], surface: [9.0, 8.4] }],
];

for (const [on, least, grounds] of pairs) {
  for (const [under, measured] of Object.entries(grounds)) {
    test(`${on} is readable on ${under}, by day and by night`, () => {
      for (const [i, scheme] of [light, dark].entries()) {
        const ratio = contrast(scheme, on, under);
        assert.ok(ratio >= least, `${ratio.toFixed(2)} < ${least}`);
        assert.ok(Math.abs(ratio - (measured[i] ?? 0)) < 0.06, `${ratio.toFixed(2)}, the table says ${measured[i]}`);
      }
    });
  }
}

test("the focus ring is seen on every ground", () => {
  const grounds = ["lee", "accent-soft", "danger-soft", "bubble-them", "bubble-me", "note-soft"];
  for (const under of grounds) {
    assert.ok(contrast(light, "focus", under) >= 6.9 - 0.06, under);
    assert.ok(contrast(dark, "focus", under) >= 5.6 - 0.06, under);
  }
});
