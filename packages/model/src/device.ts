import { type DeviceId, looksAtMachines, tunedShape } from "@tutti/core";
import { chooseBackend, startBackend } from "./backends.ts";
import { type BackendWhy, kernelNotes, namedBackend } from "./backendWhy.ts";
import { computeTask, setsForTask } from "./deviceTasks.ts";
import { createExamplesOverTime, type ExamplesOverTime } from "./examplesOverTime.ts";
import { measureRate } from "./productRate.ts";
import type { AnyExample } from "./reader.ts";
import { type BackendName, type BackendOptions, backendTitles } from "./startedBackend.ts";
import { requireForward } from "./taskChecks.ts";
import { fewThreads, threadsNote } from "./threads.ts";
import type { DeviceSource, LoadProgress, Trainer, TrainerReady, TrainerSetup, TrainerTask } from "./trainer.ts";
import type { PlainKernels } from "./training/admitTransformer.ts";
import { type DeviceExamples, type LoadPorts, type OpenedWorkplace, openWorkplace } from "./workplace.ts";

/** What a trainer works with; a test or an experiment hands in its own. */
export interface TrainerPorts extends LoadPorts {
  /** The rows that a device trains on in place of those that it was dealt; a trainer that has none of its own leaves them. */
  readonly trainingRows?: (deviceId: DeviceId, dealt: readonly AnyExample[]) => readonly AnyExample[];
}

/** The trainer on TensorFlow.js, for a worker, a page or Node. One per process, since the tensor library is process-wide. */
export function createTrainer({ trainingRows = (_, dealt) => dealt, ...ports }: TrainerPorts = {}): Trainer {
  const devices = new Map<DeviceId, HeldExamples>();
  let place: OpenedWorkplace | null = null;
  let isForwardOnly = false;
  let busy = false;

  const openPlace = (): OpenedWorkplace => {
    if (place === null) throw new Error("the trainer has not been started");
    return place;
  };

  return {
    async start(setup, onProgress, signal) {
      if (place !== null) throw new Error("the trainer is started already; stop it first");
      const onBackend = (more: Partial<LoadProgress>) => onProgress({ phase: "backend", doneBytes: 0, totalBytes: 0, ...more });
      onBackend({});
      const starting = startWanted(setup, (backend) => onBackend({ backend }));
      const whenStarted = starting.then(({ backend }) => onBackend({ backend, hasStarted: true }));
      const settled = () => whenStarted.catch(() => undefined); // another start may not meet this one's backend half started
      const { readsOneAtATime = false } = setup;
      const opened = await openWorkplace(setup, { ...ports, readsOneAtATime, whenStarted }, onProgress, signal).finally(settled);
      const { reason, why, ...backend } = await starting;
      const { notice, ...admitted } = opened.admitted;
      place = opened;
      isForwardOnly = setup.isForwardOnly === true;
      return {
        ...backend,
        ...withNotice({ reason, why }, notice),
        ...admitted,
        shape: tunedShape(opened.layout.entries),
        ...(setup.measuresRate === true || looksAtMachines(setup.run.strategy) ? { flopsPerSecond: await measureRate() } : {}),
      };
    },
    async addDevice(deviceId, source) {
      const dealt = openPlace().examplesOf(source);
      const examples = { ...dealt, train: trainingRows(deviceId, dealt.train) };
      if (examples.train.length === 0) throw new Error(`device ${deviceId} has no examples to train on`);
      const held = devices.get(deviceId) ?? { source, examples: createExamplesOverTime() };
      devices.set(deviceId, { ...held, source });
      held.examples.add(examples);
      return { numExamples: examples.train.length };
    },
    setsFor: async (task) => setsForTask(openPlace(), task),
    async compute(task, state, onStep, signal) {
      const held = devices.get(task.deviceId);
      if (held === undefined) throw new Error(`device ${task.deviceId} was not added to this trainer`);
      if (busy) throw new Error("the trainer computes one task at a time");
      if (isForwardOnly) requireForward(task);
      busy = true;
      try {
        signal?.throwIfAborted();
        const own = held.examples.take(task.expects.numExamples);
        const examples = withLesson(openPlace(), { source: held.source, examples: own }, task);
        const train = examples === own ? examples.train : trainingRows(task.deviceId, examples.train);
        return await computeTask({ place: openPlace(), examples: { ...examples, train }, task, state, onStep, signal });
      } finally {
        busy = false;
      }
    },
    async stop() {
      place?.transformer.dispose();
      place = null;
      devices.clear();
    },
  };
}

/** A device's examples, and where they come from. */
interface HeldExamples {
  readonly source: DeviceSource;
  readonly examples: ExamplesOverTime<AnyExample>;
}

/** What the device trains on in this task: another share where a lesson skews the data. Own examples stay what they are. */
function withLesson(
  place: Pick<OpenedWorkplace, "skewedRows">,
  { source, examples }: { readonly source: DeviceSource; readonly examples: DeviceExamples<AnyExample> },
  { spec }: TrainerTask,
): DeviceExamples<AnyExample> {
  if (spec.kind !== "train" || spec.skew === undefined || source.kind === "own") return examples;
  return { ...examples, train: place.skewedRows(source.index, spec.skew.dirichletAlpha) };
}

const askers: Readonly<Record<NonNullable<TrainerSetup["askedBy"]>, string>> = {
  run: "because the run asks for it",
  address: "because this page’s address asks for it",
  client: "because this client asks for it",
  fallback: "because the others did not start",
};

/** The reason with why plain kernels compute, where they do. */
export function withNotice(
  { reason, why }: { readonly reason: string; readonly why: BackendWhy | undefined },
  notice: PlainKernels | null,
): Pick<TrainerReady, "reason" | "why"> {
  if (notice === null) return { reason, why };
  const { sentence, isAsked } = notice;
  const plain = { kind: "plainKernels", isAsked } as const;
  return { reason: `${reason}. ${sentence}`, why: why === undefined ? undefined : { ...why, notes: [...why.notes, plain] } };
}

/** Starts the backend that a run or client wants, and says why. */
export async function startWanted(
  setup: TrainerSetup,
  onTrying: (name: BackendName) => void,
): Promise<Pick<TrainerReady, "backend" | "threads" | "reason" | "why" | "measured">> {
  const { threads, wasmPath, remembered } = setup;
  const options: BackendOptions = { threads, wasmPath };
  if (setup.backend === "auto") {
    const { name, threads: numThreads, reason, why, measured } = await chooseBackend({ ...options, remembered, onTrying });
    return { backend: name, threads: numThreads, reason, why, ...(measured === null ? {} : { measured }) };
  }
  onTrying(setup.backend);
  const started = await startBackend(setup.backend, options);
  const where = started.adapter === null ? "" : ` on ${started.adapter}`;
  const few = started.name === "wasm" ? fewThreads(threads) : null;
  const more = [started.kernels?.reason ?? null, few === null ? null : threadsNote(few)]
    .flatMap((sentence) => (sentence === null ? [] : [`; ${sentence}`]))
    .join("");
  return {
    backend: started.name,
    threads: started.threads,
    reason: `${backendTitles[started.name]}${where}, ${askers[setup.askedBy ?? "run"]}${more}`,
    why: {
      ...namedBackend(started),
      askedBy: setup.askedBy ?? "run",
      measured: [],
      rememberedAtMs: null,
      notes: [...kernelNotes(started), ...(few === null ? [] : [few])],
    },
  };
}
