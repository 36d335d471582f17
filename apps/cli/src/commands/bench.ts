import { benchNames, onlyByName } from "@tutti/bench/names";
import { Argument, type Command } from "commander";
import { exitCodes, UsageError } from "../exitCodes.ts";

interface BenchFlags {
  readonly json?: string;
  readonly markdown?: boolean;
  readonly from?: string;
}

/** `tutti bench`: measured numbers beside their goals. */
export function addBench(program: Command): void {
  const byName = onlyByName.join(" and ");
  program
    .command("bench")
    .description("measure this machine and this code, and compare with the goals")
    .addArgument(new Argument("[name...]", `benchmarks to run (default: all but ${byName})`).choices(benchNames))
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

async function bench(names: readonly (typeof benchNames)[number][], { json, markdown, from }: BenchFlags): Promise<void> {
  if (from !== undefined && names.length > 0) throw new UsageError("--from measures nothing: leave out the names");
  const { printKeptRows, runBenches } = await import("@tutti/bench");
  const output = { form: markdown === true ? "markdown" : "table", print: (text: string) => console.log(text) } as const;
  if (from !== undefined) return printKeptRows(from, output);
  const areGoalsMet = await runBenches(names, { ...output, json, say: (line) => console.error(line) });
  if (!areGoalsMet) process.exitCode = exitCodes.failure;
}
