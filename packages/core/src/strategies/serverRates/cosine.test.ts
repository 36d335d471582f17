import { expect, test } from "vitest";
import { methods } from "../../methods.ts";
import { presets } from "../../presets.ts";
import { cosine } from "./cosine.ts";

/** Factors of the rounds of a run of four. */
const factorsOf = (endFraction: number) =>
  [1, 2, 3, 4].map((round) => cosine.factor({ name: "cosine", endFraction }, { round, numRounds: 4 }));

test("the rate falls along half a cosine, from its own to a share of it", () => {
  // cos 0, π/4, π/2, 3π/4 = 1, .70711, 0, −.70711
  const expected = [1, 0.8828427, 0.6, 0.3171573];
  for (const [at, factor] of factorsOf(0.2).entries()) expect(factor, `round ${at + 1}`).toBeCloseTo(expected[at], 6);
  expect(factorsOf(0)[3]).toBeCloseTo(0.1464466, 6);
});

test("with the whole rate left in the end it is constant", () => {
  for (const factor of factorsOf(1)) expect(factor).toBeCloseTo(1, 12);
});

test("FedAdam takes it in the comparison, and is otherwise the same", () => {
  const { strategy, ...rest } = methods.fedAdamCosine.settings(presets.default);
  const { strategy: adam, ...restOfAdam } = methods.fedAdam.settings(presets.default);
  expect(strategy).toEqual({ ...adam, serverRateSchedule: { name: "cosine", endFraction: 0 } });
  expect(rest).toEqual(restOfAdam);
});
