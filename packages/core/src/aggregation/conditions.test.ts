import { expect, test } from "vitest";
import { aggregationFault, fewestUpdates } from "./conditions.ts";
import type { AggregationSettings } from "./table.ts";

const sizes = { roster: "fixed", numDevices: 20, minDevices: 3, cohortSize: 12, quorum: 1 } as const;
const krum = (numByzantine: number): AggregationSettings => ({ name: "multiKrum", numByzantine });

test("the fewest updates of a step: the quorum of the smallest cohort", () => {
  expect(fewestUpdates(sizes)).toBe(12);
  expect(fewestUpdates({ ...sizes, quorum: 0.7 })).toBe(7); // of 12 the quorum is 9, of 9 it is 7
  expect(fewestUpdates({ ...sizes, numDevices: 5 })).toBe(5);
  expect(fewestUpdates({ ...sizes, roster: "open" })).toBe(3);
  expect(fewestUpdates({ ...sizes, quorum: 0 })).toBe(1);
});

test("Krum is refused where a step may close with fewer than 2f + 3 updates", () => {
  expect(aggregationFault({ ...sizes, aggregation: krum(4) }, "all", "FedAvg")).toBeNull(); // 11 of 12
  const refused = aggregationFault({ ...sizes, aggregation: krum(5) }, "all", "FedAvg");
  expect(refused?.path).toEqual(["aggregation", "numByzantine"]);
  expect(refused?.error).toContain("multiKrum needs n ≥ 2f + 3, here 13 updates, and a step of this run may close with 12");
});

test("the condition holds for the quorum of the smallest cohort, not for the cohort", () => {
  const quorum = { ...sizes, quorum: 0.7 }; // 7
  expect(aggregationFault({ ...quorum, aggregation: krum(2) }, "all", "FedAvg")).toBeNull();
  expect(aggregationFault({ ...quorum, aggregation: krum(3) }, "all", "FedAvg")?.error).toContain("may close with 7");
  const open = { ...sizes, roster: "open" } as const; // 3
  expect(aggregationFault({ ...open, aggregation: krum(0) }, "all", "FedAvg")).toBeNull();
  expect(aggregationFault({ ...open, aggregation: krum(1) }, "all", "FedAvg")?.error).toContain("minDevices 3");
});

test("a trimmed mean needs 2f + 1 updates", () => {
  const trimmed = (numByzantine: number): AggregationSettings => ({ name: "trimmedMean", numByzantine });
  expect(aggregationFault({ ...sizes, aggregation: trimmed(5) }, "all", "FedAvg")).toBeNull();
  expect(aggregationFault({ ...sizes, aggregation: trimmed(6) }, "all", "FedAvg")?.error).toContain(
    "trimmedMean needs n ≥ 2f + 1, here 13",
  );
});

test("a rule that does not fit a strategy is refused with the rules that do", () => {
  const of = (name: "coordinateMedian" | "geometricMedian" | "adaptiveClipping") =>
    ({ ...sizes, aggregation: name === "adaptiveClipping" ? { name, quantile: 0.5 } : { name } }) as const;
  expect(aggregationFault(of("coordinateMedian"), "wholeUpdates", "FlexLoRA")).toEqual({
    path: ["aggregation", "name"],
    error:
      "coordinateMedian does not fit FlexLoRA, which merges products of factors and not values one by one: choose mean, normClipping, adaptiveClipping or multiKrum",
  });
  expect(aggregationFault({ ...sizes, aggregation: krum(1) }, "wholeUpdates", "FlexLoRA")).toBeNull();
  expect(aggregationFault({ ...sizes, aggregation: krum(1) }, "clipping", "HetLoRA")?.error).toContain(
    "choose mean, normClipping or adaptiveClipping",
  );
  expect(aggregationFault(of("adaptiveClipping"), "clipping", "HetLoRA")).toBeNull();
  expect(aggregationFault(of("geometricMedian"), "none", "Local")?.error).toContain("leave aggregation out");
  expect(aggregationFault(sizes, "none", "Local")).toBeNull();
  expect(aggregationFault({ ...sizes, aggregation: { name: "mean" } }, "none", "Local")).toBeNull();
});
