import { simulatedExperiment, simulatedRun } from "@tutti/record/testing";
import { expect, test } from "vitest";
import { renderMarkdown } from "./markdown.ts";
import { renderPage } from "./page.tsx";

const step = {
  stage: "train",
  kind: "train",
  round: 1,
  step: 1,
  attempt: 1,
  cohort: [0, 1],
  counted: [0, 1],
  firstLoss: 1,
  lastLoss: 1,
  evaluations: [],
} as const;
const devices = [
  { deviceId: 0, seconds: 1.5, plannedSeconds: 2 },
  { deviceId: 1, seconds: 6, plannedSeconds: 4 },
];
const run = (method: "lora" | "fedAdapter", fleet: string) => ({
  ...simulatedRun({ method, task: "feedback/topic", seed: 1, variant: { fleet } }),
  bytes: { up: 120_000, down: 240_000, stagesAB: 0, evaluation: 0 },
  steps: [{ ...step, seconds: 7, bytesUp: 0, bytesDown: 0, devices }],
  ...(method === "lora"
    ? {}
    : {
        sizes: [
          { round: 1, depth: 1, width: 2 },
          { round: 3, depth: 2, width: 2 },
        ],
      }),
});
const result = simulatedExperiment([
  run("lora", "uneven"),
  run("fedAdapter", "uneven"),
  run("lora", "uniform"),
  run("fedAdapter", "uniform"),
]);

test("a table for each fleet says how long rounds take, and by how much less than its slowest device each has to do", () => {
  const { text } = renderMarkdown(result, "fleets");
  expect(text).toContain("## Fleets");
  expect(text).toContain("Time of a training round and under-use by device: feedback/topic, fleet uneven:");
  expect(text).toContain(
    "| method | round | slowest device | its planned time | bytes up | bytes down | under-use of device 0 | under-use of device 1 |",
  );
  expect(text).toContain("| LoRA | 7 s | 6 s | 4 s | 120 kB | 240 kB | 75 % (50 %) | 0 % (0 %) |");
  expect(text).toContain("- FedAdapter, fleet uneven, feedback/topic, seed 1: 1 layer");
  expect(text).toContain("1 layer × 2 components from round 1, 2 layers × 2 components from round 3");
});

test("the page has the same tables, and a result without machines has none", () => {
  const page = renderPage(result);
  expect(page).toContain('<section id="fleets">');
  expect(page).toContain("75 % (50 %)");
  expect(page).toContain("from round 3");
  expect(renderPage(simulatedExperiment([simulatedRun({ method: "lora", task: "feedback/topic", seed: 1 })]))).not.toContain('id="fleets"');
});
