import { formatCount } from "@tutti/core";
import { type BackendNote, type BackendWhy, kernelNotes, namedBackend } from "./backendWhy.ts";
import { isSoftwareAdapter, NoAdapterError } from "./gpu/adapter.ts";
import type { ChosenVariant } from "./kernels/webgpu/chooseVariant.ts";
import { type BackendName, type BackendOptions, backendTitles, type StartedBackend } from "./startedBackend.ts";
import { type FewThreads, threadsNote } from "./threads.ts";
import type { MicroStep } from "./training/microStep.ts";

/** What was measured here, for the next visits of the same browser to the same version of the project. */
export interface BackendChoice {
  readonly backend: "webgpu" | "wasm";
  /** The GPU that the browser offered; null where it offered none. */
  readonly adapter: string | null;
  /** Threads that WASM could have. */
  readonly threads: number;
  /** WebGPU's kernels, where WebGPU was chosen. */
  readonly kernels: ChosenVariant | null;
  /** What was measured, as a sentence. */
  readonly reason: string;
  /** The same as kinds with figures; absent where an older version measured. */
  readonly why?: BackendWhy | undefined;
  /** Of `Date.now()`. */
  readonly measuredAtMs: number;
}

/** The backend that computes from now on, because it was the fastest here. */
export interface ChosenBackend extends StartedBackend {
  /** Which backend and why, as a sentence. */
  readonly reason: string;
  /** The same as kinds with figures; absent where it is remembered from an older version. */
  readonly why?: BackendWhy | undefined;
  /** To remember; null where it was remembered, or where something did not start that may start the next time. */
  readonly measured: BackendChoice | null;
}

/** How to choose. */
export interface ChoiceOptions extends BackendOptions {
  readonly remembered?: BackendChoice | null | undefined;
  /** Told each backend before it is started. */
  readonly onTrying?: (name: BackendName) => void;
}

/** What choosing needs of the place. */
export interface ChoicePorts {
  /** The name of the GPU that the browser offers; rejects with the reason where it offers none. */
  findAdapter(): Promise<string>;
  start(name: BackendName, options: BackendOptions): Promise<StartedBackend>;
  /** Test steps on the backend that was started last. */
  openMicroStep(): MicroStep;
  /** Makes one of the started backends compute, and lets go of WebGPU where it is another. */
  settle(name: BackendName): Promise<void>;
  /** How many WASM threads this place allows of those that are wanted. */
  availableThreads(wanted: number): number;
  /** Why there are not more threads; null where that needs no word. */
  fewThreads(wanted: number): FewThreads | null;
  now(): number;
}

/**
 * Takes what is remembered where the GPU and the threads are still the same. Otherwise measures test steps, on WASM first, then on WebGPU unless its
 * adapter is a software one, and takes the fastest. A software adapter, and then plain JavaScript, are tried only when nothing else computes.
 */
export async function chooseAmong(options: ChoiceOptions, ports: ChoicePorts): Promise<ChosenBackend> {
  const trial: Trial = {
    options,
    ports,
    found: ports.findAdapter().then(
      (adapter) => ({ adapter }),
      (error: unknown) => ({ adapter: null, failure: noAdapter(error) }),
    ),
    started: new Map(),
    failures: [],
    measured: [],
  };
  return (await recall(trial)) ?? (await measureAll(trial));
}

interface Measured {
  readonly backend: StartedBackend;
  readonly ms: number;
}

/** Why a backend was not measured. */
type Failure = Extract<BackendNote, { kind: "noStart" | "noCompute" | "noGpu" | "software" }>;

type FoundGpu = { readonly adapter: string } | { readonly adapter: null; readonly failure: Failure };

interface Trial {
  readonly options: ChoiceOptions;
  readonly ports: ChoicePorts;
  /** Asked for at the beginning: the browser looks for its GPU while WASM starts. */
  readonly found: Promise<FoundGpu>;
  /** Each is started once; null where it did not start. */
  readonly started: Map<BackendName, StartedBackend | null>;
  readonly failures: Failure[];
  readonly measured: Measured[];
}

async function recall(trial: Trial): Promise<ChosenBackend | null> {
  const { options, ports } = trial;
  const { remembered = null, threads = 0 } = options;
  if (remembered === null) return null;
  if (remembered.backend === "wasm") await start(trial, "wasm"); // it is needed whatever the GPU is
  const { adapter } = await adapterOf(trial);
  if (remembered.adapter !== adapter || remembered.threads !== ports.availableThreads(threads)) return null;
  const backend = await start(trial, remembered.backend, remembered.kernels);
  if (backend === null) return null;
  await ports.settle(backend.name);
  const date = new Date(remembered.measuredAtMs).toISOString().slice(0, 10);
  const { why, measuredAtMs } = remembered;
  return {
    ...backend,
    reason: `Remembered from ${date}: ${remembered.reason}`,
    ...(why === undefined ? {} : { why: { ...why, rememberedAtMs: measuredAtMs } }),
    measured: null,
  };
}

async function measureAll(trial: Trial): Promise<ChosenBackend> {
  const { ports, failures, measured, options } = trial;
  await measure(trial, "wasm");
  const gpu = await adapterOf(trial);
  const { adapter } = gpu;
  if (gpu.adapter === null) failures.push(gpu.failure);
  else if (measured.length > 0 && isSoftwareAdapter(gpu.adapter)) failures.push({ kind: "software", adapter: gpu.adapter });
  else await measure(trial, "webgpu");
  if (measured.length === 0) await measure(trial, "cpu");
  const [best, ...others] = measured.toSorted((a, b) => a.ms - b.ms);
  if (best === undefined)
    throw new Error(`no backend starts here: ${failures.map(failureText).join("; ")}. Use a current Chrome, Edge, Firefox or Safari`);
  const { backend } = best;
  await ports.settle(backend.name);
  const few = trial.started.get("wasm") == null ? null : ports.fewThreads(options.threads ?? 0);
  const reason = [
    `${describe(backend)} takes ${wholeMs(best.ms)} for a test step`,
    ...others.map((other) => `${describe(other.backend)} takes ${wholeMs(other.ms)}`),
    ...(backend.kernels === null ? [] : [backend.kernels.reason]),
    ...(few === null ? [] : [threadsNote(few)]),
    ...failures.map(failureText),
  ].join("; ");
  const why: BackendWhy = {
    ...namedBackend(backend),
    askedBy: null,
    measured: [best, ...others].map((one) => ({ ...namedBackend(one.backend), ms: one.ms })),
    rememberedAtMs: null,
    notes: [...kernelNotes(backend), ...(few === null ? [] : [few]), ...failures],
  };
  return { ...backend, reason, why, measured: toRemember(trial, backend, { adapter, reason, why }) };
}

/** What failed may work the next time, so that the choice is not kept. */
function toRemember(
  { options, ports, started }: Trial,
  { name, kernels }: StartedBackend,
  { adapter, reason, why }: Pick<BackendChoice, "adapter" | "reason" | "why">,
): BackendChoice | null {
  if (name === "cpu" || [...started.values()].includes(null)) return null;
  return { backend: name, adapter, threads: ports.availableThreads(options.threads ?? 0), kernels, reason, why, measuredAtMs: ports.now() };
}

/** Looking for the adapter may take as long as starting WebGPU, so it counts as that. */
function adapterOf({ options, found }: Trial): Trial["found"] {
  options.onTrying?.("webgpu");
  return found;
}

async function start(trial: Trial, name: BackendName, kernels: ChosenVariant | null = null): Promise<StartedBackend | null> {
  const { options, ports, started, failures } = trial;
  const known = started.get(name);
  if (known !== undefined) return known;
  let backend: StartedBackend | null = null;
  try {
    options.onTrying?.(name);
    backend = await ports.start(name, kernels === null ? options : { ...options, kernels });
  } catch (error) {
    failures.push({ kind: "noStart", backend: name, detail: reasonOf(error, name) });
  }
  started.set(name, backend);
  return backend;
}

/** WebGPU is dropped after one round that takes more than this many times as long as a round on WASM. */
const muchSlower = 3;
const numRounds = 3;

async function measure(trial: Trial, name: BackendName): Promise<void> {
  const { ports, started, failures, measured } = trial;
  const backend = await start(trial, name);
  if (backend === null) return;
  try {
    measured.push({ backend, ms: await fastestRound(ports.openMicroStep(), muchSlower * (measured[0]?.ms ?? Number.POSITIVE_INFINITY)) });
  } catch (error) {
    failures.push({ kind: "noCompute", backend: name, detail: reasonOf(error, name) });
    started.set(name, null);
  }
}

async function fastestRound(step: MicroStep, hopelessMs: number): Promise<number> {
  try {
    await step.round(); // compiles
    let best = await step.round();
    for (let round = 1; round < numRounds && best <= hopelessMs; round++) best = Math.min(best, await step.round());
    return best;
  } finally {
    step.dispose();
  }
}

function noAdapter(error: unknown): Failure {
  const detail = reasonOf(error, "webgpu");
  if (error instanceof NoAdapterError && error.lack !== null) return { kind: "noGpu", lack: error.lack, detail };
  return { kind: "noStart", backend: "webgpu", detail };
}

function failureText(failure: Failure): string {
  if (failure.kind === "noGpu") return `${backendTitles.webgpu} does not start (${failure.detail})`;
  if (failure.kind === "software") return `${backendTitles.webgpu} was left out, as ${failure.adapter} is a software adapter`;
  return `${backendTitles[failure.backend]} does not ${failure.kind === "noStart" ? "start" : "compute"} (${failure.detail})`;
}

const wholeMs = (ms: number) => (ms < 1 ? "less than 1 ms" : `${Math.round(ms)} ms`);

function reasonOf(error: unknown, name: BackendName): string {
  return (error instanceof Error ? error.message : String(error)).replace(`backend ${name}: `, "");
}

function describe({ name, threads, adapter }: StartedBackend): string {
  if (adapter !== null) return `${backendTitles[name]} on ${adapter}${isSoftwareAdapter(adapter) ? ", a software adapter," : ""}`;
  return name === "wasm" ? `${backendTitles.wasm} with ${formatCount(threads, "thread")}` : backendTitles[name];
}
