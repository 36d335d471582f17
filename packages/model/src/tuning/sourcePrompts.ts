import { type RunSettings, type SourcePromptNames, sourcePromptPaths } from "@tutti/core";
import { refuseOverlap } from "@tutti/data";
import { z } from "zod";
import type { BackboneConfig } from "../backbone/config.ts";

const sourcePromptSchema = z.strictObject({
  formatVersion: z.literal(1),
  /** What `tuning.sources` lists. */
  name: z.string().min(1),
  backbone: z.string().min(1),
  /** The task whose training part it was trained on. */
  task: z.string().min(1),
  numExamples: z.number().int().positive(),
  numSteps: z.number().int().positive(),
  learningRate: z.number().positive(),
  seed: z.number().int(),
  batchSize: z.number().int().positive().exactOptional(),
  /** What answered for the prompt while it was trained; a linear head is not kept. */
  head: z.enum(["labelWords", "linear"]).exactOptional(),
  /** Accuracy on the source's validation rows before the first step, with the vocabulary rows that the prompt starts from, and after the last. */
  validation: z.strictObject({ numExamples: z.number().int().positive(), before: z.number(), after: z.number() }).exactOptional(),
  /** (P, H). */
  shape: z.tuple([z.number().int().positive(), z.number().int().positive()]),
  /** Row-major. */
  values: z.array(z.number()),
});

/** A soft prompt that was trained on another task, as its file holds it. */
export type SourcePrompt = z.infer<typeof sourcePromptSchema>;

/** The text of a source prompt's file → the prompt; throws a sentence that names the file. */
export function parseSourcePrompt(text: string, file: string): SourcePrompt {
  const parsed = sourcePromptSchema.safeParse(readJson(text, file));
  if (!parsed.success) {
    const names = parsed.error.issues.flatMap((issue) =>
      issue.code === "unrecognized_keys" ? issue.keys : [issue.path.map(String).join(".") || "the whole file"],
    );
    const shown = [...new Set(names)].slice(0, 5).join(", ");
    throw new Error(`source prompt ${file}: ${shown} does not fit a source prompt; \`tutti prompt train\` makes it again`);
  }
  const { shape, values } = parsed.data;
  if (values.length !== shape[0] * shape[1]) {
    throw new Error(`source prompt ${file}: shape [${shape}] needs ${shape[0] * shape[1]} values, found ${values.length}`);
  }
  return parsed.data;
}

function readJson(text: string, file: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new Error(`source prompt ${file} is not JSON; \`tutti prompt train\` makes it again`, { cause });
  }
}

/** The rows (P, H) of the prompts that a run names, in its order; throws where one is missing or does not fit the run's backbone or prompt. */
export function sourcesOf(
  { sources, promptTokens }: SourcePromptNames,
  { hiddenSize }: Pick<BackboneConfig, "hiddenSize">,
  prompts: readonly SourcePrompt[],
): Float32Array[] {
  return sources.map((name) => {
    const prompt = prompts.find((one) => one.name === name);
    if (prompt === undefined) {
      throw new Error(`source prompt ${name}: not loaded; there are ${prompts.map((one) => one.name).join(", ") || "none"}`);
    }
    const [numRows, width] = prompt.shape;
    if (numRows !== promptTokens || width !== hiddenSize) {
      throw new Error(
        `source prompt ${name}: ${numRows} rows of ${width} values, the run needs ${promptTokens} of ${hiddenSize}; train it again`,
      );
    }
    return Float32Array.from(prompt.values);
  });
}

/** The source prompts that a run's tuning names, none for most methods; throws where one is not for this run. */
export async function fetchSourcePrompts(
  run: Pick<RunSettings, "backbone" | "task" | "tuning">,
  read: (path: string) => Promise<string>,
): Promise<SourcePrompt[]> {
  const prompts = await Promise.all(sourcePromptPaths(run).map(async (path) => parseSourcePrompt(await read(path), path)));
  refuseSources(prompts, run);
  return prompts;
}

/** Refuses sources of another backbone, or whose task shares text with the run's. */
function refuseSources(prompts: readonly SourcePrompt[], run: { readonly backbone: string; readonly task: string }): void {
  for (const { name, backbone, task } of prompts) {
    if (backbone !== run.backbone) throw new Error(`source prompt ${name} belongs to backbone ${backbone}, the run uses ${run.backbone}`);
    refuseOverlap(task, run.task);
  }
}
