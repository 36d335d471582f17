import { type Command, Option } from "commander";
import type { AddDataFlags } from "../data/add.ts";
import { wholeNumber } from "../parseOptions.ts";

const metrics = ["accuracy", "macroF1", "matthews", "meanOfAccuracyAndF1"];
const where = () => new Option("--datasets <folder>", "where data sets are kept").default("public/datasets");

/** `tutti data`: the labelled texts that runs train on. */
export function addDataCommand(program: Command): void {
  const data = program.command("data").description("the labelled texts that runs train on");
  addAdd(data);
  data
    .command("list")
    .description("the data sets there are")
    .addOption(where())
    .action(async (flags: { datasets: string }) => (await import("../data/show.ts")).listData(flags));
  data
    .command("show")
    .description("rows, classes, source, licence and notes of an added data set")
    .argument("<name>", "its name")
    .addOption(where())
    .option("--json", "as JSON")
    .action(async (name: string, flags: { datasets: string; json?: boolean }) => (await import("../data/show.ts")).showData(name, flags));
  data
    .command("remove")
    .description("delete an added data set's folder")
    .argument("<name>", "its name")
    .addOption(where())
    .action(async (name: string, flags: { datasets: string }) => (await import("../data/show.ts")).removeData(name, flags));
}

function addAdd(data: Command): void {
  data
    .command("add")
    .description("make a file, a folder or a data set on the hub into a task")
    .argument(
      "<task | hub id | file | folder>",
      "a built-in task such as sst2, a data set on the hub (@ names a revision), a CSV, TSV, JSON Lines or Parquet file, or a folder of train, validation and test files",
    )
    .option("--name <name>", "the task's name (default: after the file, folder, configuration or id)")
    .option("--title <text>", "what the pages call it")
    .option("--text <column>", "the column with the text (default: text)")
    .option("--text-b <column>", "the column with the second text of pair tasks")
    .option("--label <column>", "the column with the label (default: label)")
    .option("--owner <column>", "the column that says who owns a row, for dealing out by owner")
    .option("--classes <names>", "with commas between; numbered labels count from 0 in this order (default: the labels found)")
    .option("--template <text>", "with {text}, {mask} and, for pairs, {textB}")
    .option("--words <words>", "a label word for each class, with commas between")
    .addOption(new Option("--metric <name>", "what the task is judged by (default: accuracy)").choices(metrics))
    .option("--config <name>", "which configuration of a hub data set, such as sst2 of nyu-mll/glue")
    .option("--train <split>", "the training split's name, where it is not train")
    .option("--validation <split | file>", "the validation split's name, or its file beside a single file")
    .option("--test <split | file>", "the test split's name, or its file")
    .option("--train-rows <number>", "draw this many training rows and leave the others out", wholeNumber(2))
    .option("--validation-rows <number>", "likewise of the validation part, where there is one", wholeNumber(2))
    .option("--test-rows <number>", "likewise of the test part", wholeNumber(2))
    .option("--skip-faulty", "leave out rows that cannot be used, and say how many; without it they are refused")
    .option("--source <text>", "where the rows come from, for the record")
    .option("--licence <text>", "their licence (default: what the hub says)")
    .option("--downloads <folder>", "where files from the hub are kept", ".cache/hub")
    .addOption(where())
    .addHelpText(
      "after",
      `
Without a validation part a tenth of the training rows validates; without a test part the validation rows are reported, and of a single file
a fifth is. The hub is https://huggingface.co, or what HF_ENDPOINT says; HF_TOKEN opens private data sets. A broken download goes on where it broke.

Examples:
  tutti data add sst2
  tutti data add nyu-mll/glue --config mrpc
  tutti data add tickets.csv --text message --label team --owner branch
  tutti data add ../mr --name mr`,
    )
    .action(async (target: string, flags: AddDataFlags) => (await import("../data/add.ts")).addData(target, flags));
}
