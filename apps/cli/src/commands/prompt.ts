import { sourceRecipe } from "@tutti/model/sourceRecipe";
import { type Command, Option } from "commander";
import { examples } from "../examples.ts";
import { positiveNumber, wholeNumber } from "../parseOptions.ts";
import type { ExportFlags } from "../prompts/export.ts";
import type { OnePromptFlags } from "../prompts/show.ts";
import type { TrainPromptFlags } from "../prompts/train.ts";
import { stoppable } from "../stoppable.ts";

const where = () => new Option("--public <folder>", "holds backbones/, datasets/ and prompts/").default("public");
const backboneOf = () => new Option("--backbone <name>", "folder under public/backbones").default("minuet");
const sizeOf = () => new Option("--tokens <number>", "the prompt's number of tokens, where several have that name").argParser(promptTokens);
/** As a run's settings have it. */
const maxPromptTokens = 1024;
const promptTokens = wholeNumber(1, maxPromptTokens);

/** `tutti prompt`: the source prompts that ATTEMPT mixes, and the export of what runs have tuned. */
export function addPrompt(program: Command): void {
  const prompt = program
    .command("prompt")
    .description("source prompts for ATTEMPT, trained on other tasks beforehand; and the export of tuned prompts")
    .addHelpText("after", examples("tutti prompt train ag_news", "tutti prompt list"));
  addTrain(prompt);
  addExport(prompt);
  prompt
    .command("list")
    .description("list the source prompts in a folder")
    .addHelpText("after", examples("tutti prompt list"))
    .addOption(where())
    .action(async (flags: { public: string }) => (await import("../prompts/show.ts")).listPrompts(flags));
  prompt
    .command("show")
    .description("show how a source prompt was trained, and its accuracy before and after")
    .addHelpText("after", examples("tutti prompt show ag_news"))
    .argument("<name>", "the prompt's name")
    .addOption(backboneOf())
    .addOption(sizeOf())
    .addOption(where())
    .option("--json", "print JSON, without the values")
    .action(async (name: string, flags: OnePromptFlags & { json?: boolean }) =>
      (await import("../prompts/show.ts")).showPrompt(name, flags),
    );
  prompt
    .command("remove")
    .description("delete a source prompt's file")
    .addHelpText("after", examples("tutti prompt remove ag_news --tokens 16"))
    .argument("<name>", "the prompt's name")
    .addOption(backboneOf())
    .addOption(sizeOf())
    .addOption(where())
    .action(async (name: string, flags: OnePromptFlags) => (await import("../prompts/show.ts")).removePrompt(name, flags));
}

function addTrain(prompt: Command): void {
  prompt
    .command("train")
    .description("train a source prompt on all training rows of a task, on this machine alone")
    .argument("<task>", "a built-in task such as ag_news, or one that `tutti data add` made")
    .option("--name <name>", "the prompt's name, by which settings call it (default: the task's)")
    .addOption(backboneOf())
    .option("--tokens <number>", "tokens of the prompt, the same as promptTokens of the runs that use it", promptTokens, 16)
    .option("--steps <number>", "optimiser steps", wholeNumber(1), sourceRecipe.numSteps)
    .option("--rate <number>", "learning rate of AdamW", positiveNumber, sourceRecipe.learningRate)
    .option("--batch <number>", "texts in a step", wholeNumber(1), sourceRecipe.batchSize)
    .option("--seed <number>", "seed of everything random", wholeNumber(0), sourceRecipe.seed)
    .option("--max-rows <number>", "train on this many rows, drawn with the seed", wholeNumber(1))
    .addOption(
      new Option("--head <name>", "the head in training; it is not kept").choices(["linear", "labelWords"]).default(sourceRecipe.head),
    )
    .option("--for <tasks>", "tasks that the prompt is for, with commas between: refused where their test part shares text with the rows")
    .addOption(new Option("--backend <name>", "what to compute on").choices(["wasm", "cpu"]).default("wasm"))
    .addOption(where())
    .addHelpText(
      "after",
      `
Writes prompts/<backbone>/<name>-<tokens>.json in the public folder, with the record of how it was made; the same command makes the same file.
Ctrl-C stops it, and the earlier file stays. Accuracies are of the validation rows, which training does not use.

Examples:
  tutti data add ag_news && tutti prompt train ag_news
  tutti prompt train qnli --steps 3000 --max-rows 4000 --for sst2,mr`,
    )
    .action(async (task: string, flags: TrainPromptFlags) => {
      const { trainPrompt } = await import("../prompts/train.ts");
      await stoppable((signal) => trainPrompt(task, flags, { signal }));
    });
}

function addExport(prompt: Command): void {
  prompt
    .command("export")
    .description("write what a run has tuned as an adapter for Hugging Face's peft, merged into its backbone, or as safetensors")
    .argument("<run-or-file>", "a run's id, its folder, or a prompts.safetensors")
    .addOption(
      new Option("--format <name>", "the files of an adapter for peft, a Hugging Face model, or one file for Tutti")
        .choices(["peft", "merged", "safetensors"] satisfies ExportFlags["format"][])
        .makeOptionMandatory(),
    )
    .requiredOption("--out <folder>", "the folder to write, which is made where it does not exist")
    .option("--runs <folder>", "where run folders are", "runs")
    .addOption(where())
    .addHelpText(
      "after",
      `
peft has adapters for prompts in every layer and for LoRA (tuning.method prefix and lora). merged adds LoRA, or all weights that were trained (lora
and full), to those of the backbone: a Hugging Face folder in f32, which \`tutti backbone add\` reads too. A linear head goes into head.safetensors beside
the adapter or the model, and README.md shows how to load both in Python and get the numbers of the run.

Examples:
  tutti prompt export feedback-topic-seed1-0a1b2c3d --format peft --out my-adapter
  tutti prompt export feedback-topic-seed1-0a1b2c3d --format merged --out my-model
  tutti prompt export runs/<id>/prompts.safetensors --format safetensors --out my-prompts`,
    )
    .action(async (source: string, flags: ExportFlags) => (await import("../prompts/export.ts")).exportPrompts(source, flags));
}
