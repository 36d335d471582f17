import type { BackendChoice } from "../backendChoice.ts";
import type { StepProgress, Trainer } from "../trainer.ts";
import type { Pacer } from "../training/pacer.ts";
import type { MeasureSetup, Port, WorkerAnswers, WorkerMethod, WorkerReply, WorkerRequest } from "./bridge.ts";

type Asked = Exclude<WorkerRequest, { method: "abort" | "threads" | "pace" }>;

/** What else a worker does where it may be asked to. */
export interface WorkerPorts {
  /** Given the ports of threads that were started for this worker. */
  readonly onThreads?: (ports: readonly MessagePort[]) => void;
  /** Measures the backends. */
  readonly measure?: (setup: MeasureSetup) => Promise<BackendChoice | null>;
  /** Whom tasks rest by between their steps. */
  readonly pacer?: Pacer;
  /** Resolves with the reason once the started backend cannot compute any more; null where that does not happen. */
  readonly whenLost?: () => Promise<string> | null;
}

/** Steps may take a few milliseconds, and each message costs the page as much as it costs the worker. */
const stepEveryMs = 100;

/** Passes on the first step, the last one, and of those between at most one in each period. */
function tellSteps(tell: (progress: StepProgress) => void): (progress: StepProgress) => void {
  let toldMs = Number.NEGATIVE_INFINITY;
  return (progress) => {
    const nowMs = performance.now();
    if (nowMs - toldMs < stepEveryMs && progress.step < progress.numSteps) return;
    toldMs = nowMs;
    tell(progress);
  };
}

/** The worker's end of the bridge: passes each request to the trainer and answers it, also when it fails. */
export function serveTrainer(
  port: Port<WorkerRequest, WorkerReply>,
  create: (onNotice: (sentence: string) => void) => Trainer,
  { onThreads, measure, pacer, whenLost }: WorkerPorts = {},
): void {
  const trainer = create((sentence) => port.postMessage({ id: 0, kind: "notice", sentence }));
  const running = new Map<number, AbortController>();

  function compute(request: Asked, signal: AbortSignal): Promise<WorkerAnswers[WorkerMethod]> {
    const { id } = request;
    switch (request.method) {
      case "start":
        return trainer.start(request.setup, (progress) => port.postMessage({ id, kind: "loading", progress }), signal).then(watched);
      case "addDevice":
        return trainer.addDevice(request.deviceId, request.source);
      case "setsFor":
        return trainer.setsFor?.(request.task) ?? Promise.resolve(null);
      case "compute":
        return paced(() =>
          trainer.compute(
            request.task,
            request.state,
            tellSteps((progress) => port.postMessage({ id, kind: "step", progress })),
            signal,
          ),
        );
      case "stop":
        return trainer.stop().then(() => null);
      case "measure":
        if (measure === undefined) throw new Error("this worker measures no backends");
        return measure(request.setup);
    }
  }

  async function paced<T>(compute: () => Promise<T>): Promise<T> {
    await pacer?.begin();
    try {
      return await compute();
    } finally {
      pacer?.end();
      if (pacer !== undefined) port.postMessage({ id: 0, kind: "busy", seconds: pacer.busySeconds() });
    }
  }

  function watched<T>(ready: T): T {
    void whenLost?.()?.then((reason) => port.postMessage({ id: 0, kind: "lost", reason }));
    return ready;
  }

  async function answer(request: Asked): Promise<void> {
    const abort = new AbortController();
    running.set(request.id, abort);
    try {
      port.postMessage({ id: request.id, kind: "answer", value: await compute(request, abort.signal) });
    } catch (error) {
      const { name, message } = error instanceof Error ? error : new Error(String(error));
      port.postMessage({ id: request.id, kind: "failure", name, message });
    } finally {
      running.delete(request.id);
    }
  }

  port.addEventListener("message", ({ data, ports = [] }) => {
    if (data.method === "abort") {
      running.get(data.id)?.abort();
      pacer?.wake();
    } else if (data.method === "pace") pacer?.setShare(data.share);
    else if (data.method === "threads") onThreads?.(ports);
    else void answer(data);
  });
}
