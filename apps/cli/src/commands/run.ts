import { join } from "node:path";
import { type Command, Option } from "commander";
import { examples } from "../examples.ts";
import { exitCodes, UsageError } from "../exitCodes.ts";
import { addBranch } from "./branch.ts";
import { addOperating } from "./operate.ts";
import { addOrder } from "./order.ts";
import { type ServeFlags, serveRun, withServeOptions } from "./serve.ts";

/** `tutti run …`: start a run from a file, and look after those in a folder. */
export function addRun(program: Command): void {
  const run = program
    .command("run")
    .description("start, branch, list, inspect, stop, repair and export runs")
    .addHelpText("after", examples("tutti run start experiment.yaml", "tutti run status"));
  withServeOptions(run.command("start").argument("<file>", "settings as YAML or JSON"))
    .description("serve the run of a settings file until it is over")
    .addHelpText(
      "after",
      `
Example of a settings file:
  preset: demo
  run:
    task: feedback/sentiment
    numRounds: 20
    strategy: { name: fedAvg }

Examples:
  tutti run start experiment.yaml --port 9000
  tutti run start experiment.yaml --seed 7        the same command again resumes a run that was stopped`,
    )
    .action(async (file: string, flags: ServeFlags) => serveRun({ file, flags, isOver: "whenDone" }));
  addBranch(run);
  addOperating(run);
  addOrder(run);
  withFolder(run.command("list")).description("list the runs in a folder").addHelpText("after", examples("tutti run list")).action(list);
  withFolder(run.command("status").argument("[run]", "a run's id (default: the run that is going on, else the last)"))
    .description("show how far a run is, and its scores")
    .option("--json", "print JSON")
    .addHelpText("after", examples("tutti run status", "tutti run status feedback-topic-seed42-c22859e1 --json"))
    .action(status);
  const ofRun = (name: string) => withFolder(run.command(name).argument("[run]", "a run's id (default: the only one that is going on)"));
  ofRun("begin")
    .description("begin a run with an open roster now, with the devices that have joined")
    .addHelpText("after", examples("tutti run begin"))
    .action(begin);
  ofRun("stop")
    .description("stop a run's coordinator; the command that started it resumes a run that is not finished")
    .addHelpText("after", examples("tutti run stop"))
    .action(stop);
  withFolder(run.command("repair").argument("<run>", "a run's id"))
    .description("show what of a run's journal is damaged, and go back to its last sound record")
    .option("--yes", "go back; without it what would be lost is only shown")
    .addHelpText(
      "after",
      examples("tutti run repair feedback-topic-seed42-c22859e1", "tutti run repair feedback-topic-seed42-c22859e1 --yes"),
    )
    .action(repair);
  withFolder(run.command("export").argument("<run>", "a run's id"))
    .description(
      "write what a run has tuned, finished or not, as safetensors, as an adapter for Hugging Face's peft, or merged into its backbone",
    )
    .option("--file <path>", "the file to write (default: prompts.safetensors in the run's folder)")
    .addOption(
      new Option("--format <name>", "one file for Tutti, or the folder of an adapter for peft")
        .choices(["safetensors", "peft"])
        .default("safetensors"),
    )
    .option("--folder <path>", "the folder to write with --format peft (default: peft in the run's folder)")
    .option("--merged <folder>", "write a Hugging Face model of backbone and run into this folder (LoRA and full fine-tuning)")
    .option("--public <folder>", "holds backbones/ and datasets/", "public")
    .addHelpText(
      "after",
      examples(
        "tutti run export 20260102-030405-topic --file prompts.safetensors",
        "tutti run export 20260102-030405-topic --format peft --folder my-adapter",
        "tutti run export 20260102-030405-topic --merged my-model",
      ),
    )
    .action(exportRun);
}

const withFolder = (command: Command) => command.option("--out <folder>", "where run folders are", "runs");

async function list({ out }: { out: string }): Promise<void> {
  const { listRuns } = await import("@tutti/server");
  const runs = await listRuns(out);
  if (runs.length === 0) console.log(`no runs in ${out}`);
  for (const listing of runs) {
    if (listing.state === "unreadable") {
      console.log(`${listing.runId}  unreadable: ${listing.reason.replace(`run ${listing.runId}: `, "")}`);
      continue;
    }
    const { runId, task, seed, state, numSteps, position } = listing;
    console.log(`${runId}  ${state.padEnd(7)}  ${task}, seed ${seed}, ${position ?? "not begun"}, ${numSteps} steps done`);
  }
}

async function status(runId: string | undefined, { out, json }: { out: string; json?: boolean }): Promise<void> {
  const [{ runStatus }, { formatCount }, { evaluationText, textEvaluationText }] = await Promise.all([
    import("@tutti/server"),
    import("@tutti/core"),
    import("../evaluationText.ts"),
  ]);
  const { journalled, live } = await runStatus(out, runId);
  const { run, origin, summary, steps, numDevices } = journalled;
  if (json === true) return console.log(JSON.stringify({ runId: journalled.runId, run, origin, summary, steps, numDevices, live }));
  const state = summary?.isDone === true ? "done" : live === null ? "stopped" : live.phase;
  const position = summary === null ? "not begun" : `${summary.stage} round ${summary.round} of ${summary.numRounds}`;
  console.log(`${journalled.runId}: ${run.task} on ${run.backbone}, seed ${run.seed}: ${state}, ${position}`);
  console.log(
    `${run.roster === "open" ? formatCount(numDevices, "device") : `${numDevices} of ${run.numDevices} devices`} registered${live === null ? "" : `, ${formatCount(live.numConnected, "client")} connected`}`,
  );
  if (origin !== null) {
    const { originText } = await import("@tutti/report");
    console.log(originText(origin));
  }
  if (live?.message != null) console.log(live.message);
  if (summary?.selectedLayers != null) console.log(`layers that are sent: ${summary.selectedLayers.join(", ")}`);
  const { plans = summary?.plans ?? [], leftOut = [] } = live ?? {};
  if (plans.length + leftOut.length > 0) {
    const { leftOutText, planText } = await import("@tutti/report/printed");
    for (const line of [...plans.map(planText), ...leftOut.map(leftOutText)]) console.log(line);
  }
  const latest = steps.findLast(({ evaluations, texts = [] }) => evaluations.length + texts.length > 0);
  const { evaluations = [], texts = [] } = latest ?? {};
  const onTest = (record: { readonly split: string }) => record.split === "test";
  for (const text of [...evaluations.filter(onTest).map(evaluationText), ...texts.filter(onTest).map(textEvaluationText)])
    console.log(`${text} (${latest?.stage} round ${latest?.round})`);
}

async function begin(runId: string | undefined, { out }: { out: string }): Promise<void> {
  const { beginRun } = await import("@tutti/server");
  console.log(`run ${required(await beginRun(out, runId), out, runId)} begins`);
}

async function stop(runId: string | undefined, { out }: { out: string }): Promise<void> {
  const { readRun, stopRun } = await import("@tutti/server");
  const stopped = required(await stopRun(out, runId), out, runId);
  const { summary } = await readRun(out, stopped);
  if (summary?.isDone === true) return console.log(`run ${stopped} is finished: only its pages are taken down`);
  console.log(`run ${stopped} is stopping; the command that started it resumes it`);
}

async function repair(runId: string, { out, yes }: { out: string; yes?: boolean }): Promise<void> {
  const { repairRun } = await import("@tutti/server");
  const { lines, outcome } = await repairRun(out, runId, yes === true);
  for (const line of lines) console.log(line);
  if (outcome === "shown" || outcome === "hopeless") process.exitCode = exitCodes.failure;
}

function required(runId: string | null, out: string, wanted: string | undefined): string {
  if (runId === null)
    throw new Error(
      `no coordinator is running ${wanted === undefined ? "a run" : wanted} in the folder ${out}: \`tutti serve\` starts one`,
    );
  return runId;
}

interface ExportRunFlags {
  readonly out: string;
  readonly file?: string;
  readonly format: "safetensors" | "peft";
  readonly folder?: string;
  readonly merged?: string;
  readonly public: string;
}

async function exportRun(runId: string, flags: ExportRunFlags): Promise<void> {
  const { out, file, format, folder, merged } = flags;
  if (merged !== undefined && (file !== undefined || folder !== undefined || format !== "safetensors"))
    throw new UsageError("--merged writes a model and nothing else: leave out --file, --folder and --format, or give the command twice");
  if (folder !== undefined && format !== "peft") throw new UsageError("--folder is for --format peft; --file names the file of prompts");
  if (file !== undefined && format === "peft")
    throw new UsageError("--file is for prompts in one file; --folder names the folder of an adapter");
  if (merged === undefined && format === "safetensors") return exportFile(runId, flags);
  const { exportPrompts } = await import("../prompts/export.ts");
  const place = merged ?? folder ?? join(out, runId, "peft");
  await exportPrompts(runId, { format: merged === undefined ? "peft" : "merged", out: place, runs: out, public: flags.public });
}

async function exportFile(runId: string, { out, file }: Pick<ExportRunFlags, "out" | "file">): Promise<void> {
  const [{ readRun }, { writePromptsFile }, { writeWhole }] = await Promise.all([
    import("@tutti/server"),
    import("@tutti/model"),
    import("@tutti/terminal"),
  ]);
  const { folder, run, summary, newcomerParams: params } = await readRun(out, runId);
  if (params === null) throw new UsageError(`run ${runId} has not begun: there is nothing to export yet`);
  const path = file ?? join(folder, "prompts.safetensors");
  await writeWhole(path, writePromptsFile({ runId, settings: run, params }));
  console.log(`${path}${summary?.isDone === true ? "" : " (the run goes on)"}`);
}
