import { type Command, Option } from "commander";
import type { AddDataFlags } from "../data/flags.ts";
import { examples } from "../examples.ts";
import { wholeNumber } from "../parseOptions.ts";

const metrics = ["accuracy", "macroF1", "matthews", "meanOfAccuracyAndF1", "perplexity", "tokenAccuracy", "exactMatch", "rougeL"];
const kinds = ["classification", "reply", "continuation"];
const where = () => new Option("--datasets <folder>", "where data sets are kept").default("public/datasets");

/** `tutti data`: the texts that runs train on. */
export function addDataCommand(program: Command): void {
  const data = program
    .command("data")
    .description("data sets: the texts that runs train on")
    .addHelpText("after", examples("tutti data add sst2", "tutti data add tickets.csv --text message --label team"));
  addAdd(data);
  data
    .command("list")
    .description("list the data sets in a folder")
    .addHelpText("after", examples("tutti data list"))
    .addOption(where())
    .action(async (flags: { datasets: string }) => (await import("../data/show.ts")).listData(flags));
  data
    .command("show")
    .description("show an added data set's rows, classes, source, licence and notes")
    .addHelpText("after", examples("tutti data show sst2"))
    .argument("<name>", "the data set's name")
    .addOption(where())
    .option("--json", "print JSON")
    .action(async (name: string, flags: { datasets: string; json?: boolean }) => (await import("../data/show.ts")).showData(name, flags));
  data
    .command("remove")
    .description("delete an added data set's folder")
    .addHelpText("after", examples("tutti data remove tickets"))
    .argument("<name>", "the data set's name")
    .addOption(where())
    .action(async (name: string, flags: { datasets: string }) => (await import("../data/show.ts")).removeData(name, flags));
}

function addAdd(data: Command): void {
  data
    .command("add")
    .description("make a task of a file, a folder or a data set on the hub")
    .argument(
      "<task | hub id | file | folder>",
      "a built-in task such as sst2, a data set on the hub (@ names a revision), a CSV, TSV, JSON Lines or Parquet file, or a folder of train, validation and test files",
    )
    .option("--name <name>", "the task's name (default: after the file, folder, configuration or id)")
    .option("--title <text>", "what the pages call it")
    .option("--text <column>", "the column with the text (default: text)")
    .option("--text-b <column>", "the column with the second text of pair tasks, or with the input of an instruction")
    .option("--answer <column>", "the column with the answer: makes a reply task")
    .addOption(new Option("--kind <kind>", "what the task asks for (default: what the columns say)").choices(kinds))
    .option("--label <column>", "the column with the label (default: label; a text task is dealt out by it, and may have none)")
    .option("--owner <column>", "the column with each row's owner, to give each owner's rows to one device")
    .option("--classes <names>", "with commas between; numbered labels count from 0 in this order (default: the labels found)")
    .option("--template <text>", "with {text}, {mask} and, for pairs, {textB}; of a reply task with {text}, then {answer}, or chat")
    .option("--words <words>", "one label word for each class, with commas between")
    .addOption(
      new Option("--metric <name>", "what the task is judged by (default: accuracy; rougeL of answers, perplexity of plain text)").choices(
        metrics,
      ),
    )
    .option("--config <name>", "which configuration of a hub data set, such as sst2 of nyu-mll/glue")
    .option("--train <split>", "the training split's name, where it is not train")
    .option("--validation <split | file>", "the validation split's name, or its file beside a single file")
    .option("--test <split | file>", "the test split's name, or its file")
    .option("--train-rows <number>", "draw this many training rows and leave the others out", wholeNumber(2))
    .option("--validation-rows <number>", "draw this many validation rows, where there is a validation part", wholeNumber(2))
    .option("--test-rows <number>", "draw this many test rows", wholeNumber(2))
    .option("--skip-faulty", "leave out rows that cannot be used, and print how many (default: refuse the file)")
    .option("--source <text>", "where the rows come from, kept with the data set")
    .option("--licence <text>", "their licence (default: what the hub says)")
    .option("--downloads <folder>", "where files from the hub are kept", ".cache/hub")
    .addOption(where())
    .addHelpText(
      "after",
      `
Without a validation part, a tenth of the training rows is used for it. Without a test part, the validation rows are used for it, or a fifth
of the rows of a single file. Answers are found by name in the columns instruction (input) and output, instruction (context) and response, question and answer, prompt and completion, messages, text and answer.
The hub is https://huggingface.co, or what HF_ENDPOINT says; HF_TOKEN opens private data sets. The same command goes on with a broken download.

Examples:
  tutti data add sst2
  tutti data add nyu-mll/glue --config mrpc
  tutti data add tickets.csv --text message --label team --owner branch
  tutti data add ../mr --name mr
  tutti data add helpdesk.jsonl --text question --answer reply --label intent --owner branch
  tutti data add diaries.csv --kind continuation --owner author`,
    )
    .action(async (target: string, flags: AddDataFlags) => (await import("../data/add.ts")).addData(target, flags));
}
