import { type TortureName, tortureNames } from "@tutti/bench/torture";
import { type Command, InvalidArgumentError } from "commander";
import { exitCodes } from "../exitCodes.ts";
import { exitCodeOf, onFirstSignal } from "../stoppable.ts";

interface TortureFlags {
  readonly json?: string;
  readonly only?: readonly TortureName[];
  readonly seed: number;
  readonly markdown?: boolean;
}

/** `tutti torture`: attacks, faults and hostile input against real coordinators, as numbers beside their goals. */
export function addTorture(program: Command): void {
  program
    .command("torture")
    .description("attack real coordinators, break what they stand on, feed them hostile input, and compare with the goals")
    .option("--json <file>", "also write the rows to this file, after each part")
    .option("--only <names>", `some of ${tortureNames.join(", ")}`, namesOf)
    .option("--seed <number>", "everything that is drawn follows from it", seedOf, 1)
    .option("--markdown", "print a Markdown table")
    .addHelpText(
      "after",
      `
Takes less than 30 minutes. Ctrl-C keeps the rows that there are. Ends with exit code 1 when a goal is not met.

Examples:
  tutti torture --json torture.json
  tutti torture --only fuzz --seed 7`,
    )
    .action(torture);
}

function namesOf(list: string): TortureName[] {
  return list.split(",").map((name) => {
    const found = tortureNames.find((known) => known === name.trim());
    if (found === undefined)
      throw new InvalidArgumentError(`found ${name}, expected some of ${tortureNames.join(", ")}, with commas between`);
    return found;
  });
}

function seedOf(text: string): number {
  const seed = Number(text);
  if (!Number.isInteger(seed) || seed < 0 || seed > 0xffff_ffff)
    throw new InvalidArgumentError(`found ${text}, expected a whole number from 0 to ${0xffff_ffff}`);
  return seed;
}

async function torture({ json, only = [], seed, markdown }: TortureFlags): Promise<void> {
  const { runTorture } = await import("@tutti/bench/torture/run");
  const controller = new AbortController();
  const ignore = onFirstSignal((signal) => {
    process.exitCode = exitCodeOf(signal);
    controller.abort(new Error(`stopped by ${signal}`));
  });
  try {
    const areGoalsMet = await runTorture({
      ...{ only, seed, json, signal: controller.signal, form: markdown === true ? "markdown" : "table" },
      print: (text) => console.log(text),
      say: (line) => console.error(line),
    });
    if (!areGoalsMet) process.exitCode ??= exitCodes.failure;
  } finally {
    ignore();
  }
}
