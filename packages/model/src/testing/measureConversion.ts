import { readdir, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import type { TensorEncoding } from "@tutti/core";
import { convertBackbone } from "../node.ts";
import { type CheckpointShape, writeRandomCheckpoint } from "./randomCheckpoint.ts";

/** One measured conversion. */
interface ConversionMeasure {
  readonly shape: CheckpointShape;
  readonly encoding: TensorEncoding;
  readonly numParameters: number;
  readonly checkpointBytes: number;
  /** Of the shards, which is what a tab downloads. */
  readonly convertedBytes: number;
  readonly filesBytes: number;
  readonly seconds: number;
  /** The most memory this process has had resident, generation included, in megabytes of 10⁶ bytes. */
  readonly peakResidentMb: number;
}

/** Converts a generated checkpoint in every given encoding, in `folder`, which is deleted at the end. */
export async function* measureConversions(
  folder: string,
  shape: CheckpointShape,
  encodings: readonly TensorEncoding[],
): AsyncGenerator<ConversionMeasure> {
  const checkpoint = join(folder, "checkpoint");
  try {
    const checkpointBytes = await writeRandomCheckpoint(checkpoint, shape);
    for (const encoding of encodings) {
      const out = join(folder, encoding);
      const start = process.hrtime.bigint();
      const { manifest } = await convertBackbone(checkpoint, out, { name: encoding, encoding, source: "random", licence: "none" });
      const seconds = Number(process.hrtime.bigint() - start) / 1e9;
      const sizes = await Promise.all((await readdir(out)).map(async (file) => (await stat(join(out, file))).size));
      await rm(out, { recursive: true });
      yield {
        shape,
        encoding,
        numParameters: manifest.numParameters,
        checkpointBytes,
        convertedBytes: manifest.numBytes,
        filesBytes: sizes.reduce((sum, size) => sum + size, 0),
        seconds,
        peakResidentMb: (process.resourceUsage().maxRSS * 1024) / 1e6,
      };
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
