import { simulatedExperiment, simulatedRun } from "@tutti/record/testing";
import { expect, test } from "vitest";
import { usageText } from "./sections.ts";

test("runs may have been made at once, so that their seconds are said to be added up", () => {
  const runs = [1, 2, 3].map((seed) => simulatedRun({ method: "lora", task: "subj", seed }));
  expect(usageText(simulatedExperiment(runs))).toMatch(/^3 runs took 1 min 21 s added up on wasm in tabs; /); // 3 · 27 s
});
