import { type Command, Option } from "commander";
import { exitCodes, UsageError } from "../exitCodes.ts";
import { positiveNumber, wholeNumber } from "../parseOptions.ts";

interface DemoFlags {
  readonly tabs?: number;
  readonly devices?: number;
  readonly rounds?: number;
  readonly task?: "topic" | "sentiment";
  readonly backend?: "auto" | "webgpu" | "wasm" | "cpu";
  readonly kernels?: "fast" | "plain";
  readonly threads?: number;
  readonly alpha?: number;
  readonly seed?: number;
  readonly json?: string;
  readonly headed?: boolean;
  readonly open?: boolean;
  readonly out: string;
  readonly resume?: string;
}

/** `tutti demo`: a coordinator, headless tabs and a federated run with its report. */
export function addDemo(program: Command): void {
  program
    .command("demo")
    .description("run federated prompt tuning on this machine: a coordinator, four headless tabs, twenty devices, a report")
    .option("--tabs <number>", "browser tabs that share the devices (default 4)", wholeNumber(1))
    .option("--devices <number>", "devices, each one set of private examples with prompts trained on them (default 20)", wholeNumber(1))
    .option("--rounds <number>", "training rounds after scoring and counting (default 12)", wholeNumber(1))
    .addOption(
      new Option("--task <name>", "which label of the built-in feedback data to learn (default topic)").choices(["topic", "sentiment"]),
    )
    .addOption(
      new Option("--backend <name>", "what the tabs compute on (default auto: measured once)").choices(["auto", "webgpu", "wasm", "cpu"]),
    )
    .addOption(new Option("--kernels <kind>", "plain turns the tabs' fast kernels off, for comparison").choices(["fast", "plain"]))
    .option("--threads <number>", "threads of WebAssembly in each tab (default: the cores divided by the tabs)", wholeNumber(1))
    .option("--alpha <number>", "Dirichlet concentration: smaller makes the devices' labels more uneven (default 1)", positiveNumber)
    .option("--seed <number>", "seed of everything random (default 42)", wholeNumber(0))
    .option("--json <file>", "also write the result to this file")
    .option("--headed", "show the tabs")
    .option("--open", "open the report in the browser at the end")
    .option("--out <folder>", "where run folders go", "runs")
    .option("--resume <run>", "go on with a stopped run, given by its id")
    .addHelpText(
      "after",
      `
Examples:
  tutti demo                                   about a minute on two cores, no GPU needed
  tutti demo --task sentiment --json out.json
  tutti demo --tabs 2 --devices 10 --rounds 6 --headed
  tutti demo --resume 20260102-030405-topic    after Ctrl-C

A run folder holds config.json, rounds.jsonl, results.json, report.html and prompts.safetensors.`,
    )
    .action(async (flags: DemoFlags) => {
      const { runDemo } = await import("@tutti/lab");
      const { out, resume, ...wanted } = flags;
      const fixed = (["tabs", "devices", "rounds", "task", "backend", "kernels", "threads", "alpha", "seed"] as const).filter(
        (name) => wanted[name] !== undefined,
      );
      if (resume !== undefined && fixed.length > 0) {
        throw new UsageError(`--resume goes on with the run's own settings: leave out ${fixed.map((name) => `--${name}`).join(", ")}`);
      }
      const outcome = await runDemo({ ...wanted, runsFolder: out, ...(resume === undefined ? {} : { resumeRunId: resume }) });
      if (outcome.kind === "stopped") process.exitCode = outcome.signal === "SIGTERM" ? exitCodes.terminated : exitCodes.interrupted;
    });
}
