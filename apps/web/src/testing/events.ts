import type { CurrentTask, SessionEvent } from "@tutti/client";
import { presets } from "@tutti/core";
import type { Status } from "@tutti/protocol";

const zero = { up: 0, down: 0 };

/** The status of a run that has not begun. */
export const emptyStatus: Status = {
  runId: "run-1",
  phase: "running",
  stage: null,
  round: 0,
  numRounds: 0,
  step: 0,
  attempt: 0,
  numConnected: 2,
  numDevices: 4,
  numPaused: 0,
  tasksOut: 0,
  tasksIn: 0,
  layerScores: null,
  selectedLayers: null,
  keepFraction: null,
  probes: [],
  history: [],
  bytes: { score: zero, count: zero, train: zero, evaluation: zero },
  allLayersF32: zero,
  message: null,
  deadlineMs: null,
};

/** The welcome to a run of the demo's settings. */
export const welcomeEvent: SessionEvent = {
  kind: "welcome",
  welcome: {
    runId: "run-1",
    run: presets.demo,
    urls: { backbone: "backbones/minuet/manifest.json", dataset: "datasets/" },
    devices: [{ deviceId: 3, decision: "new" }],
    keepsStates: false,
    status: emptyStatus,
  },
};

/** A trainer that is ready, with its devices. */
export const readyEvent: SessionEvent = {
  kind: "ready",
  ready: {
    backend: "wasm",
    threads: 2,
    reason: "WASM with 2 threads takes 9 ms",
    kernels: "fast",
    admission: { isPassed: true, worstError: 1e-6, detail: "" },
    shape: { numLayers: 3, layerNames: [["prefix/0"], ["prefix/1"], ["prefix/2"]], alwaysShared: [] },
  },
  numExamples: 41,
  deviceIds: [3],
};

/** A training task of a device. */
export function taskOf(deviceId: number): CurrentTask {
  return { taskId: "a".repeat(32), deviceId, kind: "train", stage: "train", round: 2 };
}
