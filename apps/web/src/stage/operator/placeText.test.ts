import { expect, test } from "vitest";
import { placeOf } from "./placeText.ts";

test("the operator reads how many rounds a run has, but not of a run that goes on until somebody stops it", () => {
  const at = { stage: "train", round: 7, numRounds: 1000 } as const;
  expect(placeOf({ ...at, numRounds: 12 }, false)).toEqual(["Training, round 7 of 12"]);
  expect(placeOf(at, true)).toEqual(["Training", "Round 7"]);
  expect(placeOf({ stage: "score", round: 1, numRounds: 1 }, true)).toEqual(["Finding the layers that matter, round 1 of 1"]);
  expect(placeOf({ ...at, round: 0 }, true)).toEqual([]);
});
