import { readFileSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { createRandom, type LoraOwn, type Params, presets, type RunSettings, sizeOf } from "@tutti/core";
import { findTask } from "@tutti/data";
import { type PeftFolderFiles, peftFiles, writePeftFolder } from "../prompts/peftFolder.ts";
import type { PeftBackbone } from "../prompts/peftForms.ts";
import type { TunedPrompts } from "../prompts/promptsFile.ts";
import { tunedLayout } from "../tuning/layout.ts";
import { goldenBackbone } from "./golden.ts";

const golden = fileURLToPath(new URL("../../golden/peft/", import.meta.url));

/** What `golden/peftAdapters.py` computed with peft: of each text's last token, or of whole texts. */
export interface PeftNumbers {
  readonly checkpoint: string;
  readonly texts: readonly (readonly number[])[];
  readonly logits?: readonly (readonly number[])[];
  readonly classLogits?: readonly (readonly number[])[];
  readonly lastHidden?: readonly (readonly number[])[];
}

/** The numbers of a folder such as `written/gpt2`. */
export function peftNumbers(place: string): PeftNumbers {
  return JSON.parse(new TextDecoder().decode(readGolden(place, "expected.json")));
}

/** Path of an adapter folder such as `written/gpt2`. */
export function peftFolder(place: string): string {
  return join(golden, place);
}

/** A file of a folder such as `written/gpt2`. */
export function readGolden(place: string, file: string): Uint8Array {
  return readFileSync(join(peftFolder(place), file));
}

/** The files of an adapter folder such as `written/gpt2`. */
export function peftFolderFiles(place: string): PeftFolderFiles {
  return { config: readGolden(place, peftFiles.config), weights: readGolden(place, peftFiles.weights), head: null };
}

/** A golden checkpoint as an export sees it. */
export function goldenPeftBackbone(family: string): PeftBackbone {
  return { name: `golden-${family}`, source: `golden/${family}`, config: goldenBackbone(family).config };
}

type Changes = Partial<Pick<RunSettings["tuning"], "head" | "lossOver" | "positionsAfterPrefix">> & {
  readonly lora?: Partial<LoraOwn> & { readonly dropout?: number };
};

/**
 * The exports whose folders are golden: both heads, both ways of counting positions, grouped queries; LoRA in GPT-2's fused matrix with two ranks
 * and scales, in names of encoders that end alike, beside all matrices with alpha over the rank's root, and with the body of a model alone.
 */
export const exportedCases: Readonly<Record<string, { readonly family: string; readonly tuning: Changes }>> = {
  "roberta-linear": { family: "roberta", tuning: { head: "linear", positionsAfterPrefix: false } },
  "bert-words": { family: "bert", tuning: { head: "labelWords", positionsAfterPrefix: true } },
  "gpt2-words": { family: "gpt2", tuning: { head: "labelWords", lossOver: "labelWords", positionsAfterPrefix: false } },
  "gpt2-lora": {
    family: "gpt2",
    tuning: { head: "labelWords", lora: { targets: ["q", "v", "o", "down"], ranks: { v: 3 }, alphas: { v: 5 } } },
  },
  "bert-lora": {
    family: "bert",
    tuning: { head: "labelWords", lora: { targets: ["k", "down"], ranks: { down: 5 }, alphas: { down: 3 } } },
  },
  "llama-lora": {
    family: "llama",
    tuning: {
      head: "labelWords",
      lora: { targets: ["q", "k", "v", "o", "up", "gate", "down"], ranks: { gate: 4 }, alphaOver: "rootRank" },
    },
  },
  "roberta-lora": { family: "roberta", tuning: { head: "linear", lora: { targets: ["q", "v", "o", "up"], dropout: 0.1 } } },
  "llama-suffix": { family: "llama", tuning: { head: "labelWords", lossOver: "vocabulary", positionsAfterPrefix: true } },
};

/** Random prompts of 3 tokens for a golden checkpoint, or random factors of LoRA, and settings that would train such. */
export function randomPrompts(family: string, changes: Changes): TunedPrompts {
  const { promptDropout } = presets.default.tuning;
  const { lora, ...others } = changes;
  const common = { promptDropout, positionsAfterPrefix: false, head: "labelWords", lossOver: "labelWords", ...others } as const;
  const tuning: RunSettings["tuning"] =
    lora === undefined ? { method: "prefix", promptTokens: 3, ...common } : { method: "lora", rank: 2, alpha: 4, ...lora, ...common };
  const settings: RunSettings = { ...presets.default, backbone: `golden-${family}`, task: "feedback/topic", tuning };
  const { entries } = tunedLayout(goldenBackbone(family).config, tuning, findTask(settings.task).classes.length);
  const random = createRandom(7);
  const params: Params = Object.fromEntries(
    entries.map(({ name, shape }) => {
      const stream = random.stream({ purpose: `golden/${name}` });
      return [name, { shape, data: Float32Array.from({ length: sizeOf(shape) }, () => 0.5 * stream.normal()) }];
    }),
  );
  return { runId: `golden-${family}`, settings, params };
}

async function writeExports(wanted: readonly string[]): Promise<void> {
  for (const [name, { family, tuning }] of Object.entries(exportedCases)) {
    if (wanted.length > 0 && !wanted.includes(name)) continue;
    const folder = peftFolder(`exported/${name}`);
    await mkdir(folder, { recursive: true });
    for (const [file, bytes] of writePeftFolder(randomPrompts(family, tuning), goldenPeftBackbone(family)))
      await writeFile(join(folder, file), bytes);
  }
}

/** `npx tsx …/peftGolden.ts [case …]`: all cases by default. */
if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) await writeExports(process.argv.slice(2));
