import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type * as Core from "@tutti/core";
import type * as Model from "@tutti/model";
import type * as NodeModel from "@tutti/model/node";
import type { KernelTimes, OpenedSide, StepAnswer, StepOrder, StepResults, StepSetup, TrainedOnce } from "./stepMessages.ts";

// A process of one checkout, whichever commit it is of, that takes training steps when it is told to: it knows only the trainer's interface.

interface OpenTrainer {
  readonly setup: StepSetup;
  readonly core: typeof Core;
  readonly model: typeof Model;
  readonly run: Core.RunSettings;
  readonly trainer: Model.Trainer;
  readonly params: Core.Params;
  readonly numExamples: readonly number[];
}

let opened: OpenTrainer | null = null;

/** A module of the checkout. */
const moduleOf = <T>(root: string, path: string): Promise<T> => import(pathToFileURL(join(root, path)).href);

async function open(setup: StepSetup): Promise<OpenedSide> {
  const { root, publicDir, backend, threads, backbone, numDevices } = setup;
  const core = await moduleOf<typeof Core>(root, "packages/core/src/index.ts");
  const model = await moduleOf<typeof Model>(root, "packages/model/src/index.ts");
  const node = await moduleOf<typeof NodeModel>(root, "packages/model/src/node.ts");
  const { findTask } = await moduleOf<{ findTask: (name: string) => { classes: readonly string[] } }>(root, "packages/data/src/index.ts");
  if (backend === "webgpu" && !(await node.provideNodeGpu())) throw new Error("no WebGPU adapter for Node");
  const run: Core.RunSettings = { ...core.presets.demo, backbone, tuning: setup.tuning };
  const urls = node.localUrls(publicDir, run);
  const ports = { fetch: node.fetchFile, cache: model.noCache() };
  const trainer = model.createTrainer(ports);
  const ready = await trainer.start({ run, ...urls, backend, threads }, () => undefined);
  const { config } = await model.loadBackbone({ ...ports, manifestUrl: urls.manifestUrl });
  const layout = model.tunedLayout(config, run.tuning, findTask(run.task).classes.length);
  const numExamples: number[] = [];
  for (let id = 0; id < numDevices; id++) numExamples.push((await trainer.addDevice(id, { kind: "share", index: id })).numExamples);
  const params = core.initialParams(layout.entries, core.createRandom(run.seed));
  opened = { setup, core, model, run, trainer, params, numExamples };
  return { numExamples, kernels: ready.kernels };
}

const trainerOf = (): OpenTrainer => {
  if (opened === null) throw new Error("the trainer is not open yet");
  return opened;
};

/** What this process has taken of the processor: other programs on the machine do not change it. */
function processorMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

async function train(deviceId: number, epochs: number): Promise<TrainedOnce> {
  const { setup, core, model, run, trainer, params, numExamples } = trainerOf();
  const counters = setup.backend === "webgpu" ? model.countGpu(model.runningGpuDevice()) : null;
  try {
    const [processor, start] = [processorMs(), performance.now()];
    const { body } = await trainer.compute(
      {
        deviceId,
        stage: "train",
        round: 1, // the same shuffle each time
        attempt: 1,
        spec: { kind: "train", warmupSteps: 0, epochs, isPersonalised: false },
        parameterSets: { global: params },
        expects: {
          shapes: core.shapesOf(params),
          encoding: run.contributionEncoding,
          batchSize: run.training.batchSize,
          numExamples: numExamples[deviceId] ?? 0,
        },
      },
      null,
    );
    if (body.kind !== "train") throw new Error(`a train task was answered with ${body.kind}`);
    return {
      numSteps: body.numSteps,
      ms: performance.now() - start,
      processorMs: processorMs() - processor,
      lastLoss: body.lastLoss,
      dispatches: counters?.dispatches ?? 0,
      pipelines: counters?.pipelines ?? 0,
    };
  } finally {
    counters?.stop();
  }
}

/** The dispatches of one step of the optimiser over all trained values, the clip included. */
async function optimiserDispatches(): Promise<number> {
  const { setup, model, params } = trainerOf();
  const { startAdamW, adamWStep } = await moduleOf<{
    startAdamW(values: Float32Array): unknown;
    adamWStep(state: unknown, gradient: unknown, settings: object): unknown;
  }>(setup.root, "packages/model/src/training/adamWTensors.ts");
  const library = await libraryOf(setup.root);
  const numValues = Object.values(params).reduce((sum, { data }) => sum + data.length, 0);
  const gradient = library.ones([numValues]);
  const state = startAdamW(new Float32Array(numValues));
  const settings = { learningRate: 0.01, weightDecay: 0.1, clipNorm: 1 };
  await gradient.data();
  const counters = model.countGpu(model.runningGpuDevice());
  try {
    adamWStep(state, gradient, settings);
    return counters.dispatches;
  } finally {
    counters.stop();
  }
}

/** The largest number of bytes that tensors held during a local training of one epoch, weights included. */
async function peakBytes(deviceId: number): Promise<number> {
  const { setup } = trainerOf();
  const library = await libraryOf(setup.root);
  const { kernels } = await library.profile(async () => {
    await train(deviceId, 1);
    return library.scalar(0);
  });
  return Math.max(...kernels.map(({ totalBytesSnapshot }) => totalBytesSnapshot));
}

/** The processor time of each kernel of WASM, which returns when it has computed, in a local training of one epoch. */
async function kernelTimes(deviceId: number): Promise<KernelTimes> {
  const { setup } = trainerOf();
  const library = await libraryOf(setup.root);
  const msByKernel: Record<string, number> = {};
  const callsByKernel: Record<string, number> = {};
  const kernels = library.getKernelsForBackend(setup.backend);
  const originals = kernels.map(({ kernelFunc }) => kernelFunc);
  let withinMs = 0;
  for (const kernel of kernels) {
    const { kernelName, kernelFunc } = kernel;
    kernel.kernelFunc = (inputs) => {
      const [start, before] = [processorMs(), withinMs];
      withinMs = 0;
      const result = kernelFunc(inputs);
      const ms = processorMs() - start;
      msByKernel[kernelName] = (msByKernel[kernelName] ?? 0) + ms - withinMs;
      callsByKernel[kernelName] = (callsByKernel[kernelName] ?? 0) + 1;
      withinMs = before + ms;
      return result;
    };
  }
  try {
    const trained = await train(deviceId, 1);
    return { totalMs: trained.processorMs, numSteps: trained.numSteps, msByKernel, callsByKernel };
  } finally {
    kernels.forEach((kernel, i) => {
      kernel.kernelFunc = originals[i] ?? kernel.kernelFunc;
    });
  }
}

/** What is used here of the tensor library. */
interface TensorLibrary {
  getKernelsForBackend(name: string): { readonly kernelName: string; kernelFunc: (inputs: unknown) => unknown }[];
  ones(shape: number[]): { data(): Promise<unknown> };
  scalar(value: number): unknown;
  profile(work: () => Promise<unknown>): Promise<{ readonly kernels: readonly { readonly totalBytesSnapshot: number }[] }>;
}

/** The tensor library of the checkout: the very module that its own code imports. */
const libraryOf = (root: string): Promise<TensorLibrary> => moduleOf(root, "node_modules/@tensorflow/tfjs-core/dist/tf-core.node.js");

function carryOut(order: StepOrder): Promise<StepResults[keyof StepResults]> {
  switch (order.kind) {
    case "open":
      return open(order.setup);
    case "train":
      return train(order.deviceId, order.epochs);
    case "optimiser":
      return optimiserDispatches();
    case "kernels":
      return kernelTimes(order.deviceId);
    case "peak":
      return peakBytes(order.deviceId);
  }
}

process.on("message", (order: StepOrder) => {
  const answer = (said: StepAnswer) => process.send?.(said);
  carryOut(order).then(
    (value) => answer({ value }),
    (error: unknown) => answer({ error: error instanceof Error ? (error.stack ?? error.message) : String(error) }),
  );
});
process.on("SIGINT", () => undefined); // whoever started it ends it
process.on("disconnect", () => process.exit(0)); // Dawn keeps the process alive
