import { type Command, Option } from "commander";
import type { AddFlags } from "../backbones/add.ts";
import type { ErrorsFlags } from "../backbones/errors.ts";
import type { TokensFlags } from "../backbones/tokens.ts";
import type { VerifyFlags } from "../backbones/verify.ts";
import { examples } from "../examples.ts";
import { positiveNumber, wholeNumber } from "../parseOptions.ts";

const encodings = ["f32", "f16", "int8", "int4", "nf4"];
const where = () => new Option("--backbones <folder>", "where backbones are kept").default("public/backbones");

/** `tutti backbone`: the frozen models that runs are built on. */
export function addBackbone(program: Command): void {
  const backbone = program
    .command("backbone")
    .description("backbones: the frozen language models that runs tune prompts for")
    .addHelpText("after", examples("tutti backbone add FacebookAI/roberta-base", "tutti backbone show minuet"));
  addAdd(backbone);
  backbone
    .command("list")
    .description("list the backbones in a folder")
    .addHelpText("after", examples("tutti backbone list"))
    .addOption(where())
    .action(async (flags: { backbones: string }) => (await import("../backbones/show.ts")).list(flags));
  backbone
    .command("show")
    .description("show a backbone's parameters, bytes, encoding error, positions and licence")
    .addHelpText("after", examples("tutti backbone show minuet"))
    .argument("<name>", "the backbone's name")
    .addOption(where())
    .option("--json", "print JSON")
    .action(async (name: string, flags: { backbones: string; json?: boolean }) => (await import("../backbones/show.ts")).show(name, flags));
  backbone
    .command("remove")
    .description("delete a backbone's folder")
    .addHelpText("after", examples("tutti backbone remove my-roberta"))
    .argument("<name>", "the backbone's name")
    .addOption(where())
    .action(async (name: string, flags: { backbones: string }) => (await import("../backbones/show.ts")).remove(name, flags));
  addVerify(backbone);
  backbone
    .command("tokens")
    .description("show the tokens of a text and their ids, as a backbone's tokenizer finds them")
    .addHelpText("after", examples('tutti backbone tokens minuet --text "great room"'))
    .argument("<name>", "the backbone's name")
    .requiredOption("--text <text>", "the text")
    .option("--json", "print JSON: ids and pieces of the whole, and under inner those of the text alone")
    .addOption(where())
    .action(async (name: string, flags: TokensFlags) => (await import("../backbones/tokens.ts")).tokens(name, flags));
  addErrors(backbone);
}

function addAdd(backbone: Command): void {
  backbone
    .command("add")
    .description("convert a BERT, RoBERTa, GPT-2 or LLaMA checkpoint to a backbone that tabs can download")
    .argument(
      "<hub id | folder>",
      "a model on the hub, @ naming a revision, or a folder with config.json, *.safetensors and tokenizer.json",
    )
    .addOption(new Option("--encoding <name>", "how the matrices are stored").choices(encodings).default("int8"))
    .option("--name <name>", "the backbone's name (default: the last part of the id or folder)")
    .option("--source <text>", "where the checkpoint comes from, written into the manifest")
    .option("--licence <text>", "its licence (default: what its model card says)")
    .option("--no-tokenizer", "convert the weights alone: for checkpoints without tokenizer.json")
    .option("--no-check", "do not compute the logits' error and the golden numbers of the admission test")
    .option("--downloads <folder>", "where a model from the hub is kept until it is converted", ".cache/hub")
    .addOption(where())
    .addHelpText(
      "after",
      `
The hub is https://huggingface.co, or what HF_ENDPOINT says; HF_TOKEN opens private models. The same command goes on with a broken download.
A folder that holds expected.json ({ ids, logits } of another library, in f32) is added only where the checkpoint's logits are within 1e-5 of it.

Examples:
  tutti backbone add FacebookAI/roberta-base --encoding int8
  tutti backbone add ~/checkpoints/my-roberta --encoding nf4 --name my-roberta`,
    )
    .action(async (target: string, flags: AddFlags) => (await import("../backbones/add.ts")).add(target, flags));
}

function addVerify(backbone: Command): void {
  backbone
    .command("verify")
    .description("check a backbone's files against their hashes, and its numbers against a golden file")
    .argument("<name>", "the backbone's name")
    .option("--golden <file>", "compute the numbers in this golden.json and compare")
    .option("--expected <file>", "compute the logits of this file's ids and compare: JSON with ids, rows of tokens, and logits, row by row")
    .addOption(new Option("--backend <name>", "what to compute on").choices(["cpu", "wasm", "webgpu"]).default("wasm"))
    .option("--tolerance <number>", "allow errors up to this, for encodings of few bits", positiveNumber)
    .option("--no-spectrum", "do not compute the Hessian's numbers, which take a few hundred gradients")
    .option("--json <file>", "write the errors as JSON")
    .addOption(where())
    .addHelpText(
      "after",
      `
Ends with exit code 1 when a hash is wrong or an error is above its tolerance: 1e-5 for expected logits in f32, 5e-3 in f16, 0.1 in int8, 0.6 in int4, 0.5 in nf4. On webgpu, Chromium's software adapter computes where there is no other.

Example:
  tutti backbone verify tiny --golden packages/model/golden/roberta/golden.json --backend cpu --json errors.json`,
    )
    .action(async (name: string, flags: VerifyFlags) => (await import("../backbones/verify.ts")).verify(name, flags));
}

function addErrors(backbone: Command): void {
  backbone
    .command("errors")
    .description("compare the encodings of a checkpoint: bytes, error of weights and logits, accuracy after tuning")
    .addHelpText("after", examples("tutti backbone errors ~/checkpoints/my-roberta --task feedback/topic"))
    .argument("<folder>", "a Hugging Face checkpoint")
    .option("--encodings <names>", "only these, with commas between")
    .option("--task <name>", "tune prompts on this built-in task, on one device, and give the test accuracy")
    .option("--steps <number>", "optimiser steps of that tuning", wholeNumber(1), 300)
    .addOption(new Option("--backend <name>", "what to compute on").choices(["wasm", "cpu"]).default("wasm"))
    .option("--public <folder>", "holds datasets/", "public")
    .option("--json", "print one JSON object per encoding")
    .action(async (folder: string, flags: ErrorsFlags) => (await import("../backbones/errors.ts")).errors(folder, flags));
}
