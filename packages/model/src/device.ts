import { type DeviceId, tunedShape } from "@tutti/core";
import { type BackendName, type BackendOptions, chooseBackend, startBackend } from "./backends.ts";
import { computeTask } from "./deviceTasks.ts";
import { threadsNote } from "./threads.ts";
import type { Trainer, TrainerReady, TrainerSetup } from "./trainer.ts";
import { type DeviceExamples, type LoadPorts, openWorkplace, type Workplace } from "./workplace.ts";

/** The trainer on TensorFlow.js, for a worker, a page or Node. One per process, since the tensor library is process-wide. */
export function createTrainer(ports: LoadPorts = {}): Trainer {
  const devices = new Map<DeviceId, DeviceExamples>();
  let place: Workplace | null = null;
  let busy = false;

  const openPlace = (): Workplace => {
    if (place === null) throw new Error("the trainer has not been started");
    return place;
  };

  return {
    async start(setup, onProgress, signal) {
      if (place !== null) throw new Error("the trainer is started already; stop it first");
      onProgress({ phase: "backend", doneBytes: 0, totalBytes: 0 });
      const backend = await startWanted(setup, (name) => onProgress({ phase: "backend", backend: name, doneBytes: 0, totalBytes: 0 }));
      signal?.throwIfAborted();
      const opened = await openWorkplace(setup, ports, onProgress, signal);
      const { notice, ...admitted } = opened.admitted;
      const reason = notice === null ? backend.reason : `${backend.reason}. ${notice}`;
      place = opened;
      return { ...backend, reason, ...admitted, shape: tunedShape(opened.layout.entries) };
    },
    async addDevice(deviceId, source) {
      const examples = openPlace().examplesOf(source);
      if (examples.train.length === 0) throw new Error(`device ${deviceId} has no examples to train on`);
      devices.set(deviceId, examples);
      return { numExamples: examples.train.length };
    },
    async compute(task, state, onStep, signal) {
      const examples = devices.get(task.deviceId);
      if (examples === undefined) throw new Error(`device ${task.deviceId} was not added to this trainer`);
      if (busy) throw new Error("the trainer computes one task at a time");
      busy = true;
      try {
        signal?.throwIfAborted();
        return await computeTask({ place: openPlace(), examples, task, state, onStep, signal });
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

const askers: Readonly<Record<NonNullable<TrainerSetup["askedBy"]>, string>> = {
  run: "as the run asks",
  address: "as this page’s address asks",
  client: "as this client asks",
  fallback: "as the others did not start",
};

async function startWanted(
  setup: TrainerSetup,
  onTrying: (name: BackendName) => void,
): Promise<Pick<TrainerReady, "backend" | "threads" | "reason">> {
  const { threads, wasmPath } = setup;
  const options: BackendOptions = { threads, wasmPath };
  if (setup.backend === "auto") {
    const { name, threads: numThreads, reason } = await chooseBackend(options, onTrying);
    return { backend: name, threads: numThreads, reason };
  }
  onTrying(setup.backend);
  const started = await startBackend(setup.backend, options);
  const where = started.adapter === null ? "" : ` on ${started.adapter}`;
  const note = started.name === "wasm" ? threadsNote(threads) : null;
  const more = [started.kernels, note].flatMap((sentence) => (sentence === null ? [] : [`; ${sentence}`])).join("");
  return { backend: started.name, threads: started.threads, reason: `${started.name}${where}, ${askers[setup.askedBy ?? "run"]}${more}` };
}
