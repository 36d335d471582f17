import type { BenchName } from "@tutti/bench";
import { Argument, type Command } from "commander";
import { exitCodes, UsageError } from "../exitCodes.ts";

interface BenchFlags {
  readonly json?: string;
  readonly markdown?: boolean;
  readonly from?: string;
}

/** The benchmarks measure a checkout and are not installed with the command: null where they are not. */
const known = await import("@tutti/bench/names").catch((error: NodeJS.ErrnoException) => {
  if (error.code === "ERR_MODULE_NOT_FOUND") return null;
  throw error;
});

/** `tutti bench`: measured numbers beside their goals; no command where the benchmarks are not installed. */
export function addBench(program: Command): void {
  if (known === null) return;
  program
    .command("bench")
    .description("measure this machine and this code, and compare with the goals")
    .addArgument(
      new Argument("[name...]", `benchmarks to run (default: all but ${known.onlyByName.join(" and ")})`).choices(known.benchNames),
    )
    .option("--json <file>", "also write the rows to this file")
    .option("--markdown", "print a Markdown table")
    .option("--from <file>", "print the rows of a file that --json wrote, and measure nothing")
    .addHelpText(
      "after",
      `
Ends with exit code 1 when a goal is not met.

Examples:
  tutti bench                                    some minutes
  tutti bench joins kernels --json rows.json
  tutti bench --from rows.json --markdown`,
    )
    .action(bench);
}

async function bench(names: readonly BenchName[], { json, markdown, from }: BenchFlags): Promise<void> {
  if (from !== undefined && names.length > 0) throw new UsageError("--from measures nothing: leave out the names");
  const { printKeptRows, runBenches } = await import("@tutti/bench");
  const output = { form: markdown === true ? "markdown" : "table", print: (text: string) => console.log(text) } as const;
  if (from !== undefined) return printKeptRows(from, output);
  const areGoalsMet = await runBenches(names, { ...output, json, say: (line) => console.error(line) });
  if (!areGoalsMet) process.exitCode = exitCodes.failure;
}
