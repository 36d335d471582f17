import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import {
  type BackboneSizes,
  backboneCost,
  createRandom,
  initialParams,
  type Params,
  type RunSettings,
  sourcePromptPath,
  sourcePromptsOf,
  type TunedShape,
  tunedEntries,
  tunedShape,
  tuningMisfits,
  type WordTable,
} from "@tutti/core";
import { settingFaults } from "@tutti/protocol";
import { z } from "zod";
import { ConfigError, type CoordinatorConfig } from "./config.ts";

/** What a run trains: names by layer, and the values that all devices start from. */
export interface TunedParameters {
  readonly shape: TunedShape;
  readonly initial: Params;
  /** Null of a text task. */
  readonly numClasses: number | null;
  /** Of the backbone, for a run that tunes a prompt of words; absent for others. */
  readonly words?: WordTable;
}

/** What a run trains and where all devices start, from its seed; throws a ConfigError where its tuning does not fit the backbone. */
export function tunedParameters(run: RunSettings, sizes: BackboneSizes, numClasses: number | null): TunedParameters {
  const misfits = tuningMisfits(sizes, run.tuning);
  if (misfits.length > 0)
    throw new ConfigError(`run.tuning does not fit backbone ${run.backbone}:\n${misfits.map((line) => `  ${line}`).join("\n")}`);
  const entries = tunedEntries(sizes, run.tuning, numClasses);
  return {
    shape: { ...tunedShape(entries), backbone: backboneCost(sizes) },
    initial: initialParams(entries, createRandom(run.seed)),
    numClasses,
  };
}

const manifestSchema = z.object({
  config: z.object({
    numLayers: z.int().min(1),
    hiddenSize: z.int().min(1),
    numHeads: z.int().min(1),
    numKeyValueHeads: z.int().min(1),
    headSize: z.int().min(1),
    family: z.string().optional(),
    isCausal: z.boolean().optional(),
  }),
  tensors: z.array(z.object({ name: z.string(), shape: z.array(z.int().min(1)) })),
  /** Null for weights alone. */
  tokenizer: z.looseObject({}).nullish(),
});

/** The sizes that a backbone's manifest gives; throws a ConfigError that says how to get a backbone that reads texts. */
export function readBackboneSizes(publicDir: string, backbone: string): BackboneSizes {
  const { config, tensors } = readManifest(publicDir, backbone);
  const { numLayers, hiddenSize, numHeads, numKeyValueHeads, headSize } = config;
  const widths = { keyValueWidth: numKeyValueHeads * headSize, queryWidth: numHeads * headSize };
  return { numLayers, hiddenSize, ...widths, ...(config.isCausal === true ? { isCausal: true } : {}), weights: tensors };
}

/** Throws a ConfigError where a run's answers are texts and its backbone is an encoder, which reads a whole text at once. */
export function requireAnswering({ publicDir, run }: Pick<CoordinatorConfig, "publicDir" | "run">, numClasses: number | null): void {
  if (numClasses !== null) return;
  const { family, isCausal } = readManifest(publicDir, run.backbone).config;
  if (isCausal !== false) return;
  throw new ConfigError(
    `task: ${run.task} is answered with text, and backbone ${run.backbone} (${family ?? "an encoder"}) reads the whole text at once and cannot continue it; choose a gpt2 or llama backbone`,
  );
}

function readManifest(publicDir: string, backbone: string): z.output<typeof manifestSchema> {
  const path = join(publicDir, "backbones", backbone, "manifest.json");
  if (!existsSync(path)) throw new ConfigError(noBackbone(join(publicDir, "backbones"), backbone));
  let manifest: unknown;
  try {
    manifest = JSON.parse(readFileSync(path, "utf8"));
  } catch (error) {
    throw new ConfigError(`backbone ${backbone}: ${path} cannot be read; \`tutti backbone add\` makes it again`, { cause: error });
  }
  const parsed = manifestSchema.safeParse(manifest);
  if (!parsed.success)
    throw new ConfigError(`backbone ${backbone}: ${path} is not a manifest: ${settingFaults(manifestSchema, manifest).join("; ")}`);
  if (parsed.data.tokenizer === null) {
    throw new ConfigError(`backbone ${backbone} has no tokenizer, so it cannot read texts: add it again from a folder with tokenizer.json`);
  }
  return parsed.data;
}

function noBackbone(folder: string, name: string): string {
  const found = existsSync(folder) ? readdirSync(folder).filter((one) => existsSync(join(folder, one, "manifest.json"))) : [];
  return `${folder} has no backbone "${name}"; ${found.length === 0 ? "it has none" : `its backbones are ${found.sort().join(", ")}`}; \`tutti backbone add\` makes one`;
}

/** Throws a ConfigError that lists the source prompts which a run's tuning names and a public folder lacks, each with the command that makes it. */
export function requireSourcePrompts(publicDir: string, { backbone, tuning }: RunSettings): void {
  const needed = sourcePromptsOf(tuning);
  if (needed === null) return;
  const { sources, promptTokens } = needed;
  const lacking = sources.flatMap((name) => {
    const path = join(publicDir, sourcePromptPath(backbone, name, promptTokens));
    if (existsSync(path)) return [];
    return [
      `source prompt ${name}: ${path} is not there; \`tutti prompt train ${name} --tokens ${promptTokens} --backbone ${backbone}\` makes it`,
    ];
  });
  if (lacking.length > 0) throw new ConfigError(lacking.join("\n"));
}
