import { fileURLToPath } from "node:url";
import { createRandom, initialParams, type Params, presets, slopes, type TaskSpec } from "@tutti/core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createTrainer } from "./device.ts";
import { loadBackboneFolder } from "./node.ts";
import { publicFiles } from "./testing/demoTrainer.ts";
import type { TrainerTask } from "./trainer.ts";
import { tunedLayout } from "./tuning/layout.ts";

const trainer = createTrainer({ fetch: publicFiles });
const forward = { seed: 7, numDirections: 3, perturbation: 0.01, maxExamples: 4 };
let global: Params;

beforeAll(async () => {
  const manifestUrl = "http://tutti.test/backbones/minuet/manifest.json";
  const datasetUrl = "http://tutti.test/datasets/feedback/";
  const setup = { run: presets.demo, manifestUrl, datasetUrl, backend: "wasm", threads: 1, isForwardOnly: true } as const;
  const { admission } = await trainer.start(setup, () => undefined);
  expect(admission).toMatchObject({ isPassed: true, detail: expect.not.stringMatching(/gradient|optimiser/) });
  const { config } = await loadBackboneFolder(fileURLToPath(new URL("../../../public/backbones/minuet", import.meta.url)));
  global = initialParams(tunedLayout(config, presets.demo.tuning, 4).entries, createRandom(1));
});

afterAll(() => trainer.stop());

test("a trainer that computes forward passes alone measures slopes and evaluates, and refuses what needs a backward pass (P-250)", async () => {
  const { numExamples } = await trainer.addDevice(0, { kind: "share", index: 0 });
  const compute = (spec: TaskSpec, shapes: TrainerTask["expects"]["shapes"] = {}) => {
    const expects = { shapes, encoding: "f32", batchSize: 8, numExamples } as const;
    return trainer.compute({ deviceId: 0, stage: "train", round: 1, attempt: 1, spec, parameterSets: { global }, expects }, null);
  };
  const training = { kind: "train", warmupSteps: 0, epochs: 1, isPersonalised: false } as const;
  const { body } = await compute({ ...training, forward }, { [slopes]: [3] });
  const measured = body.kind === "train" ? [...(body.delta[slopes]?.data ?? [])] : [];
  expect(measured).toHaveLength(3);
  expect(measured.every((slope) => Number.isFinite(slope) && slope !== 0)).toBe(true);
  await expect(compute(training)).rejects.toThrow("device 0 computes forward passes alone, and its train task needs a backward pass");
  await expect(compute({ kind: "probe", lanczosSteps: 2 })).rejects.toThrow("its probe task needs a backward pass");
  const scoring = { kind: "score", selector: "score", minBatch: 1, dropout: false, maskPadding: true, scoreLastLayer: false } as const;
  await expect(compute(scoring)).rejects.toThrow("its score task needs a backward pass");
  expect((await compute({ kind: "evaluate", protocols: ["global"], splits: ["test"] })).body).toMatchObject({ kind: "evaluate" });
});
