import type { BackendName, BackendNote, TrainerSetup } from "@tutti/model";
import { words } from "../words/words.ts";

/** How long each backend may take to start; a software WebGPU compiles its first programs for seconds. */
export const startLimitsMs: Readonly<Record<BackendName, number>> = { webgpu: 30_000, wasm: 10_000, cpu: 10_000 };

/** How to start after a backend did not, and the sentence that says so. */
export interface NextAttempt {
  readonly setup: TrainerSetup;
  readonly sentence: string;
  /** The same for the reason of what computes then. */
  readonly note: BackendNote;
}

/** What to start with when `stuck` has not started within its limit on `numThreads` threads; null where nothing else is left. */
export function nextAttempt(setup: TrainerSetup, numThreads: number, stuck: BackendName): NextAttempt | null {
  const seconds = startLimitsMs[stuck] / 1000;
  if (stuck === "wasm" && numThreads > 1) {
    return {
      setup: { ...setup, threads: 1 },
      sentence: words.notices.threadsStuck(numThreads, seconds),
      note: { kind: "threadsStuck", threads: numThreads, seconds },
    };
  }
  if (stuck === "webgpu" && setup.backend === "auto") {
    return {
      setup: { ...setup, backend: "wasm", askedBy: "fallback" },
      sentence: words.notices.gpuStuck(seconds),
      note: { kind: "gpuStuck", seconds },
    };
  }
  return null;
}
