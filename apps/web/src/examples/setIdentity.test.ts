import { expect, test } from "vitest";
import { setIdentity } from "./setIdentity.ts";

test("a set of examples has one name, of which the first half is FNV-1a of its JSON", () => {
  // of "[]" by hand: ((0x811c9dc5 ^ 0x5b) * 0x01000193 ^ 0x5d) * 0x01000193, modulo 2^32
  const first = Number(((BigInt(0x811c9dc5 ^ 0x5b) & 0xffffffffn) * 0x01000193n) & 0xffffffffn);
  const second = (BigInt((first ^ 0x5d) >>> 0) * 0x01000193n) & 0xffffffffn;
  expect(setIdentity([]).slice(0, 8)).toBe(second.toString(16).padStart(8, "0"));
  const set = [{ text: "Too dear", label: 3 }];
  expect(setIdentity(set)).toBe(setIdentity([...set]));
  expect(setIdentity(set)).toMatch(/^[0-9a-f]{16}$/);
});

test("another text, another label and another order are other sets", () => {
  const [dear, late] = [
    { text: "Too dear", label: 3 },
    { text: "Late", label: 0 },
  ] as const;
  const sets = [[], [dear], [late], [dear, late], [late, dear], [{ ...dear, label: 2 }], [{ ...dear, text: "too dear" }]];
  expect(new Set(sets.map(setIdentity)).size).toBe(sets.length);
});
