import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { countSteps, createRandom, initialParams, presets, type RunSettings, shapesOf, tunedEntries } from "@tutti/core";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { createTrainer } from "../device.ts";
import { publicFiles } from "../testing/demoTrainer.ts";
import type { Trainer, TrainerTask } from "../trainer.ts";
import { threadTrainer } from "./threadTrainer.ts";

const run: RunSettings = { ...presets.demo, training: { ...presets.demo.training, localEpochs: 1 } };
const initial = initialParams(tunedEntries({ numLayers: 6, hiddenSize: 128, keyValueWidth: 128 }, run.tuning, 4), createRandom(run.seed));
vi.setConfig({ testTimeout: 60_000 }); // two trainings at a time, each with a tensor library to load

const folder = mkdtempSync(join(tmpdir(), "tutti-thread-"));
const fetched: string[] = [];
const server = createServer(async ({ url = "/" }, response) => {
  fetched.push(url);
  const file = await publicFiles(`http://tutti.test${url}`).catch(() => null);
  if (file === null) response.writeHead(404).end();
  else response.end(new Uint8Array(await file.arrayBuffer()));
});

beforeAll(() => new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve)));
afterAll(() => {
  server.close();
  rmSync(folder, { recursive: true, force: true });
});

const task = (numExamples: number): TrainerTask => ({
  deviceId: 2,
  stage: "train",
  round: 1,
  attempt: 1,
  spec: { kind: "train", warmupSteps: 0, epochs: 1, isPersonalised: false },
  parameterSets: { global: initial },
  expects: { shapes: shapesOf(initial), encoding: "f16", batchSize: 8, numExamples },
});

async function trainOnce(trainer: Trainer) {
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const urls = { manifestUrl: `${origin}/backbones/minuet/manifest.json`, datasetUrl: `${origin}/datasets/feedback/` };
  await trainer.start({ run, ...urls, backend: "wasm", threads: 1 }, () => undefined);
  const { numExamples } = await trainer.addDevice(2, { kind: "share", index: 2 });
  const steps: number[] = [];
  const { body } = await trainer.compute(task(numExamples), null, ({ step }) => steps.push(step));
  await trainer.stop();
  expect([steps[0], steps.at(-1)]).toEqual([1, countSteps(numExamples, { localEpochs: 1, batchSize: 8 })]); // those between are told now and then
  return body;
}

test("two trainers in threads work at the same time, and each trains to the bits of the trainer of this process", async () => {
  const expected = await trainOnce(createTrainer());
  expect(await Promise.all([trainOnce(threadTrainer()), trainOnce(threadTrainer())])).toEqual([expected, expected]);
});

test("a trainer with a cache folder fetches the backbone once, also in another thread", async () => {
  const cacheFolder = join(folder, "backbones");
  await trainOnce(threadTrainer({ cacheFolder }));
  const shards = readdirSync(cacheFolder);
  expect(shards.length).toBeGreaterThan(0);
  fetched.splice(0);
  await trainOnce(threadTrainer({ cacheFolder }));
  expect(fetched.filter((url) => shards.some((shard) => url.endsWith(shard)))).toEqual([]);
});

test("what is asked before start, or is under way at stop, is refused", async () => {
  const trainer = threadTrainer();
  await expect(trainer.addDevice(1, { kind: "share", index: 1 })).rejects.toThrow("the trainer has not been started");
  await trainer.stop();
  const gone = {
    run,
    manifestUrl: "http://127.0.0.1:1/manifest.json",
    datasetUrl: "http://127.0.0.1:1/",
    backend: "cpu",
    threads: 1,
  } as const;
  const starting = trainer.start(gone, () => undefined);
  await trainer.stop();
  await expect(starting).rejects.toThrow("the trainer was stopped");
});
