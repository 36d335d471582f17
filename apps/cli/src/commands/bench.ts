import { benchNames, onlyByName, speedGroups } from "@tutti/bench/names";
import { Argument, type Command, InvalidArgumentError } from "commander";
import { exitCodes, UsageError } from "../exitCodes.ts";
import { stoppable } from "../stoppable.ts";

interface BenchFlags {
  readonly json?: string;
  readonly markdown?: boolean;
  readonly from?: string;
  readonly against?: string;
  readonly only?: readonly (typeof speedGroups)[number][];
  readonly quick?: boolean;
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
    .option("--against <commit>", "speed: lay this commit out beside the checkout, and let both take turns")
    .option("--only <names>", `speed: some of ${speedGroups.join(", ")}`, speedGroupsOf)
    .option("--quick", "speed: fewer turns")
    .addHelpText(
      "after",
      `
Ends with exit code 1 when a goal is not met.

Examples:
  tutti bench                                    some minutes
  tutti bench load kernels --json rows.json
  tutti bench speed --against main --json speed.json
  tutti bench --from rows.json --markdown`,
    )
    .action(bench);
}

/** The parts of `speed` that a list names. */
function speedGroupsOf(list: string): (typeof speedGroups)[number][] {
  return list.split(",").map((name) => {
    const found = speedGroups.find((group) => group === name.trim());
    if (found === undefined)
      throw new InvalidArgumentError(`found ${name}, expected some of ${speedGroups.join(", ")}, with commas between`);
    return found;
  });
}

async function bench(names: readonly (typeof benchNames)[number][], flags: BenchFlags): Promise<void> {
  const { json, markdown, from, against, only, quick } = flags;
  if (from !== undefined && names.length > 0) throw new UsageError("--from measures nothing: leave out the names");
  const ofSpeed = Object.entries({ against, only, quick }).filter(([, value]) => value !== undefined);
  if (ofSpeed.length > 0 && !names.includes("speed")) throw new UsageError(`--${ofSpeed[0]?.[0]} is for speed: tutti bench speed`);
  const { printKeptRows, runBenches } = await import("@tutti/bench");
  const output = { form: markdown === true ? "markdown" : "table", print: (text: string) => console.log(text) } as const;
  if (from !== undefined) return printKeptRows(from, output);
  const measure = async (signal: AbortSignal) => {
    const speed = { against: against ?? null, only: only ?? [], isQuick: quick === true, signal };
    const areGoalsMet = await runBenches(names, { ...output, json, speed, say: (line) => console.error(line) });
    if (!areGoalsMet) process.exitCode = exitCodes.failure;
  };
  // the others hold nothing that has to be put back
  await (names.includes("speed") ? stoppable(measure) : measure(new AbortController().signal));
}
