import { writeFile } from "node:fs/promises";
import type { ExperimentResult } from "@tutti/record";
import { type Command, Option } from "commander";
import { examples } from "../examples.ts";
import { exitCodes, UsageError } from "../exitCodes.ts";
import { given, wholeNumber } from "../parseOptions.ts";

interface ClientFlags {
  readonly clients?: "tabs" | "node";
  readonly tabs?: number;
  readonly headed?: boolean;
}

interface RunFlags extends ClientFlags {
  readonly out?: string;
  readonly reuse?: readonly string[];
  readonly fleet?: string;
  readonly remote?: number;
  readonly host?: string;
  readonly port?: number;
  readonly yes?: boolean;
  readonly public?: string;
}

type EstimateFlags = Pick<RunFlags, "out" | "reuse" | "tabs" | "fleet" | "public">;

const mostTabs = 256;
const publicOption = () =>
  new Option("--public <folder>", "holds backbones/, datasets/ and prompts/ (default: the project's public folder)");
const tabsOption = () => new Option("--tabs <number>", "clients in all (default: one per core)").argParser(wholeNumber(1, mostTabs));
const outOption = () => new Option("--out <folder>", "the experiment's folder (default: runs/lab/<name>)");
const reuseOption = () => new Option("--reuse <folders...>", "folders of other experiments: results of the same runs are taken from them");
const fleetOption = () =>
  new Option(
    "--fleet <file>",
    "machines that the tabs of every run simulate, in place of the experiment's fleets: YAML as for `tutti demo`",
  );

/** `tutti lab`: experiments, which are runs that are compared. */
export function addLab(program: Command): void {
  const lab = program
    .command("lab")
    .description("experiments: many runs in headless tabs, compared in one report")
    .addHelpText("after", examples("tutti lab list", "tutti lab run smoke", "tutti lab compare runs/lab/smoke runs/lab/smoke-again"));
  addLabRun(lab);
  addList(lab);
  addEstimate(lab);
  addLabJoin(lab);
  addCompare(lab);
  addPage(lab);
}

function withClientOptions(command: Command): Command {
  return command
    .addOption(
      new Option(
        "--clients <kind>",
        "tabs of a browser, or Node processes with the same client code (default: what the experiment says, or tabs)",
      ).choices(["tabs", "node"]),
    )
    .addOption(tabsOption())
    .option("--headed", "show the tabs");
}

function addLabRun(lab: Command): void {
  // the default command: `tutti lab smoke` runs smoke
  withClientOptions(lab.command("run", { isDefault: true }).argument("<experiment>", "a built-in experiment's name, or a YAML file"))
    .description("run an experiment and write its report; the same command goes on where it was stopped")
    .addOption(outOption())
    .addOption(reuseOption())
    .addOption(fleetOption())
    .option("--remote <number>", "every run waits for this many clients of other machines (`tutti lab join`)", wholeNumber(0, mostTabs))
    .option("--host <address>", "the address that the runs listen on (default: 127.0.0.1, this machine alone)")
    .option("--port <number>", "the first run's port, the next run's is one higher (default: any free ones)", wholeNumber(1, 65_000))
    .option("--yes", "start an experiment of more than an hour without asking")
    .addOption(publicOption())
    .addHelpText(
      "after",
      `
Examples:
  tutti lab run smoke                                  two short runs
  tutti lab run peft-comparison --yes                  hours; Ctrl-C stops it, the same command goes on
  tutti lab run mine.yaml --out results/mine --clients node`,
    )
    .action(run);
}

function addList(lab: Command): void {
  lab
    .command("list")
    .description("list the built-in experiments and the methods, or the runs of one experiment")
    .argument("[experiment]", "a built-in experiment's name, or a YAML file")
    .addOption(publicOption())
    .addHelpText("after", examples("tutti lab list", "tutti lab list peft-comparison"))
    .action(async (experiment: string | undefined, flags: { public?: string }) => {
      const { listExperiments, listRuns } = await import("@tutti/lab");
      const folder = flags.public ?? (await defaultPublic());
      console.log(await (experiment === undefined ? listExperiments(folder) : listRuns(experiment, folder)));
    });
}

function addEstimate(lab: Command): void {
  lab
    .command("estimate")
    .description("say how long an experiment's runs would take and how much disk, from a few steps measured now")
    .argument("<experiment>", "a built-in experiment's name, or a YAML file")
    .addOption(tabsOption())
    .addOption(outOption())
    .addOption(reuseOption())
    .addOption(fleetOption())
    .addOption(publicOption())
    .addHelpText("after", examples("tutti lab estimate peft-comparison"))
    .action(async (experiment: string, flags: EstimateFlags) => {
      const { labOptions, runExperiment } = await import("@tutti/lab");
      await runExperiment(
        labOptions(experiment, {
          ...given({ numTabs: flags.tabs, out: flags.out, reuse: flags.reuse, fleet: flags.fleet, publicDir: flags.public }),
          isEstimate: true,
        }),
      );
    });
}

function addLabJoin(lab: Command): void {
  withClientOptions(lab.command("join").argument("<url>", "the address of a run of the other lab"))
    .description("open clients on this machine that join every run of a lab on another one, until Ctrl-C")
    .addHelpText(
      "after",
      `
The other lab waits for them: tutti lab run mine.yaml --host 0.0.0.0 --port 8090 --remote 4

Example:
  tutti lab join http://192.168.1.20:8090 --tabs 4`,
    )
    .action(async (url: string, { clients = "tabs", tabs, headed }: ClientFlags) => {
      const { joinLab } = await import("@tutti/lab");
      endAs(await joinLab({ clients, numTabs: tabs ?? null, isHeaded: headed === true }, url));
    });
}

async function run(experiment: string, flags: RunFlags): Promise<void> {
  const { labOptions, runExperiment } = await import("@tutti/lab");
  const { clients, tabs, headed, out, reuse, fleet, remote, host, port, yes, public: publicDir } = flags;
  const joining = { clients, numTabs: tabs, isHeaded: headed, fleet, numRemote: remote };
  const options = { ...joining, out, reuse, host, port, isConfirmed: yes, publicDir };
  const end = await runExperiment(labOptions(experiment, given(options)));
  if (end.kind === "stopped") endAs(end.signal);
  if (end.kind === "finished" && end.numFailed > 0) process.exitCode = exitCodes.failure;
}

function addCompare(lab: Command): void {
  lab
    .command("compare")
    .description("say where two experiments' settings differ, and by how much their scores")
    .argument("<first>", "an experiment's folder")
    .argument("<second>", "another experiment's folder")
    .option("--json <file>", "also write the comparison to this file")
    .addHelpText(
      "after",
      `
Examples:
  tutti lab compare runs/lab/smoke runs/lab/smoke-again
  tutti lab compare runs/lab/peft runs/lab/peft-longer --json difference.json

A difference is the second's mean over seeds minus the first's. The interval is of the difference under the global protocol, from a paired
bootstrap over the test rows; a tie is an interval that contains 0. There is none where the sides had other data files.`,
    )
    .action(async (first: string, second: string, { json }: { readonly json?: string }) => {
      const [{ compareExperiments }, { renderComparison }] = await Promise.all([import("@tutti/record"), import("@tutti/report")]);
      const comparison = compareExperiments(await resultIn(first), await resultIn(second));
      console.log(renderComparison(comparison));
      if (json !== undefined) await writeFile(json, `${JSON.stringify(comparison, null, 2)}\n`);
    });
}

function addPage(lab: Command): void {
  lab
    .command("page")
    .description("write an experiment's results as a Markdown page with its drawings")
    .argument("<experiment>", "an experiment's folder")
    .argument("<folder>", "where the page and a folder with its drawings go")
    .addHelpText("after", examples("tutti lab page runs/lab/peft-comparison docs/results"))
    .action(async (experiment: string, folder: string) => {
      const { writeResultsPage } = await import("@tutti/report");
      const files = await writeResultsPage(await resultIn(experiment), folder);
      console.log(`${files[0]} and ${files.length - 1} drawings`);
    });
}

/** The result in a folder that the command line names. */
async function resultIn(folder: string): Promise<ExperimentResult> {
  const { readExperimentResult } = await import("@tutti/report");
  return readExperimentResult(folder).catch((cause: Error) => {
    throw new UsageError(cause.message, { cause });
  });
}

async function defaultPublic(): Promise<string> {
  const { publicFolder } = await import("@tutti/server/checkout");
  return publicFolder();
}

function endAs(signal: NodeJS.Signals): void {
  process.exitCode = signal === "SIGTERM" ? exitCodes.terminated : exitCodes.interrupted;
}
