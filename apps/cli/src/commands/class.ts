import type { Command } from "commander";
import type { ClassFlags } from "../class/runClass.ts";
import { positiveNumber, wholeNumber } from "../parseOptions.ts";
import { withPlaceOptions } from "./serve.ts";

/** `tutti class`: a room of phones and laptops trains a model together. */
export function addClass(program: Command): void {
  const command = program
    .command("class")
    .description("a lesson: prints a link, a QR code and three words, and a room of phones and laptops trains a model together")
    .option("--task <name>", "the task to learn (default feedback/sentiment)")
    .option("--labels <list>", "in place of a task: two or more labels, parted by commas, for texts that the class types itself")
    .option("--backbone <name>", "the frozen language model: a folder under public/backbones (default minuet)")
    .option("--rounds <number>", "training rounds (default 1000: more than a lesson needs)", wholeNumber(1))
    .option(
      "--helpers <number>",
      "devices that this machine fills a round up to until people come; 0 for none (default 4)",
      wholeNumber(0, 64),
    )
    .option("--min-devices <number>", "people's devices that the run waits for (default 1)", wholeNumber(1))
    .option("--seed <number>", "seed of everything random (default: another one for each class)", wholeNumber(0))
    .option("--pace <seconds>", "least time of a round, so that people can follow (default 2.5)", positiveNumber)
    .option("--resume", "go on with the latest class in place of a new one");
  withPlaceOptions(command)
    .addHelpText(
      "after",
      `
Each class is a new run. Pages come over https with a certificate of this machine, and over plain http beside it; the page that the
code leads to says beforehand what browsers will warn of.

Examples:
  tutti class                                   is it praise or a complaint? On this machine's address in its network
  tutti class --task feedback/topic --min-devices 10
  tutti class --labels "happy,sad"              the class types and labels its own sentences
  tutti class --host 127.0.0.1                  try the lesson alone first
  tutti class --resume                          after Ctrl-C`,
    )
    .action(async (flags: ClassFlags) => (await import("../class/runClass.ts")).runClass(flags));
}
