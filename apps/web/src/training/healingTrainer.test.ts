import { presets } from "@tutti/core";
import type { TrainerReady, TrainerResult, TrainerSetup, TrainerTask } from "@tutti/model";
import { expect, test } from "vitest";
import { readyEvent } from "../testing/events.ts";
import { healingTrainer } from "./healingTrainer.ts";
import type { PersistentTrainer } from "./persistentTrainer.ts";

const ready = (readyEvent.kind === "ready" ? readyEvent.ready : null) as TrainerReady;
const setup: TrainerSetup = { run: presets.demo, manifestUrl: "m", datasetUrl: "d", backend: "auto", threads: 0 };
const result: TrainerResult = { body: { kind: "score", layerScores: [1] }, state: null };
const task = { deviceId: 3 } as TrainerTask;

/** Workers, of which the first few are lost in the middle of a task. */
function scene(numLost: number, wanted = setup) {
  const log: string[] = [];
  const told: string[] = [];
  let isLost = false;
  let numLeft = numLost;
  const base: PersistentTrainer = {
    async start({ backend, askedBy }) {
      isLost = false;
      log.push(`start ${backend}${askedBy === undefined ? "" : ` as ${askedBy}`}`);
      return ready;
    },
    async addDevice(deviceId, source) {
      log.push(`add ${deviceId} ${source.kind}`);
      return { numExamples: 7 };
    },
    async compute() {
      log.push("compute");
      if (numLeft === 0) return result;
      numLeft -= 1;
      isLost = true;
      throw new Error("the GPU was taken away");
    },
    stop: async () => void log.push("stop"),
    close: () => void log.push("close"),
    prepare: () => undefined,
    pace: () => undefined,
    isLost: () => isLost,
  };
  const trainer = healingTrainer(base, {
    onRestarted: ({ detail }) => told.push(detail),
    forgetBackend: () => void log.push("forget"),
  });
  const begin = async () => {
    await trainer.start(wanted, () => undefined);
    await trainer.addDevice(3, { kind: "share", index: 3 });
    await trainer.addDevice(8, { kind: "own", examples: [] });
    log.length = 0;
  };
  return { trainer, log, told, begin };
}

test("a task whose worker is lost is computed again in another one, with the same devices, and the page is told why", async () => {
  const { trainer, log, told, begin } = scene(1);
  await begin();
  expect(await trainer.compute(task, null)).toBe(result);
  expect(log).toEqual(["compute", "close", "start auto", "add 3 share", "add 8 own", "compute"]);
  expect(told).toEqual(["the GPU was taken away"]);
});

test("a GPU that is taken away twice is left alone where the tab may choose, and kept where the run or the address asks for it", async () => {
  const chosen = scene(2);
  await chosen.begin();
  await chosen.trainer.compute(task, null);
  expect(chosen.log.filter((line) => /^(start|forget)/.test(line))).toEqual(["start auto", "forget", "start wasm as fallback"]);
  const asked = scene(2, { ...setup, backend: "webgpu" });
  await asked.begin();
  await asked.trainer.compute(task, null);
  expect(asked.log.filter((line) => /^(start|forget)/.test(line))).toEqual(["start webgpu", "start webgpu"]);
});

test("a task that loses every worker is given up with the reason", async () => {
  const { trainer, log, begin } = scene(3);
  await begin();
  await expect(trainer.compute(task, null)).rejects.toThrow("the GPU was taken away");
  expect(log.filter((line) => line === "compute")).toHaveLength(3);
});

test("a task that fails in a worker that is well, or that was aborted, starts no other worker", async () => {
  const { trainer, log, begin } = scene(1);
  await begin();
  await expect(trainer.compute(task, null, undefined, AbortSignal.abort())).rejects.toThrow();
  expect(log).toEqual(["compute"]);
});
