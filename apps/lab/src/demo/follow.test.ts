import { expect, test } from "vitest";
import { exampleReport } from "../results/exampleReport.ts";
import { latestAccuracy } from "./follow.ts";

test("the accuracy beside the bar is that of the last evaluation, by protocol, with the number of texts", () => {
  expect(latestAccuracy(exampleReport.steps)).toBe("personalised 0.702, newcomer 0.640, global 0.601 (of 288 texts)");
  expect(latestAccuracy(exampleReport.steps.slice(0, 5))).toBe("personalised 0.610, global 0.520 (of 288 texts)");
  expect(latestAccuracy(exampleReport.steps.slice(0, 2))).toBeNull();
});
