import { readFileSync } from "node:fs";
import { join } from "node:path";
import { createRandom, type Params, type RunSettings, sizeOf, type TunedShape } from "@tutti/core";
import { z } from "zod";
import { ConfigError } from "./config.ts";

/** What a run trains: names by layer, and the values that all devices start from. */
export interface TunedParameters {
  readonly shape: TunedShape;
  readonly initial: Params;
  readonly numClasses: number;
}

/** The sizes of a backbone that decide the shapes of prompts and head. */
export interface BackboneSizes {
  readonly numLayers: number;
  readonly hiddenSize: number;
  /** W, width of keys and values. */
  readonly keyValueWidth: number;
}

/** Prompts normal(0, 0.02) and a head of zeros, from the run's seed (fedpeptao.md §1). */
export function tunedParameters(run: RunSettings, sizes: BackboneSizes, numClasses: number): TunedParameters {
  const random = createRandom(run.seed);
  const { numLayers, hiddenSize, keyValueWidth } = sizes;
  const prefixShape = [2, run.tuning.promptTokens, keyValueWidth];
  const initial: Record<string, Params[string]> = {};
  const layerNames = Array.from({ length: numLayers }, (_, layer) => [`prefix/${layer}`]);
  for (const name of layerNames.flat()) {
    const stream = random.stream({ purpose: `initial/${name}` });
    initial[name] = { shape: prefixShape, data: Float32Array.from({ length: sizeOf(prefixShape) }, () => 0.02 * stream.normal()) };
  }
  if (run.tuning.head === "labelWords") return { shape: { numLayers, layerNames, alwaysShared: [] }, initial, numClasses };
  initial["head/weight"] = { shape: [numClasses, hiddenSize], data: new Float32Array(numClasses * hiddenSize) };
  initial["head/bias"] = { shape: [numClasses], data: new Float32Array(numClasses) };
  return { shape: { numLayers, layerNames, alwaysShared: ["head/weight", "head/bias"] }, initial, numClasses };
}

const manifestSchema = z.object({
  config: z.object({
    numLayers: z.int().min(1),
    hiddenSize: z.int().min(1),
    numKeyValueHeads: z.int().min(1),
    headSize: z.int().min(1),
  }),
});

/** The sizes that a backbone's manifest gives; throws a ConfigError that says how to get the backbone. */
export function readBackboneSizes(publicDir: string, backbone: string): BackboneSizes {
  const path = join(publicDir, "backbones", backbone, "manifest.json");
  let manifest: unknown;
  try {
    manifest = JSON.parse(readFileSync(path, "utf8"));
  } catch (error) {
    throw new ConfigError(`backbone ${backbone}: ${path} cannot be read; \`tutti backbone add\` makes it`, { cause: error });
  }
  const parsed = manifestSchema.safeParse(manifest);
  if (!parsed.success) throw new ConfigError(`backbone ${backbone}: ${path} is no manifest: ${z.prettifyError(parsed.error)}`);
  const { numLayers, hiddenSize, numKeyValueHeads, headSize } = parsed.data.config;
  return { numLayers, hiddenSize, keyValueWidth: numKeyValueHeads * headSize };
}
