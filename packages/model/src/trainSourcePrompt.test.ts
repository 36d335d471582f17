import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { createRandom, initialParams, pickNames, presets, type RunSettings, shapesOf } from "@tutti/core";
import { findClassification } from "@tutti/data";
import { beforeAll, expect, test } from "vitest";
import { startBackend } from "./backends.ts";
import { createTrainer } from "./device.ts";
import { loadBackboneFolder } from "./node.ts";
import { readSourcePrompts, writeSourcePrompt } from "./sourcePromptFiles.ts";
import { publicFiles } from "./testing/demoTrainer.ts";
import { type SourceTraining, trainSourcePrompt } from "./trainSourcePrompt.ts";
import { tunedLayout } from "./tuning/layout.ts";
import { fetchSourcePrompts, type SourcePrompt, sourcesOf } from "./tuning/sourcePrompts.ts";

const minuet = fileURLToPath(new URL("../../../public/backbones/minuet", import.meta.url));
const task = findClassification("feedback/sentiment", "this test");
const train = [
  { text: "The parcel came late and the box was torn.", label: 0 },
  { text: "I am delighted with the quality.", label: 1 },
  { text: "Terrible service, never again.", label: 0 },
  { text: "Lovely, quick and cheap.", label: 1 },
];
const options: SourceTraining = {
  name: "moods",
  backboneName: "minuet",
  promptTokens: 2,
  numSteps: 12,
  batchSize: 4,
  learningRate: 0.05,
  seed: 7,
  head: "linear",
  targets: [],
};

beforeAll(async () => {
  await startBackend("wasm");
});

test("a source prompt is trained, written and read again, and the same seed makes the same", async () => {
  const backbone = await loadBackboneFolder(minuet);
  const steps: number[] = [];
  const { prompt } = await trainSourcePrompt(backbone, task, { train }, { ...options, onStep: ({ loss }) => steps.push(loss) });
  expect(steps).toHaveLength(12);
  expect(steps[11]).toBeLessThan(0.8 * steps[0]);
  expect(prompt).toMatchObject({ task: "feedback/sentiment", numExamples: 4, shape: [2, 128] });
  const again = await trainSourcePrompt(backbone, task, { train }, options);
  expect(again.prompt).toEqual(prompt);
  const folder = await mkdtemp(join(tmpdir(), "tutti-prompts-"));
  expect(await writeSourcePrompt(folder, prompt)).toBe(join(folder, "prompts/minuet/moods-2.json"));
  const tuning = { ...presets.demo.tuning, method: "attempt", promptTokens: 2, bottleneck: 2, sources: ["moods"] } as const;
  const found = await readSourcePrompts(folder, { backbone: "minuet", task: "trec", tuning });
  await rm(folder, { recursive: true });
  const [rows] = sourcesOf({ sources: ["moods"], promptTokens: 2 }, backbone.config, found);
  expect([...rows]).toEqual(prompt.values);
  expect(() => sourcesOf({ sources: ["moods"], promptTokens: 3 }, backbone.config, [prompt])).toThrow(
    "2 rows of 128 values, the run needs 3",
  );
  expect(() => sourcesOf({ sources: ["words"], promptTokens: 2 }, backbone.config, [prompt])).toThrow("words: not loaded; there are moods");
});

test("a source that shares text with what it is for is refused", async () => {
  const backbone = await loadBackboneFolder(minuet);
  const test = [
    { text: "a new one", label: 0 },
    { text: "TERRIBLE service — never again", label: 1 },
  ];
  const targets = [{ task: "trec", test }];
  await expect(trainSourcePrompt(backbone, task, { train }, { ...options, targets })).rejects.toThrow(
    "feedback/sentiment cannot be a source for trec: 1 of 2 test texts are also in its training part",
  );
  await expect(
    trainSourcePrompt(backbone, findClassification("sst2", "this test"), { train }, { ...options, targets: [{ task: "mr", test: [] }] }),
  ).rejects.toThrow("sst2 cannot be a source for mr");
});

test("a run reads the source prompts that it names, and refuses those of other backbones or with shared text", async () => {
  const random = createRandom(1).stream({ purpose: "values" });
  const file = (change: object) =>
    JSON.stringify({
      formatVersion: 1,
      name: "one",
      backbone: "minuet",
      task: "sst2",
      numExamples: 3,
      numSteps: 2,
      learningRate: 0.1,
      seed: 1,
      shape: [2, 3],
      values: Array.from({ length: 6 }, () => random.normal()),
      ...change,
    });
  const tuning = { ...presets.demo.tuning, method: "attempt", promptTokens: 2, bottleneck: 2, sources: ["one"] } as const;
  const paths: string[] = [];
  const read = (change: object) => async (path: string) => {
    paths.push(path);
    return file(change);
  };
  const run = { backbone: "minuet", task: "trec", tuning };
  expect(await fetchSourcePrompts(run, read({}))).toHaveLength(1);
  expect(paths).toEqual(["prompts/minuet/one-2.json"]);
  await expect(fetchSourcePrompts({ ...run, task: "mr" }, read({}))).rejects.toThrow("sst2 cannot be a source for mr");
  await expect(fetchSourcePrompts(run, read({ backbone: "other" }))).rejects.toThrow("belongs to backbone other");
  await expect(fetchSourcePrompts(run, read({ shape: [3, 3] }))).rejects.toThrow("needs 9 values, found 6");
  expect(await fetchSourcePrompts({ ...run, tuning: presets.demo.tuning }, read({}))).toEqual([]);
});

test("a trainer fetches source prompts from beside the data sets, and takes steps with them", async () => {
  const random = createRandom(1).stream({ purpose: "values" });
  const file: SourcePrompt = {
    formatVersion: 1,
    name: "one",
    backbone: "minuet",
    task: "ag_news",
    numExamples: 3,
    numSteps: 2,
    learningRate: 0.1,
    seed: 1,
    shape: [2, 128],
    values: Array.from({ length: 256 }, () => random.normal()),
  };
  const fetched: string[] = [];
  const fetch: typeof globalThis.fetch = async (url) => {
    const { pathname } = new URL(String(url));
    if (!pathname.startsWith("/prompts/")) return publicFiles(url);
    fetched.push(pathname);
    return Response.json(file);
  };
  const tuning = { ...presets.demo.tuning, method: "attempt", promptTokens: 2, bottleneck: 3, sources: ["one"] } as const;
  const run: RunSettings = { ...presets.demo, tuning };
  const trainer = createTrainer({ fetch });
  const urls = {
    manifestUrl: "http://tutti.test/backbones/minuet/manifest.json",
    datasetUrl: "http://tutti.test/datasets/feedback/",
  };
  const { shape } = await trainer.start({ run, ...urls, backend: "wasm", threads: 1 }, () => undefined);
  expect(fetched).toEqual(["/prompts/minuet/one-2.json"]);
  expect(shape.numLayers).toBe(0);
  await trainer.addDevice(0, { kind: "own", examples: train });
  const { config } = await loadBackboneFolder(minuet);
  const params = initialParams(tunedLayout(config, tuning, 4).entries, createRandom(2));
  const spec = { kind: "train", warmupSteps: 0, epochs: 2, isPersonalised: false } as const;
  const shapes = shapesOf(pickNames(params, shape.alwaysShared));
  const expects = { shapes, encoding: "f16", batchSize: 8, numExamples: train.length } as const;
  const task = { deviceId: 0, stage: "train", round: 1, attempt: 1, spec, parameterSets: { global: params }, expects } as const;
  const { body } = await trainer.compute(task, null);
  expect(body.kind === "train" && Object.keys(body.delta).sort()).toEqual(Object.keys(params).sort());
  await trainer.stop();
});
