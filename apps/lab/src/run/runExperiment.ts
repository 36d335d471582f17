import { readFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline/promises";
import { formatBytes, formatCount, formatSeconds } from "@tutti/core";
import { rememberDatasets } from "@tutti/data/node";
import type { ExperimentResult, RateChoice, RunRecord, SourceRecord } from "@tutti/record";
import { writeReport } from "@tutti/report";
import { ensurePages, loadBrowserScript } from "@tutti/server/checkout";
import { nameMachine, writeWhole } from "@tutti/terminal";
import type { Clients } from "../drive/clients.ts";
import { openNodeClients } from "../drive/nodeClients.ts";
import { type PoolShape, shapePool } from "../drive/slots.ts";
import { openTabClients } from "../drive/tabClients.ts";
import type { Calibration } from "../experiment/estimate.ts";
import { type Estimate, estimateExperiment, runsToCalibrate } from "../experiment/estimate.ts";
import { ExperimentError, type NamedExperiment, readExperiment } from "../experiment/experimentFile.ts";
import type { Experiment } from "../experiment/experimentSchema.ts";
import { clientsInAll, clientsPerRun } from "../experiment/fleet.ts";
import type { ExperimentPlan, PlannedRun } from "../experiment/plannedRun.ts";
import { chooseRate, expectedRuns } from "../experiment/rates.ts";
import { allRuns, distinctRuns } from "../experiment/runPlan.ts";
import { createBoard, progressText } from "./board.ts";
import { commitWarning, readCommit } from "./commit.ts";
import { layOut } from "./layOut.ts";
import { preparePublic, prepareSources, requireFiles } from "./needs.ts";
import { clientKindOf, commandAgain, type LabOptions } from "./options.ts";
import type { OutFolder, PoolMemory } from "./outFolder.ts";
import { backendOfPool } from "./poolBackend.ts";
import { readCounting, recall, setBadAside } from "./readFolder.ts";
import { takeOver } from "./reuse.ts";
import { createRunner } from "./runner.ts";
import { abortOnSignals, Stopped } from "./signals.ts";
import { describeSources } from "./sourcePrompts.ts";
import { takeFolder } from "./takeFolder.ts";
import { describeData } from "./taskData.ts";
import { openWorkbench, type Workbench } from "./workbench.ts";

/** How an experiment ended. */
export type LabEnd =
  | { readonly kind: "finished"; readonly numFailed: number }
  | { readonly kind: "estimated" | "declined" }
  | { readonly kind: "stopped"; readonly signal: NodeJS.Signals };

const askAboveSeconds = 3600;

/** Runs an experiment from its file to its report, going on with whatever its folder holds. */
export async function runExperiment(options: LabOptions): Promise<LabEnd> {
  const { file } = options;
  await rememberDatasets(options.publicDir);
  const named = await readExperiment(file, options);
  const { experiment, name } = named;
  const { backend } = experiment;
  clientKindOf(options, experiment); // refused before anything is prepared
  const runs = allRuns((await layOut(experiment, options.publicDir)).plan);
  const { maxRuns } = experiment.budget;
  if (maxRuns !== undefined && runs.length > maxRuns)
    throw new ExperimentError(`${name} has ${runs.length} runs, more than its budget.maxRuns of ${maxRuns}`);
  requireFiles(options.publicDir, runs);
  const board = createBoard(process.stderr);
  const numCores = availableParallelism();
  const pool = shapePool(numCores, clientsPerRun(experiment), clientsInAll(experiment, numCores, options.numTabs));
  const taken = await takeFolder(options.out ?? join("runs/lab", name), named, options.isEstimate);
  const { out } = taken;
  const benches: Workbench[] = [];
  const bench = (folder: string): Workbench => {
    const opened = openWorkbench(folder);
    benches.push(opened);
    return opened;
  };
  try {
    const publicDir = await preparePublic(options.publicDir, taken.workPath, runs, bench);
    const workbench = bench(publicDir);
    await setBadAside(out, board.say);
    const remembered = await recall(out, board.say);
    const before = await layOut(experiment, publicDir);
    for (const note of before.plan.notes) board.say(note);
    const reused = { out, folders: options.reuse, backend, say: board.say };
    await takeOver({ ...reused, plan: before.plan });
    const earlier = await readCounting(out, before.plan, { backend, remembered });
    const expected = expectedRuns(before.plan, (id) => earlier.get(id) ?? null);
    const estimate = await estimateFirst(expected, { earlier, pool, workbench });
    board.say(describeEstimate(name, expected, estimate, pool));
    if (options.isEstimate) return { kind: "estimated" };
    if (!(await isAgreed(estimate, options))) return { kind: "declined" };
    await prepareSources(publicDir, runs, workbench, board.say);
    const { plan } = await layOut(experiment, publicDir);
    if (before.missingSources.length > 0) await takeOver({ ...reused, plan });
    await writeWhole(join(out.path, "experiment.yaml"), readFileSync(file));
    return await runAll({ options, named, plan, publicDir, out, pool, workbench, board, estimate, remembered });
  } finally {
    for (const opened of benches) opened.close();
    await taken.giveBack();
  }
}

interface ExperimentParts {
  readonly options: LabOptions;
  readonly named: NamedExperiment;
  readonly plan: ExperimentPlan;
  readonly publicDir: string;
  readonly out: OutFolder;
  readonly pool: PoolShape;
  readonly workbench: Workbench;
  readonly board: ReturnType<typeof createBoard>;
  readonly estimate: Estimate;
  readonly remembered: PoolMemory | null;
}

async function runAll(parts: ExperimentParts): Promise<LabEnd> {
  const { options, named, plan, publicDir, out, pool, workbench, board, estimate, remembered } = parts;
  const { experiment } = named;
  const { backend } = experiment;
  const results = await readCounting(out, plan, { backend, remembered });
  const sources = await describeSources(publicDir, allRuns(plan));
  const stop = abortOnSignals();
  const begun = remembered ?? { ports: [], startedAt: new Date().toISOString() };
  const memory = { ...begun, name: named.name, backend: backendOfPool(backend, remembered) };
  await out.writeMemory(memory);
  const pagesDir = clientKindOf(options, experiment) === "tabs" || options.numRemote > 0 ? await ensurePages(board.say) : null;
  const clients = await openAllClients(parts);
  const stamp = { commit: readCommit(), machine: nameMachine() };
  const warning = commitWarning(stamp.commit);
  if (warning !== null) board.say(warning);
  const runner = createRunner({
    name: named.name,
    board,
    out,
    results,
    pool,
    clients,
    publicDir,
    pagesDir,
    workbench,
    memory,
    signal: stop.signal,

    host: options.host,
    port: options.port,
    numRemote: options.numRemote,
    budget: experiment.budget,
    stamp,
    expected: { numRuns: allRuns(plan).length, seconds: estimate.seconds },
  });
  try {
    await runner.run(plan.rateGroups.flatMap(({ trials }) => trials.map(({ run }) => run)));
    const rates = plan.rateGroups.map((group) => chooseRate(group, (id) => results.get(id) ?? null));
    for (const rate of rates) board.say(`Rate chosen for ${rate.key}: ${rate.chosen ?? "none, as no trial finished"}`);
    const final = plan.finalRuns(new Map(rates.map(({ key, chosen }) => [key, chosen])));
    await runner.run(distinctRuns(final));
    board.end();
    const sizes = await workbench.do("sizes", { tasks: [...new Set(final.map(({ task }) => task))] });
    const data = await describeData(publicDir, sizes);
    const result = resultOf(named, parts, { memory, rates, final, results, data, sources, stamp });
    await writeReport(result, out.path);
    const numFailed = result.runs.filter(({ error }) => error !== null).length;
    board.say(`${progressText(result.runs)}. Report: ${join(out.path, "report.html")}`);
    return { kind: "finished", numFailed };
  } catch (error) {
    board.end();
    if (!(error instanceof Stopped)) throw error;
    const expected = expectedRuns(plan, (id) => results.get(id) ?? null);
    board.say(`Stopped: ${progressText(expected.map(({ id }) => results.get(id)))}. Run the same command to go on.`);
    return { kind: "stopped", signal: error.signal };
  } finally {
    await Promise.all(clients.map((one) => one.close()));
    stop.ignore();
  }
}

/** Clients of every slot; a browser is looked for only where tabs are asked for. */
async function openAllClients({ options, named, out, pool, board }: ExperimentParts): Promise<Clients[]> {
  const slots = Array.from({ length: pool.numAtOnce }, (_, slot) => slot);
  if (clientKindOf(options, named.experiment) === "node") return slots.map(() => openNodeClients(pool.clientsPerRun, board.say));
  const browser = await loadBrowserScript();
  const executablePath = await browser.ensureBrowser({ isInstallAllowed: true });
  return slots.map((slot) =>
    openTabClients(pool.clientsPerRun, {
      executablePath,
      chromiumFlags: browser.chromiumFlags,
      isHeadless: !options.isHeaded,
      onTrouble: board.say,
      profilesFolder: join(out.path, "tabs", String(slot)),
    }),
  );
}

async function estimateFirst(
  runs: readonly PlannedRun[],
  { earlier, pool, workbench }: Pick<ExperimentParts, "pool" | "workbench"> & { readonly earlier: ReadonlyMap<string, RunRecord> },
): Promise<Estimate> {
  if (runs.every(({ id }) => earlier.get(id)?.error === null))
    return { numRuns: 0, seconds: 0, diskBytes: 0, basis: "as all runs are done" };
  const calibrations: Calibration[] = [];
  for (const { settings } of runsToCalibrate(runs)) calibrations.push(await workbench.do("calibrate", { run: settings }));
  const sizes = await workbench.do("sizes", { tasks: [...new Set(runs.map(({ task }) => task))] });
  return estimateExperiment({ runs, sizes, calibrations, earlier, tabsPerRun: pool.clientsPerRun, numAtOnce: pool.numAtOnce });
}

function describeEstimate(name: string, runs: readonly PlannedRun[], estimate: Estimate, pool: PoolShape): string {
  const done = runs.length - estimate.numRuns;
  const rest = done === 0 ? "" : `, ${done} of them done`;
  const at = pool.numAtOnce === 1 ? "one at a time" : `${pool.numAtOnce} at once`;
  return [
    `${name}: ${formatCount(runs.length, "run")}${rest}; ${at}, ${formatCount(pool.clientsPerRun, "client")} each.`,
    `About ${formatSeconds(estimate.seconds)} and ${formatBytes(estimate.diskBytes)} of disk, ${estimate.basis}.`,
  ].join(" ");
}

async function isAgreed({ seconds }: Estimate, { isConfirmed }: LabOptions): Promise<boolean> {
  if (seconds <= askAboveSeconds || isConfirmed || process.stdin.isTTY !== true) return true;
  const asked = createInterface({ input: process.stdin, output: process.stderr });
  const answer = await asked.question("That is more than an hour. Start? [y/N] ");
  asked.close();
  return /^y(es)?$/i.test(answer.trim());
}

interface Ending {
  readonly memory: { readonly startedAt: string };
  readonly rates: readonly RateChoice[];
  readonly final: readonly PlannedRun[];
  readonly data: ExperimentResult["data"];
  readonly sources: readonly SourceRecord[];
  readonly stamp: Pick<ExperimentResult, "commit" | "machine">;
  readonly results: ReadonlyMap<string, RunRecord>;
}

/** Everything that a report is made of: the runs in the experiment's order, trials that were not chosen behind them. */
function resultOf(
  { name, experiment }: NamedExperiment,
  { options, plan }: ExperimentParts,
  { memory, rates, final, results, data, sources, stamp }: Ending,
): ExperimentResult {
  const shown = new Set(final.map(({ id }) => id));
  const trials = plan.rateGroups.flatMap((group) => group.trials.map(({ run }) => run)).filter(({ id }) => !shown.has(id));
  const runs = [...final, ...distinctRuns(trials)].flatMap(({ id, method, methodTitle, variant, isRateTrial }) => {
    const run = results.get(id);
    return run === undefined ? [] : [{ ...run, method, methodTitle, variant, isRateTrial }];
  });
  const { title, question, notes } = experiment;
  return {
    name,
    title,
    preset: options.preset,
    command: commandAgain(options),
    question,
    ...stamp,
    startedAt: memory.startedAt,
    experiment: { ...experiment } satisfies Experiment,

    notes: [...notes, ...plan.notes],
    data,
    sources,
    rates,
    runs,
  };
}
