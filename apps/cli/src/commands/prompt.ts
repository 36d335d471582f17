import { sourceRecipe } from "@tutti/model/sourceRecipe";
import { type Command, InvalidArgumentError, Option } from "commander";
import { positiveNumber, wholeNumber } from "../parseOptions.ts";
import { type ExportFlags, exportFormats, exportPrompts } from "../prompts/export.ts";
import { listPrompts, type OnePromptFlags, removePrompt, showPrompt } from "../prompts/show.ts";
import { stoppable } from "../prompts/stoppable.ts";
import { type TrainPromptFlags, trainPrompt } from "../prompts/train.ts";

const where = () => new Option("--public <folder>", "holds backbones/, datasets/ and prompts/").default("public");
const backboneOf = () => new Option("--backbone <name>", "folder under public/backbones").default("minuet");
const sizeOf = () => new Option("--tokens <number>", "its rows, where there are several sizes of that name").argParser(promptTokens);
/** As a run's settings have it. */
const maxPromptTokens = 1024;

/** `tutti prompt`: the source prompts that ATTEMPT mixes, and the export of what runs have tuned. */
export function addPrompt(program: Command): void {
  const prompt = program
    .command("prompt")
    .description("source prompts for ATTEMPT, trained on other tasks beforehand; and the export of tuned prompts");
  addTrain(prompt);
  addExport(prompt);
  prompt
    .command("list")
    .description("the source prompts there are")
    .addOption(where())
    .action((flags: { public: string }) => listPrompts(flags));
  prompt
    .command("show")
    .description("what a source prompt was trained on and how, and its accuracy before and after")
    .argument("<name>", "its name")
    .addOption(backboneOf())
    .addOption(sizeOf())
    .addOption(where())
    .option("--json", "as JSON, without its values")
    .action((name: string, flags: OnePromptFlags & { json?: boolean }) => showPrompt(name, flags));
  prompt
    .command("remove")
    .description("delete a source prompt's file")
    .argument("<name>", "its name")
    .addOption(backboneOf())
    .addOption(sizeOf())
    .addOption(where())
    .action((name: string, flags: OnePromptFlags) => removePrompt(name, flags));
}

function addTrain(prompt: Command): void {
  prompt
    .command("train")
    .description("train a source prompt on all training rows of a task, in one place")
    .argument("<task>", "a built-in task such as ag_news, or one that `tutti data add` made")
    .option("--name <name>", "the prompt's name, by which settings call it (default: the task's)")
    .addOption(backboneOf())
    .option("--tokens <number>", "rows of the prompt; a run that uses it has as many promptTokens", promptTokens, 16)
    .option("--steps <number>", "optimiser steps", wholeNumber(1), sourceRecipe.numSteps)
    .option("--rate <number>", "rate of AdamW", positiveNumber, sourceRecipe.learningRate)
    .option("--batch <number>", "texts in a step", wholeNumber(1), sourceRecipe.batchSize)
    .option("--seed <number>", "everything random comes from it", wholeNumber(0), sourceRecipe.seed)
    .option("--max-rows <number>", "train on this many rows, drawn with the seed", wholeNumber(1))
    .addOption(
      new Option("--head <name>", "what answers meanwhile; it is not kept").choices(["linear", "labelWords"]).default(sourceRecipe.head),
    )
    .option("--for <tasks>", "tasks that the prompt is for, with commas between: refused where their test part shares text with the rows")
    .addOption(new Option("--backend <name>", "what to compute on").choices(["wasm", "cpu"]).default("wasm"))
    .addOption(where())
    .addHelpText(
      "after",
      `
Writes prompts/<backbone>/<name>-<tokens>.json in the public folder, with the record of how it was made; the same command makes the same file.
Ctrl-C stops it and leaves what was there before. Accuracies are those of the validation rows, which choose nothing.

Examples:
  tutti data add ag_news && tutti prompt train ag_news
  tutti prompt train qnli --steps 3000 --max-rows 4000 --for sst2,mr`,
    )
    .action((task: string, flags: TrainPromptFlags) => stoppable((signal) => trainPrompt(task, flags, { signal })));
}

function addExport(prompt: Command): void {
  prompt
    .command("export")
    .description("write what a run has tuned as an adapter for Hugging Face's peft, or as safetensors")
    .argument("<run-or-file>", "a run's id, its folder, or a prompts.safetensors")
    .addOption(
      new Option("--format <name>", "an adapter folder for peft, or one file for Tutti").choices(exportFormats).makeOptionMandatory(),
    )
    .requiredOption("--out <folder>", "where to; made where it does not exist")
    .option("--runs <folder>", "where run folders are", "runs")
    .addOption(where())
    .addHelpText(
      "after",
      `
peft has adapters for prompts in every layer (tuning.method prefix). A linear head goes into head.safetensors beside the adapter, and its README.md
has the Python that computes what the run computed.

Examples:
  tutti prompt export feedback-topic-seed1-0a1b2c3d --format peft --out my-adapter
  tutti prompt export runs/<id>/prompts.safetensors --format safetensors --out my-prompts`,
    )
    .action((source: string, flags: ExportFlags) => exportPrompts(source, flags));
}

function promptTokens(text: string): number {
  const value = wholeNumber(1)(text);
  if (value > maxPromptTokens) throw new InvalidArgumentError(`It must be at most ${maxPromptTokens}.`);
  return value;
}
