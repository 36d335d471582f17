import { presets } from "@tutti/core";
import { expect, test } from "vitest";
import type { LoadProgress, StepProgress, Trainer, TrainerReady, TrainerTask } from "../trainer.ts";
import type { Port, WorkerReply, WorkerRequest } from "./bridge.ts";
import { serveTrainer } from "./serveTrainer.ts";
import { workerTrainer } from "./workerTrainer.ts";

const ready: TrainerReady = {
  backend: "wasm",
  threads: 2,
  reason: "wasm with 2 threads needs 9 ms",
  kernels: "fast",
  admission: { isPassed: true, worstError: 1e-6, detail: "" },
  shape: { numLayers: 3, layerNames: [["prefix/0"], ["prefix/1"], ["prefix/2"]], alwaysShared: [] },
};
const setup = { run: presets.demo, manifestUrl: "m", datasetUrl: "d", backend: "wasm", threads: 2 } as const;
const task: TrainerTask = {
  deviceId: 3,
  stage: "train",
  round: 2,
  attempt: 1,
  spec: { kind: "probe", lanczosSteps: 2 },
  parameterSets: {},
  expects: { shapes: {}, encoding: "f16", batchSize: 8, numExamples: 12 },
};

/** Two ends that hand over structured clones, as a worker does. */
function channel(): { page: Port<WorkerReply, WorkerRequest>; worker: Port<WorkerRequest, WorkerReply> } {
  const listeners = { page: [] as ((event: { data: WorkerReply }) => void)[], worker: [] as ((event: { data: WorkerRequest }) => void)[] };
  const hand = <T>(to: ((event: { data: T }) => void)[], data: T): void => {
    const copy = structuredClone(data);
    queueMicrotask(() => {
      for (const listener of to) listener({ data: copy });
    });
  };
  return {
    page: { postMessage: (message) => hand(listeners.worker, message), addEventListener: (_, listener) => listeners.page.push(listener) },
    worker: { postMessage: (message) => hand(listeners.page, message), addEventListener: (_, listener) => listeners.worker.push(listener) },
  };
}

function bridged(trainer: Partial<Trainer>, notices: string[] = []) {
  const { page, worker } = channel();
  const unused = (): never => {
    throw new Error("not part of this test");
  };
  serveTrainer(worker, (onNotice) => {
    onNotice("this browser keeps nothing");
    return { start: unused, addDevice: unused, compute: unused, stop: unused, ...trainer };
  });
  return workerTrainer(page, (sentence) => notices.push(sentence));
}

test("a notice crosses the bridge beside the answers", async () => {
  const notices: string[] = [];
  const trainer = bridged({ stop: async () => undefined }, notices);
  await trainer.stop();
  expect(notices).toEqual(["this browser keeps nothing"]);
});

test("answers, loading and steps cross the bridge", async () => {
  const trainer = bridged({
    start: async (_, onProgress) => {
      onProgress({ phase: "backbone", doneBytes: 3, totalBytes: 7 });
      return ready;
    },
    addDevice: async (deviceId) => ({ numExamples: deviceId + 40 }),
    compute: async (_, state, onStep) => {
      onStep?.({ step: 1, numSteps: 2, loss: 0.75 });
      return { body: { kind: "probe", ritzValues: [1], ritzWeights: [1] }, state };
    },
  });
  const loading: LoadProgress[] = [];
  const steps: StepProgress[] = [];
  expect(await trainer.start(setup, (progress) => loading.push(progress))).toEqual(ready);
  expect(loading).toEqual([{ phase: "backbone", doneBytes: 3, totalBytes: 7 }]);
  expect(await trainer.addDevice(3, { kind: "share", index: 3 })).toEqual({ numExamples: 43 });
  const state = { local: { "prefix/1": { shape: [2], data: Float32Array.of(1.5, 2.5) } }, moments: null, stageSteps: 4 };
  expect((await trainer.compute(task, state, (progress) => steps.push(progress))).state).toEqual(state);
  expect(steps).toEqual([{ step: 1, numSteps: 2, loss: 0.75 }]);
});

test("which sets a task needs crosses the bridge, and null where the worker's trainer does not say", async () => {
  const { parameterSets: _, ...leased } = task;
  const asking = { ...leased, setSizes: { told: 20, search: 500 } };
  const seen: unknown[] = [];
  const trainer = bridged({
    setsFor: async (one) => {
      seen.push(one);
      return ["told"];
    },
  });
  expect(await trainer.setsFor?.(asking)).toEqual(["told"]);
  expect(seen).toEqual([asking]);
  expect(await bridged({}).setsFor?.(asking)).toBeNull();
});

test("a failure keeps its name and message, and the bridge goes on", async () => {
  const trainer = bridged({
    addDevice: async () => {
      throw new RangeError("share 9 of 4");
    },
    stop: async () => undefined,
  });
  await expect(trainer.addDevice(9, { kind: "share", index: 9 })).rejects.toMatchObject({ name: "RangeError", message: "share 9 of 4" });
  await expect(trainer.stop()).resolves.toBeUndefined();
});

test("an abort on the page aborts the task in the worker, also one that was aborted before", async () => {
  const trainer = bridged({
    compute: (_task, _state, _onStep, signal) =>
      new Promise((_, reject) => {
        const stop = (): void => reject(new DOMException("stopped", "AbortError"));
        if (signal?.aborted) stop();
        signal?.addEventListener("abort", stop);
      }),
  });
  const abort = new AbortController();
  const first = trainer.compute(task, null, undefined, abort.signal);
  abort.abort();
  await expect(first).rejects.toMatchObject({ name: "AbortError" });
  await expect(trainer.compute(task, null, undefined, abort.signal)).rejects.toMatchObject({ name: "AbortError" });
});

test("a worker that dies rejects what is open and what comes later", async () => {
  const trainer = bridged({ stop: () => new Promise(() => undefined) });
  const open = trainer.stop();
  trainer.fail(new Error("the training worker stopped"));
  await expect(open).rejects.toThrow("the training worker stopped");
  await expect(trainer.addDevice(1, { kind: "share", index: 1 })).rejects.toThrow("the training worker stopped");
});

test("the page sets the pace of the worker, is told how long it computed, and an abort ends a rest", async () => {
  const { page, worker } = channel();
  const seen: (string | number)[] = [];
  let finish: () => void = () => undefined;
  const busy: number[] = [];
  serveTrainer(
    worker,
    () => ({
      start: async () => ready,
      addDevice: async () => ({ numExamples: 1 }),
      compute: async (_task, _state, _onStep, signal) => {
        await new Promise<void>((resolve) => {
          finish = resolve;
        });
        signal?.throwIfAborted();
        return { body: { kind: "score", layerScores: [1] }, state: null };
      },
      stop: async () => undefined,
    }),
    {
      pacer: {
        setShare: (share) => void seen.push(share),
        begin: async () => void seen.push("begin"),
        rest: async () => undefined,
        end: () => void seen.push("end"),
        wake: () => {
          seen.push("wake");
          finish();
        },
        busySeconds: () => 12,
      },
    },
  );
  const trainer = workerTrainer(
    page,
    () => undefined,
    (seconds) => busy.push(seconds),
  );
  trainer.pace(0.25);
  const abort = new AbortController();
  const computing = trainer.compute(task, null, undefined, abort.signal);
  const refused = expect(computing).rejects.toMatchObject({ name: "AbortError" });
  await new Promise((resolve) => setImmediate(resolve));
  abort.abort();
  await refused;
  expect(seen).toEqual([0.25, "begin", "wake", "end"]);
  expect(busy).toEqual([12]);
});

test("a worker that says that its GPU was lost rejects what is open and what is asked after, with the reason", async () => {
  const { page, worker } = channel();
  let lose: (reason: string) => void = () => undefined;
  const lost = new Promise<string>((resolve) => {
    lose = resolve;
  });
  const never = () => new Promise<never>(() => undefined);
  serveTrainer(worker, () => ({ start: async () => ready, addDevice: never, compute: never, stop: never }), { whenLost: () => lost });
  const trainer = workerTrainer(page, () => undefined);
  await trainer.start(setup, () => undefined);
  const computing = expect(trainer.compute(task, null)).rejects.toThrow("the GPU was taken away");
  expect(trainer.isLost()).toBe(false);
  lose("the GPU was taken away");
  await computing;
  expect(trainer.isLost()).toBe(true);
  await expect(trainer.addDevice(4, { kind: "share", index: 4 })).rejects.toThrow("the GPU was taken away");
});
