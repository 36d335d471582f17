import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import {
  createStrategy,
  type DevicePool,
  type DeviceState,
  initialParams,
  presets,
  type RunSettings,
  runRounds,
  type StrategySummary,
  tunedShape,
} from "@tutti/core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startBackend } from "./backends.ts";
import { computeTask } from "./deviceTasks.ts";
import { convertBackbone, loadBackboneFolder } from "./node.ts";
import type { AnyExample } from "./reader.ts";
import { publicFiles } from "./testing/demoTrainer.ts";
import { trainerTask } from "./trainer.ts";
import { goldenTolerance, verifyBackbone } from "./verify/verifyBackbone.ts";
import { type DeviceExamples, openWorkplace } from "./workplace.ts";

const source = fileURLToPath(new URL("../../../../shared/backbones/stories260k", import.meta.url));
const isThere = existsSync(source);

describe.runIf(isThere)("stories260k, a real LLaMA-style model", () => {
  let folder: string;
  let golden: unknown;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "tutti-stories-"));
    await convertBackbone(source, folder, { name: "stories260k", encoding: "f32", source: "stories260k", licence: "MIT" });
    golden = JSON.parse(await readFile(join(source, "golden.json"), "utf8"));
  });
  afterAll(() => rm(folder, { recursive: true }));

  test.each(["cpu", "wasm"] as const)("on %s its tokens, its logits and its 60-token greedy text are the reference's", async (backend) => {
    await startBackend(backend);
    const errors = await verifyBackbone(await loadBackboneFolder(folder), golden);
    expect(Object.keys(errors).sort()).toEqual([
      "greedy text",
      "greedy tokens",
      "last hidden state",
      "logits",
      "mean token loss",
      "tokens",
    ]);
    for (const [kind, error] of Object.entries(errors)) expect(error, kind).toBeLessThan(goldenTolerance(kind, backend) ?? 0);
  });

  test.each(["labelWords", "linear"] as const)(
    "three federated rounds run on it with layer scores and a probe, head %s",
    { timeout: 60_000 },
    async (head) => {
      await startBackend("wasm");
      const summary = await trainOn(folder, head);
      expect(summary.selectedLayers?.length).toBeGreaterThan(0);
      expect(summary.layerScores?.filter((score) => score !== null && Number.isFinite(score)).length).toBeGreaterThan(2);
      const { results } = summary.evaluations.at(-1) ?? { results: [] };
      expect(results.every(({ lossSum }) => Number.isFinite(lossSum))).toBe(true);
      expect(results.filter(({ lossSum }) => lossSum > 0).length).toBeGreaterThan(0);
    },
  );
});

const numExamples = 6;

/** FedPepTAO on feedback/sentiment with four devices of a few examples each, everything in this process. */
async function trainOn(folder: string, head: "labelWords" | "linear"): Promise<StrategySummary> {
  const run: RunSettings = {
    ...presets.demo,
    task: "feedback/sentiment",
    backbone: "stories260k",
    numDevices: 4,
    minDevices: 4,
    cohortSize: 2,
    numRounds: 3,
    evaluateEvery: 3,
    tuning: { ...presets.demo.tuning, promptTokens: 4, head, lossOver: "vocabulary" },
    training: { ...presets.demo.training, localEpochs: 1, batchSize: 5 },
    strategy: { ...presets.demo.strategy, countingRounds: 1, lanczosSteps: 3, probeDevices: 1 } as RunSettings["strategy"],
  };
  const read = async (file: string) => new Uint8Array(await readFile(join(folder, file)));
  const setup = { run, manifestUrl: "http://tutti.test/manifest.json", datasetUrl: "http://tutti.test/datasets/feedback/" };
  const place = await openWorkplace(setup, { fetch: publicFiles, read }, () => undefined);
  const examplesOf = (index: number): DeviceExamples<AnyExample> => {
    const all = place.examplesOf({ kind: "share", index });
    const few = (examples: readonly AnyExample[]) => examples.slice(0, numExamples);
    return {
      train: few(all.train),
      personalised: few(all.personalised),
      globalTest: few(all.globalTest),
      globalValidation: few(all.globalValidation),
    };
  };
  const states = new Map<number, DeviceState | null>();
  let last: Promise<unknown> = Promise.resolve();
  const pool: DevicePool = {
    roster: () => [0, 1, 2, 3].map((id) => ({ id, numExamples, isConnected: true })),
    open: (plan) => ({
      close: () => undefined,
      async perform(planned) {
        const { deviceId } = planned;
        const task = trainerTask(plan, planned);
        const work = last.then(() => computeTask({ place, examples: examplesOf(deviceId), task, state: states.get(deviceId) ?? null }));
        last = work;
        const { body, state } = await work;
        states.set(deviceId, state);
        return { kind: "contributed", contribution: { deviceId, numExamples, body } };
      },
    }),
    whenRosterChanges: () => new Promise(() => undefined),
  };
  const strategy = createStrategy(run);
  const initial = initialParams(place.layout.entries, place.random);
  const state = strategy.init(run, tunedShape(place.layout.entries), initial);
  for await (const event of runRounds({ strategy, state, pool, random: place.random })) {
    if (event.kind === "done") return strategy.summary(event.state);
  }
  throw new Error("the run did not end");
}

if (!isThere) test("stories260k", (context) => context.skip("skipped: no ../shared"));
