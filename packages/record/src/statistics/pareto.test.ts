import { expect, test } from "vitest";
import { paretoFront } from "./pareto.ts";

test("what is dearer and no better is left out, and so is what costs the same and is worse", () => {
  const points = [
    { name: "d", cost: 9, score: 0.8 },
    { name: "a", cost: 2, score: 0.5 },
    { name: "worse than a", cost: 3, score: 0.5 },
    { name: "b", cost: 4, score: 0.7 },
    { name: "as dear as b", cost: 4, score: 0.6 },
    { name: "worse than b", cost: 8, score: 0.65 },
  ];
  expect(paretoFront(points).map(({ name }) => name)).toEqual(["a", "b", "d"]);
});

test("of equal points one stays, and no points have no front", () => {
  expect(paretoFront([1, 2].map((id) => ({ id, cost: 3, score: 0.4 })))).toEqual([{ id: 1, cost: 3, score: 0.4 }]);
  expect(paretoFront([])).toEqual([]);
});
