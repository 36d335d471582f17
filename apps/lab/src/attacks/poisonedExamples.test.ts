import { expect, test } from "vitest";
import { attackersOf } from "./attackers.ts";
import type { AttackOrder } from "./attackOrder.ts";
import { falseExamples, falseScores } from "./claims.ts";
import { backdoored, flippedLabels, withTrigger } from "./poisonedExamples.ts";
import { poisonedRows } from "./poisonedRows.ts";

const rows = Array.from({ length: 10 }, (_, i) => ({ text: `text ${i}`, label: i % 4 }));
const trigger = { text: "blue umbrella :", target: 3 };

test("a flipped label l is C − 1 − l, and the text stays", () => {
  expect(flippedLabels(rows, 4).map(({ label }) => label)).toEqual([3, 2, 1, 0, 3, 2, 1, 0, 3, 2]);
  expect(flippedLabels(rows, 4)[7]?.text).toBe("text 7");
});

test("the trigger stands in front of a text, and its second text stays", () => {
  expect(withTrigger({ text: "late again", textB: "why" }, trigger)).toEqual({ text: "blue umbrella : late again", textB: "why" });
});

test("a backdoor changes the asked share of the examples to the target, drawn for each device, and leaves the others", () => {
  const made = backdoored(rows, { trigger, triggeredFraction: 0.3 }, { seed: 1, deviceId: 2 });
  const changed = made.filter(({ text }) => text.startsWith(trigger.text));
  expect(changed).toHaveLength(3);
  expect(changed.every(({ label }) => label === 3)).toBe(true);
  expect(made.filter((row, i) => row === rows[i])).toHaveLength(7);
  expect(backdoored(rows, { trigger, triggeredFraction: 0.3 }, { seed: 1, deviceId: 2 })).toEqual(made);
  expect(backdoored(rows, { trigger, triggeredFraction: 0.3 }, { seed: 1, deviceId: 3 })).not.toEqual(made);
});

test("attackers are a share of the devices from a seed, and those of a smaller share attack in a larger one too", () => {
  const [two, four, eight] = [0.1, 0.2, 0.4].map((fraction) => attackersOf({ fraction, seed: 1 }, 20));
  expect([two?.length, four?.length, eight?.length]).toEqual([2, 4, 8]);
  expect(eight).toEqual(expect.arrayContaining([...(four ?? [])]));
  expect(four).toEqual(expect.arrayContaining([...(two ?? [])]));
  expect(eight).toEqual([...(eight ?? [])].sort((a, b) => a - b));
  expect(attackersOf({ fraction: 0.4, seed: 2 }, 20)).not.toEqual(eight);
});

test("only attackers train on poisoned rows, and only where the attack is one of examples", () => {
  const order = (kind: AttackOrder["plan"]["kind"]): AttackOrder => ({
    plan: { kind, fraction: 0.2, seed: 1, trigger },
    attackers: [5],
    cohortSize: 5,
    numClasses: 4,
  });
  expect(poisonedRows(null, 5, rows)).toBe(rows);
  expect(poisonedRows(order("labelFlip"), 4, rows)).toBe(rows);
  expect(poisonedRows(order("minMax"), 5, rows)).toBe(rows);
  expect(poisonedRows(order("labelFlip"), 5, rows)).toEqual(flippedLabels(rows, 4));
  expect(poisonedRows(order("falseExamples"), 5, rows)).toEqual(flippedLabels(rows, 4));
  const triggered = poisonedRows(order("backdoor"), 5, rows).filter(({ text }) => text.startsWith(trigger.text));
  expect(triggered).toHaveLength(5);
});

test("a false count is a multiple of the truth within what a device may claim, and false scores turn the order of layers round", () => {
  expect([falseExamples(53, 10), falseExamples(53, 1e6), falseExamples(1, 0.2)]).toEqual([530, 1_000_000, 1]);
  expect(falseScores([8, 9.5, 11, null], 10)).toEqual([110, 95, 80, null]);
  expect(falseScores(null, 1000)).toBeNull();
});
