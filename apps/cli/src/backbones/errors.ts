import { formatBytes, formatCount } from "@tutti/core";
import type { TensorEncoding } from "@tutti/model";
import { UsageError } from "../exitCodes.ts";
import { placeOf } from "./folders.ts";
import { percent, table } from "./text.ts";

export interface ErrorsFlags {
  readonly backend: "wasm" | "cpu";
  readonly encodings?: string;
  readonly task?: string;
  readonly steps: number;
  readonly public: string;
  readonly json?: boolean;
}

/** `tutti backbone errors`: what each encoding costs a checkpoint. */
export async function errors(target: string, flags: ErrorsFlags): Promise<void> {
  const place = await placeOf(target);
  if (place.kind === "hub") throw new UsageError(`${target} is not a folder: add the model first, or give the folder of its checkpoint`);
  const { measureEncoding, startBackend } = await import("@tutti/model");
  const { checkpointFolder, openCheckpointFolder } = await import("@tutti/model/node");
  await startBackend(flags.backend);
  const original = await openCheckpointFolder(place.folder, checkpointFolder(place.folder));
  const rows: string[][] = [];
  for (const encoding of await encodingsOf(flags.encodings)) {
    const measured = await measureEncoding(original, encoding);
    const accuracy = flags.task === undefined ? null : await tunedAccuracy(original, encoding, flags.task, flags);
    if (flags.json === true) console.log(JSON.stringify({ ...measured, ...accuracy, accuracy: accuracy?.accuracy ?? null }));
    const { numBytes, weights, worstTensor, logits } = measured;
    rows.push([
      encoding,
      formatBytes(numBytes),
      percent(weights),
      percent(worstTensor),
      percent(logits),
      accuracy === null ? "-" : `${accuracy.accuracy.toFixed(3)} of ${formatCount(accuracy.numTexts, "text")}`,
    ]);
  }
  if (flags.json !== true) console.log(table([["encoding", "bytes", "weights", "worst tensor", "centred logits", "accuracy"], ...rows]));
}

async function encodingsOf(names: string | undefined): Promise<readonly TensorEncoding[]> {
  const { tensorEncodings } = await import("@tutti/model");
  if (names === undefined) return tensorEncodings;
  return names.split(",").map((name) => {
    const found = tensorEncodings.find((encoding) => encoding === name.trim());
    if (found === undefined) throw new UsageError(`${name} is not an encoding; there are ${tensorEncodings.join(", ")}`);
    return found;
  });
}

async function tunedAccuracy(
  original: import("@tutti/model").PackedBackbone,
  encoding: TensorEncoding,
  task: string,
  flags: ErrorsFlags,
): Promise<{ readonly accuracy: number; readonly numTexts: number }> {
  const { reencoded, tuneAlone } = await import("@tutti/model");
  const { loadTask } = await import("./dataset.ts");
  const { definition, dataset } = await loadTask(task, flags.public, "measuring on a task");
  const accuracy = await tuneAlone(reencoded(original, encoding), definition, dataset, { numSteps: flags.steps, seed: 42 });
  return { accuracy, numTexts: dataset.test.length };
}
