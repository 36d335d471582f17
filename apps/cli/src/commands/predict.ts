import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { type Command, Option } from "commander";
import { UsageError } from "../exitCodes.ts";
import { wholeNumber } from "../parseOptions.ts";

interface PredictFlags {
  readonly prompts: string;
  /** Holds the run folders. */
  readonly runs: string;
  readonly file?: string;
  readonly split?: "train" | "validation" | "test";
  readonly backend: "wasm" | "cpu";
  readonly maxTokens: number;
  readonly json?: boolean;
  readonly public?: string;
}

/** `tutti predict`: what tuned prompts say about texts, or how right they are on a split of their task. */
export function addPredict(program: Command): void {
  program
    .command("predict")
    .description("what the tuned prompts of a run answer to texts: the probability of each class, or a text")
    .argument("[text...]", "texts to answer (default: the lines of stdin); a pair has a tab between its texts")
    .requiredOption("--prompts <run-or-file>", "a run's id, its folder, or a prompts.safetensors")
    .option("--runs <folder>", "where run folders are", "runs")
    .option("--file <file>", "answer each line of this file")
    .addOption(
      new Option("--split <name>", "measure how right the answers are on a split of the run's task instead").choices([
        "train",
        "validation",
        "test",
      ]),
    )
    .addOption(new Option("--backend <name>", "what to compute on").choices(["wasm", "cpu"]).default("wasm"))
    .addOption(new Option("--max-tokens <count>", "of an answer that is a text, at most").argParser(wholeNumber(1)).default(48))
    .option("--json", "one JSON object a line: text, label and the probability of each class; or text and answer")
    .option("--public <folder>", "holds backbones/, datasets/ and prompts/ (default: the project's public folder)")
    .addHelpText(
      "after",
      `
Examples:
  tutti predict --prompts runs/<id>/prompts.safetensors "The parcel came two days late"
  tutti predict --prompts feedback-topic-seed42-c22859e1 --split test
  tutti predict --prompts runs/<id>/prompts.safetensors --file messages.txt
  cat messages.txt | tutti predict --prompts runs/<id>/prompts.safetensors --json`,
    )
    .action(predict);
}

async function predict(texts: readonly string[], flags: PredictFlags): Promise<void> {
  const sources = [texts.length > 0 ? "texts" : "", flags.file === undefined ? "" : "--file", flags.split === undefined ? "" : "--split"];
  const given = sources.filter((source) => source !== "");
  if (given.length > 1) throw new UsageError(`${given.join(" and ")} exclude each other: give one`);
  const publicFolder = flags.public ?? (await import("@tutti/server/checkout")).publicFolder();
  const { tunedPromptsOf } = await import("../prompts/tunedPrompts.ts");
  const { settings, params } = await tunedPromptsOf(flags.prompts, flags.runs);
  const { answerJson, answerText } = await import("../predict/answers.ts");
  const { askedTexts, linesOf } = await import("../predict/askedTexts.ts");
  const lines = flags.split === undefined ? await linesOf(texts, flags.file) : [];
  const { findClassification, findTask } = await import("@tutti/data");
  const { rememberDatasets } = await import("@tutti/data/node");
  await rememberDatasets(publicFolder);
  const task = findTask(settings.task);
  if (task.kind !== "classification") {
    const { predictTexts } = await import("../predict/textTask.ts");
    const backboneAt = await backboneFolder(publicFolder, settings.backbone);
    return predictTexts({ task, settings, params, lines, publicFolder, backboneAt, ...flags });
  }
  const asked = askedTexts(lines, { name: settings.task, isPair: findClassification(settings.task, predicting).fields.textB !== null });
  const { createPredictor, startBackend } = await import("@tutti/model");
  const { loadBackboneFolder, readSourcePrompts } = await import("@tutti/model/node");
  await startBackend(flags.backend);
  const backbone = await loadBackboneFolder(await backboneFolder(publicFolder, settings.backbone));
  const predictor = createPredictor(backbone, settings, params, await readSourcePrompts(publicFolder, settings));
  try {
    if (flags.split !== undefined)
      return await measure(predictor.confusion, settings.task, flags.split, { ...flags, public: publicFolder });
    const probabilities = await predictor.probabilities(asked);
    const answers = asked.map((text, index) =>
      (flags.json === true ? answerJson : answerText)(text, probabilities[index] ?? [], predictor),
    );
    if (answers.length > 0) console.log(answers.join(flags.json === true ? "\n" : "\n\n"));
  } finally {
    predictor.dispose();
  }
}

async function backboneFolder(publicFolder: string, name: string): Promise<string> {
  const folder = join(publicFolder, "backbones", name);
  if ((await stat(join(folder, "manifest.json")).catch(() => null)) !== null) return folder;
  throw new Error(`the prompts were tuned on ${name}, which is not in ${publicFolder}/backbones; \`tutti backbone add\` makes it`);
}

const predicting = "tutti predict";

async function measure(
  confusionOf: (examples: readonly import("@tutti/data").Example[]) => Promise<readonly (readonly number[])[]>,
  task: string,
  split: "train" | "validation" | "test",
  flags: { readonly json?: boolean; readonly public: string },
): Promise<void> {
  const { accuracy, macroF1 } = await import("@tutti/core");
  const { findClassification, loadDataset } = await import("@tutti/data");
  const { splitText } = await import("../predict/answers.ts");
  const definition = findClassification(task, predicting);
  const dataset = await loadDataset(definition, (name) => readFile(join(flags.public, "datasets", definition.dataset, name), "utf8"));
  const confusion = await confusionOf(dataset[split]);
  const result = { task, split, numExamples: dataset[split].length, accuracy: accuracy(confusion), macroF1: macroF1(confusion), confusion };
  if (flags.json === true) return console.log(JSON.stringify(result));
  console.log(splitText(result));
}
