import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { parse } from "yaml";
import { parseExperiment } from "./experimentFile.ts";
import { allRuns, planExperiment } from "./runPlan.ts";

const written = {
  title: "noise",
  question: "Does it hold?",
  tasks: ["feedback/topic"],
  seeds: [1, 2],
  clients: "node",
  methods: [
    { name: "pTuningV2", title: "mean" },
    { name: "pTuningV2", title: "median", set: { aggregation: { name: "coordinateMedian" } } },
  ],
  noise: [
    { name: "Gaussian", kind: "gaussian", levels: [0.5, 2] },
    { name: "burst", kind: "burst", levels: [1], methods: ["median"] },
  ],
};
const planned = (more: object = {}) => planExperiment(parseExperiment({ ...written, ...more }, "noise.yaml"));

test("every method runs without noise and under each level of each noise that is for it, with ids of their own", () => {
  const { cells, ...plan } = planned();
  expect(cells.map(({ methodTitle, variant }) => `${methodTitle} ${variant.noise} ${variant.level}`)).toEqual([
    "mean none 0",
    "mean Gaussian 0.5",
    "mean Gaussian 2",
    "median none 0",
    "median Gaussian 0.5",
    "median Gaussian 2",
    "median burst 1",
  ]);
  const runs = allRuns({ cells, ...plan });
  expect(new Set(runs.map(({ id }) => id)).size).toBe(14);
  expect(runs.find(({ variant }) => variant.noise === "burst")?.noisePlan).toEqual({ kind: "burst", level: 1, burstFraction: 0.1 });
});

test("a run without noise has the id that it has in a file without noise", () => {
  const { noise: _, ...quiet } = written;
  const ids = allRuns(planExperiment(parseExperiment(quiet, "noise.yaml"))).map(({ id }) => id);
  expect(allRuns(planned()).flatMap(({ id, noisePlan }) => (noisePlan === undefined ? [id] : []))).toEqual(ids);
});

test.each<[string, object, string]>([
  ["tabs", { clients: "tabs" }, "noise: is added by clients in Node processes; add clients: node"],
  ["an axis of that name", { grid: { level: { path: "numRounds", values: [1, 2] } } }, "grid.level: noise is an axis of that name already"],
  [
    "a method that is not there",
    { noise: [{ ...written.noise[1], methods: ["Krum"] }] },
    "noise.0.methods: found Krum, expected titles of",
  ],
  ["attacks too", { attacks: [{ name: "flip", kind: "labelFlip", fractions: [0.2] }] }, "noise: found attacks too"],
  ["a level of 0", { noise: [{ name: "Gaussian", kind: "gaussian", levels: [0] }] }, "noise.0.levels.0"],
])("%s are refused in a sentence", (_, change, sentence) => {
  expect(() => planned(change)).toThrow(sentence);
});

test("the robustness experiment is valid, with 42 runs", () => {
  const text = readFileSync(new URL("../../experiments/robustness.yaml", import.meta.url), "utf8");
  expect(allRuns(planExperiment(parseExperiment(parse(text), "robustness.yaml")))).toHaveLength(42);
});
