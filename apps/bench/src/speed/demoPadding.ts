import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { createRandom, presets } from "@tutti/core";
import { datasetFolder, findClassification, loadDataset } from "@tutti/data";
import { dealRun } from "@tutti/data/node";
import { createTaskEncoder, createTokenizer } from "@tutti/model";
import { projectFolder } from "@tutti/server/checkout";
import { paddedFraction } from "./ratios.ts";

const run = presets.demo;

/** The share of the demo's training rows that would be padding, were batches padded to multiples of 8. */
export async function paddingOfDemo(): Promise<number> {
  return paddedFraction((await demoBatches()).flat(), 8);
}

/** By device, the lengths in tokens of the texts of each batch in one epoch. */
export async function demoBatches(): Promise<number[][][]> {
  const inPublic = (...path: string[]) => readFile(join(projectFolder, "public", ...path), "utf8");
  const task = findClassification(run.task, "measuring padding");
  const dataset = await loadDataset(task, (file) => inPublic("datasets", datasetFolder(run.task), file), run.seed);
  const backbone = (file: string) => inPublic("backbones", run.backbone, file);
  const tokenizer = createTokenizer(await backbone("tokenizer.json"), await backbone("tokenizer_config.json"));
  const { maxPositions } = (JSON.parse(await backbone("manifest.json")) as { config: { maxPositions: number } }).config;
  const encoder = createTaskEncoder(tokenizer, task, run.tuning.head);
  const random = createRandom(run.seed);
  return dealRun(dataset, run).shares.map(({ train }, device) => {
    const rows = random.stream({ purpose: "padding", device }).shuffle(train);
    const lengths = rows.map((index) => encoder.encode(dataset.train[index] ?? { text: "" }, maxPositions).ids.length);
    return batchesOf(lengths, run.training.batchSize);
  });
}

function batchesOf(lengths: readonly number[], size: number): number[][] {
  return Array.from({ length: Math.ceil(lengths.length / size) }, (_, i) => lengths.slice(i * size, (i + 1) * size));
}
