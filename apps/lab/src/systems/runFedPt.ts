import { rm } from "node:fs/promises";
import { join } from "node:path";
import type { StepRecord } from "@tutti/record";
import { ensurePages, loadBrowserScript } from "@tutti/server/checkout";
import { createDisplay, writeWhole } from "@tutti/terminal";
import { openTabClients } from "../drive/tabClients.ts";
import { openInBrowser } from "../run/openInBrowser.ts";
import { resumeCommand } from "../run/runDemo.ts";
import { abortOnSignals, Stopped } from "../run/signals.ts";
import { type FedPtConfig, type FedPtOptions, prepareFedPt } from "./fedPtConfig.ts";
import { type FedPtResult, fedPtPage, fedPtText } from "./fedPtReport.ts";
import { type RowName, type RunName, rowsOfRuns, runsOf } from "./fedPtRows.ts";
import { type FinishedRun, performFedPt, type Stage } from "./performFedPt.ts";
import { type AnswerScores, type AskedTexts, measureProxy, measureTuned, readAsked, referenceOf } from "./proxyRows.ts";

const numTexts = 64;
const numShown = 10;
const maxNewTokens = 32;

/** FedPT from its first line to its report: tabs train the small model, a compute client of this machine holds the large one. */
export async function runFedPt(options: FedPtOptions): Promise<{ readonly stoppedBy: NodeJS.Signals | null }> {
  const prepared = await prepareFedPt(options);
  const { config, publicDir } = prepared;
  const folder = join(options.runsFolder, config.runId);
  const display = createDisplay(process.stderr);
  const { chromiumFlags, ensureBrowser } = await loadBrowserScript();
  const executablePath = await ensureBrowser({ isInstallAllowed: true });
  const pagesDir = await ensurePages(display.say);
  const stop = abortOnSignals();
  stop.signal.addEventListener("abort", () => {
    display.end();
    display.say(`Stopping. To go on: ${resumeCommand(config.runId, options)}`);
  });
  const headless = { isHeadless: options.headed !== true, onTrouble: display.say };
  const stage: Stage = {
    prepared,
    folder,
    display,
    pagesDir,
    openClients: (profilesFolder) => openTabClients(config.numTabs, { executablePath, chromiumFlags, profilesFolder, ...headless }),
    signal: stop.signal,
  };
  try {
    const result = await performAll(stage, { publicDir, split: "test", numTexts, maxNewTokens, signal: stop.signal });
    await writeResult(folder, result, options.json);
    display.end();
    process.stdout.write(`\n${fedPtText(result)}\n`);
    display.say(`\nReport: ${join(folder, "report.html")}`);
    await rm(join(folder, "tabs"), { recursive: true, force: true });
    if (options.open === true) openInBrowser(join(folder, "report.html"));
    return { stoppedBy: null };
  } catch (error) {
    display.end();
    if (!(error instanceof Stopped)) throw error;
    return { stoppedBy: error.signal };
  } finally {
    stop.ignore();
  }
}

/** The runs one after the other, each with the answers of its models behind it. */
async function performAll(stage: Stage, asked: AskedTexts): Promise<FedPtResult> {
  let { config } = stage.prepared;
  const { run } = config;
  const rows: FedPtResult["rows"][number][] = [];
  const answers = new Map<RowName, readonly string[]>();
  let steps: readonly StepRecord[] = [];
  for (const name of runsOf(config.rows)) {
    const finished = await performFedPt({ ...stage, prepared: { ...stage.prepared, config } }, name);
    config = finished.config;
    if (name === "fedpt") steps = finished.steps;
    stage.display.say(`Answering ${numTexts} test texts …`);
    for (const [row, measured] of await measureRows(asked, name, finished, run.strategy)) {
      rows.push({ row, scores: measured.scores, cost: row === "large" ? null : finished.cost });
      answers.set(row, measured.answers);
    }
  }
  const texts = await readAsked({ ...asked, numTexts: numShown }, { run });
  const shown = texts.map((example, at) => ({
    text: example.text,
    reference: referenceOf(example),
    answers: Object.fromEntries([...answers].map(([row, all]) => [row, all[at] ?? ""])),
  }));
  const { large, a } = run.strategy;
  return { runId: config.runId, small: run.backbone, large, a, numRounds: run.numRounds, numTexts: asked.numTexts, rows, steps, shown };
}

const namesOf = (name: RunName) => (Object.keys(rowsOfRuns) as RowName[]).filter((row) => rowsOfRuns[row].run === name);

/** What the models of a run that is over come to, row by row. */
async function measureRows(
  asked: AskedTexts,
  name: RunName,
  { run, params }: FinishedRun,
  { large, a }: FedPtConfig["run"]["strategy"],
): Promise<(readonly [RowName, AnswerScores])[]> {
  const names = namesOf(name);
  const models = names.map((row) => rowsOfRuns[row].of);
  const proxied = models.filter((of) => of !== "tuned");
  const found =
    proxied.length === 0 ? [await measureTuned(asked, { run, params })] : await measureProxy(asked, { run, params, large, a }, proxied);
  return names.flatMap((row, at) => (found[at] === undefined ? [] : [[row, found[at]] as const]));
}

async function writeResult(folder: string, result: FedPtResult, json: string | undefined): Promise<void> {
  const text = `${JSON.stringify(result, null, 2)}\n`;
  await writeWhole(join(folder, "report.html"), fedPtPage(result));
  await writeWhole(join(folder, "results.json"), text);
  if (json !== undefined) await writeWhole(json, text);
}
