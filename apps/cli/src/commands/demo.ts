import { type Command, Option } from "commander";
import { exitCodes, UsageError } from "../exitCodes.ts";
import { positiveNumber, wholeNumber } from "../parseOptions.ts";

interface DemoFlags {
  readonly system?: "fedpt" | "fedpipe";
  readonly rows?: "three" | "all";
  readonly tabs?: number;
  readonly devices?: number;
  readonly rounds?: number;
  readonly task?: string;
  readonly backbone?: string;
  readonly backend?: "auto" | "webgpu" | "wasm" | "cpu";
  readonly kernels?: "fast" | "plain";
  readonly threads?: number;
  readonly alpha?: number;
  readonly seed?: number;
  readonly fleet?: string;
  readonly json?: string;
  readonly headed?: boolean;
  readonly open?: boolean;
  readonly public?: string;
  readonly out: string;
  readonly resume?: string;
  readonly startFrom?: string;
}

/** `tutti demo`: a coordinator, headless tabs and a federated run with its report. */
export function addDemo(program: Command): void {
  program
    .command("demo")
    .description("run federated prompt tuning on this machine: a coordinator, four headless tabs, twenty devices, a report")
    .addOption(new Option("--system <name>", "show another federated system than FedPepTAO").choices(["fedpt", "fedpipe"]))
    .addOption(
      new Option("--rows <which>", "of FedPT's report: three, or all with two runs more for comparison (default three)").choices([
        "three",
        "all",
      ]),
    )
    .option("--tabs <number>", "browser tabs that share the devices (default 4)", wholeNumber(1))
    .option("--devices <number>", "devices, each one set of private examples with prompts trained on them (default 20)", wholeNumber(1))
    .option("--rounds <number>", "training rounds after scoring and counting (default 12)", wholeNumber(1))
    .option(
      "--task <name>",
      "what to learn: topic or sentiment of the built-in feedback, replies, or any task of `tutti data list` (default topic)",
    )
    .option("--backbone <name>", "which model to tune: a folder under public/backbones (default minuet, and etude where answers are texts)")
    .addOption(
      new Option("--backend <name>", "what the tabs compute on (default auto: measured once)").choices(["auto", "webgpu", "wasm", "cpu"]),
    )
    .addOption(new Option("--kernels <kind>", "plain turns the tabs' fast kernels off, for comparison").choices(["fast", "plain"]))
    .option("--threads <number>", "threads of WebAssembly in each tab (default: the cores divided by the tabs)", wholeNumber(1))
    .option("--alpha <number>", "Dirichlet concentration: smaller makes the devices' labels more uneven (default 1)", positiveNumber)
    .option("--seed <number>", "seed of everything random (default 42)", wholeNumber(0))
    .option("--fleet <file>", "machines that the tabs simulate: YAML with flopsPerSecond, memoryBytes and bytesPerSecond of each")
    .option("--start-from <path>", "start from tuned prompts: a run's id or folder, prompts.safetensors, or the folder of a peft adapter")
    .option("--json <file>", "also write the result to this file")
    .option("--headed", "show the tabs")
    .option("--open", "open the report in the browser at the end")
    .option("--out <folder>", "where run folders go", "runs")
    .option("--public <folder>", "holds backbones/ and datasets/ (default: the project's public folder)")
    .option("--resume <run>", "go on with a stopped run, given by its id")
    .addHelpText(
      "after",
      `
Examples:
  tutti demo                                   about a minute on two cores, no GPU needed
  tutti demo --task sentiment --json out.json
  tutti demo --task replies                    a small language model learns to answer
  tutti demo --task subj --rounds 4            once subj was fetched: tutti data add subj
  tutti demo --tabs 2 --devices 10 --rounds 6 --headed
  tutti demo --system fedpt                    a small model in tabs, a large one at the server, proxy-tuned answers
  tutti demo --system fedpt --rows all         beside the large model in the tabs, and proxy-tuning without distillation
  tutti demo --system fedpipe                  four unlike clients, a plan for each, mixed ranks and bits
  tutti demo --resume 20260102-030405-topic    after Ctrl-C

A run folder holds config.json, rounds.jsonl, report.html, results.json, results.csv and prompts.safetensors.`,
    )
    .action(async (flags: DemoFlags) => {
      const { out, resume, system, rows, ...others } = flags;
      const { prepareDemo, runDemo, systemOfRun } = await import("@tutti/lab/demo");
      if (system === "fedpt" || (system === undefined && resume !== undefined && systemOfRun(out, resume) === "fedpt"))
        return showFedPt(flags);
      if (rows !== undefined) throw new UsageError("--rows chooses the rows of FedPT's report: add --system fedpt, or leave it out");
      const wanted = { ...others, system };
      refuseSettings(resume, wanted);
      const demo = await prepareDemo({ ...wanted, runsFolder: out, resumeRunId: resume });
      const outcome = await runDemo(demo);
      if (outcome.kind === "stopped") process.exitCode = outcome.signal === "SIGTERM" ? exitCodes.terminated : exitCodes.interrupted;
    });
}

/** FedPT's own demo, which takes the options of the plain one but for two. */
async function showFedPt(flags: DemoFlags): Promise<void> {
  const { system: _, out, resume, fleet, startFrom, ...chosen } = flags;
  if (fleet !== undefined) throw new UsageError("FedPT plans the same for every client, so it takes no --fleet: leave that out");
  if (startFrom !== undefined)
    throw new UsageError("FedPT's small model starts as it was pretrained, which its scores are compared with: leave out --start-from");
  refuseSettings(resume, chosen);
  const { systems } = await import("@tutti/lab/demo");
  const { stoppedBy } = await systems.fedpt.run({ ...chosen, runsFolder: out, resumeRunId: resume });
  if (stoppedBy !== null) process.exitCode = stoppedBy === "SIGTERM" ? exitCodes.terminated : exitCodes.interrupted;
}

function refuseSettings(resume: string | undefined, wanted: Readonly<Record<string, unknown>>): void {
  const fixed = settingNames.filter((name) => wanted[name] !== undefined);
  if (resume === undefined || fixed.length === 0) return;
  throw new UsageError(`--resume goes on with the run's own settings: leave out ${fixed.map(flagOf).join(", ")}`);
}

/** What a resumed run has already. */
const settingNames = [
  "tabs",
  "devices",
  "rounds",
  "task",
  "backbone",
  "backend",
  "kernels",
  "threads",
  "alpha",
  "seed",
  "system",
  "rows",
  "fleet",
  "startFrom",
] as const;

const flagOf = (name: string) => `--${name.replace("startFrom", "start-from")}`;
