import type { BackendChoice } from "../backendChoice.ts";
import type { LoadProgress, StepProgress, Trainer } from "../trainer.ts";
import type { MeasureSetup, Port, WorkerAnswers, WorkerMethod, WorkerReply, WorkerRequest } from "./bridge.ts";

interface Question {
  readonly resolve: (value: never) => void;
  readonly reject: (error: Error) => void;
  readonly onLoading: ((progress: LoadProgress) => void) | undefined;
  readonly onStep: ((progress: StepProgress) => void) | undefined;
}

interface Listening {
  readonly onLoading?: ((progress: LoadProgress) => void) | undefined;
  readonly onStep?: ((progress: StepProgress) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** A trainer whose work happens in a worker. */
export interface WorkerTrainer extends Trainer {
  /** Measures the backends, in a worker that does nothing else; null where what was measured should not be kept. */
  measure(setup: MeasureSetup): Promise<BackendChoice | null>;
  /** Rejects all that is open, for when the worker dies. */
  fail(error: Error): void;
  /** Whether the worker died, or said that it cannot compute any more. */
  isLost(): boolean;
  /** How much of the time tasks may compute from here on; at 0 they stand still between two steps. */
  pace(share: number): void;
}

/** The name of an error after which nothing computes in the worker any more, since its GPU is gone. */
export const gpuLost = "GpuLost";

type Asked = WorkerRequest extends infer R ? (R extends { id: number } ? Omit<R, "id"> : never) : never;

/** The page's end of the bridge. `onNotice` is told what a person should know although the work goes on. */
export function workerTrainer(
  port: Port<WorkerReply, WorkerRequest>,
  onNotice: (sentence: string) => void,
  onBusy: (seconds: number) => void = () => undefined,
): WorkerTrainer {
  const questions = new Map<number, Question>();
  let lastId = 0;
  let failure: Error | null = null;

  function ask<M extends WorkerMethod>(
    request: Asked & { method: M },
    { onLoading, onStep, signal }: Listening = {},
  ): Promise<WorkerAnswers[M]> {
    const id = ++lastId;
    return new Promise<WorkerAnswers[M]>((resolve, reject) => {
      if (failure !== null) return reject(failure);
      questions.set(id, { resolve, reject, onLoading, onStep });
      port.postMessage({ ...request, id });
      if (signal?.aborted) port.postMessage({ id, method: "abort" });
      signal?.addEventListener("abort", () => questions.has(id) && port.postMessage({ id, method: "abort" }), { once: true });
    });
  }

  function fail(error: Error): void {
    failure = error;
    for (const question of questions.values()) question.reject(error);
    questions.clear();
  }

  port.addEventListener("message", ({ data }) => {
    if (data.kind === "notice") return onNotice(data.sentence);
    if (data.kind === "busy") return onBusy(data.seconds);
    if (data.kind === "lost") return fail(Object.assign(new Error(data.reason), { name: gpuLost }));
    const question = questions.get(data.id);
    if (question === undefined) return;
    if (data.kind === "loading") return question.onLoading?.(data.progress);
    if (data.kind === "step") return question.onStep?.(data.progress);
    questions.delete(data.id);
    if (data.kind === "answer") question.resolve(data.value as never);
    else question.reject(Object.assign(new Error(data.message), { name: data.name }));
  });

  return {
    start: (setup, onLoading, signal) => ask({ method: "start", setup }, { onLoading, signal }),
    addDevice: (deviceId, source) => ask({ method: "addDevice", deviceId, source }),
    setsFor: (task) => ask({ method: "setsFor", task }),
    compute: (task, state, onStep, signal) => ask({ method: "compute", task, state }, { onStep, signal }),
    stop: async () => {
      await ask({ method: "stop" });
    },
    measure: (setup) => ask({ method: "measure", setup }),
    fail,
    isLost: () => failure !== null,
    pace: (share) => port.postMessage({ id: 0, method: "pace", share }),
  };
}
