import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { buffer as readAll } from "node:stream/consumers";
import { accuracy, macroF1 } from "@tutti/core";
import { type Command, Option } from "commander";
import { some } from "../backbones/text.ts";
import { UsageError } from "../exitCodes.ts";
import { parseRunSettings } from "../prompts/runSettings.ts";

interface PredictFlags {
  readonly prompts: string;
  readonly file?: string;
  readonly split?: "train" | "validation" | "test";
  readonly backend: "wasm" | "cpu";
  readonly json?: boolean;
  readonly public?: string;
}

/** `tutti predict`: what tuned prompts say about texts, or how right they are on a split of their task. */
export function addPredict(program: Command): void {
  program
    .command("predict")
    .description("classify texts with the tuned prompts of a run")
    .argument("[text...]", "texts to classify; without any, and without --file or --split, lines are read from stdin")
    .requiredOption("--prompts <file>", "prompts.safetensors of a run folder")
    .option("--file <file>", "classify each line of this file")
    .addOption(new Option("--split <name>", "measure on a split of the run's task instead").choices(["train", "validation", "test"]))
    .addOption(new Option("--backend <name>", "what to compute on").choices(["wasm", "cpu"]).default("wasm"))
    .option("--json", "one JSON object per line")
    .option("--public <folder>", "holds backbones/, datasets/ and prompts/ (default: the project's public folder)")
    .addHelpText(
      "after",
      `
Examples:
  tutti predict --prompts runs/<id>/prompts.safetensors "The parcel came two days late"
  tutti predict --prompts runs/<id>/prompts.safetensors --split test
  cat messages.txt | tutti predict --prompts runs/<id>/prompts.safetensors --json`,
    )
    .action(predict);
}

async function predict(texts: readonly string[], flags: PredictFlags): Promise<void> {
  const sources = [texts.length > 0 ? "texts" : "", flags.file === undefined ? "" : "--file", flags.split === undefined ? "" : "--split"];
  const given = sources.filter((source) => source !== "");
  if (given.length > 1) throw new UsageError(`${given.join(" and ")} exclude each other: give one`);
  const { projectFolder } = await import("@tutti/server/checkout");
  const { readPromptsFile } = await import("@tutti/model");
  const publicFolder = flags.public ?? join(projectFolder, "public");
  const file = await readFile(flags.prompts).catch(() => {
    throw new UsageError(`${flags.prompts} cannot be read: give the prompts.safetensors of a run folder`);
  });
  const { settings, params } = readPromptsFile(file, parseRunSettings);
  const lines = flags.split === undefined ? await linesOf(texts, flags.file) : [];
  const { rememberDatasets } = await import("@tutti/data/node");
  await rememberDatasets(publicFolder);
  const { createPredictor, startBackend } = await import("@tutti/model");
  const { loadBackboneFolder, readSourcePrompts } = await import("@tutti/model/node");
  await startBackend(flags.backend);
  const backbone = await loadBackboneFolder(await backboneFolder(publicFolder, settings.backbone));
  const predictor = createPredictor(backbone, settings, params, await readSourcePrompts(publicFolder, settings));
  try {
    if (flags.split !== undefined)
      return await measure(predictor.confusion, settings.task, flags.split, { ...flags, public: publicFolder });
    const classes = await predictor.predict(lines.map((text) => ({ text })));
    for (const [index, text] of lines.entries()) {
      const label = predictor.classes[classes[index] ?? 0] ?? "";
      console.log(flags.json === true ? JSON.stringify({ text, label }) : `${label}\t${text}`);
    }
  } finally {
    predictor.dispose();
  }
}

async function linesOf(texts: readonly string[], file: string | undefined): Promise<string[]> {
  if (texts.length > 0) return [...texts];
  if (file === undefined && process.stdin.isTTY) throw new UsageError("no text: give texts, --file FILE, --split test, or lines on stdin");
  const bytes = file === undefined ? await readAll(process.stdin) : await readFile(file).catch(() => null);
  if (bytes === null) throw new UsageError(`${file} cannot be read: give a file with one text a line`);
  const { decodeText } = await import("@tutti/data");
  return decodeText(bytes, file ?? "the standard input")
    .split(/\r\n|\n|\r/)
    .map((line) => line.trim())
    .filter((line) => line !== "");
}

async function backboneFolder(publicFolder: string, name: string): Promise<string> {
  const folder = join(publicFolder, "backbones", name);
  if ((await stat(join(folder, "manifest.json")).catch(() => null)) !== null) return folder;
  throw new Error(`the prompts were tuned on ${name}, which is not in ${publicFolder}/backbones; \`tutti backbone add\` makes it`);
}

async function measure(
  confusionOf: (examples: readonly import("@tutti/data").Example[]) => Promise<readonly (readonly number[])[]>,
  task: string,
  split: "train" | "validation" | "test",
  flags: { readonly json?: boolean; readonly public: string },
): Promise<void> {
  const { findTask, loadDataset } = await import("@tutti/data");
  const definition = findTask(task);
  const dataset = await loadDataset(definition, (name) => readFile(join(flags.public, "datasets", definition.dataset, name), "utf8"));
  const confusion = await confusionOf(dataset[split]);
  const result = { task, split, numExamples: dataset[split].length, accuracy: accuracy(confusion), macroF1: macroF1(confusion), confusion };
  if (flags.json === true) return console.log(JSON.stringify(result));
  console.log(splitText(result));
}

interface SplitScores {
  readonly task: string;
  readonly split: string;
  readonly accuracy: number | null;
  readonly macroF1: number | null;
  readonly numExamples: number;
}

/** Such as `feedback/topic, test split: accuracy 0.6771, macro F1 0.6702 (of 288 texts)`. */
export function splitText({ task, split, accuracy: share, macroF1: f1, numExamples }: SplitScores): string {
  return `${task}, ${split} split: accuracy ${share?.toFixed(4) ?? "–"}, macro F1 ${f1?.toFixed(4) ?? "–"} (of ${some(numExamples, "text")})`;
}
