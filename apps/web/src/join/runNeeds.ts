import { backwardPassesOf } from "@tutti/core";
import type { RunInfo } from "@tutti/protocol";
import type { Downloads } from "./downloads.ts";
import type { RunNeeds } from "./preflight.ts";

/** Weights as 32-bit numbers, activations and gradients beside them. */
const memoryPerByte = 2;

/** The same weights and the activations of one layer. */
const forwardPerByte = 1.25;

/** What taking part needs of a device, as far as the run and its model are known. */
export function needsOf(run: Pick<RunInfo, "run"> | null, downloads: Downloads | null): RunNeeds {
  if (downloads === null) return { newBytes: null, memoryBytes: null, forwardBytes: null };
  const { modelBytes, scriptBytes, keptBytes, unpackedBytes } = downloads;
  const hasForwardWork = run !== null && backwardPassesOf(run.run) !== "all";
  return {
    newBytes: modelBytes + scriptBytes - keptBytes,
    memoryBytes: unpackedBytes * memoryPerByte,
    forwardBytes: hasForwardWork ? unpackedBytes * forwardPerByte : null,
  };
}
