import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { deferred, formatCount, formatWhole, isModule, needsCompute, type RunSettings, strategyTitle } from "@tutti/core";
import { findEvaluatedRows, readShareSizes } from "@tutti/data/node";
import type { RunOrigin } from "@tutti/record";
import { ConfigError, type CoordinatorConfig } from "../config.ts";
import { type Coordinator, type CoordinatorPorts, type RunOutcome, startCoordinator } from "../coordinator.ts";
import { isUnspecified } from "../entry/addresses.ts";
import { linkTo, operatorLink, printedAddresses } from "../entry/links.ts";
import { listRunIds, readRun } from "../journal/readRun.ts";
import { requireSameCode } from "../openedRun.ts";
import { type Latest, latestOf } from "../orders/latestRun.ts";
import type { Following } from "../orders/succession.ts";
import { requirePair } from "../pair.ts";
import { noAnswerer } from "../pool/computeDesk.ts";
import { canMoveDevices } from "../pool/members.ts";
import { requireSameTexts, type TextsReader } from "../publicTexts.ts";
import { findRunId } from "../runFolder.ts";
import { keepRunReports, type RunReportOptions } from "../runReports.ts";
import type { Overrides } from "../settings.ts";
import { mergeSettings } from "../settings.ts";
import { readWithModules } from "../strategyModules/withModules.ts";
import { readBackboneSizes, requireAnswering, requireSourcePrompts, type TunedParameters, tunedParameters } from "../tuned.ts";
import { withWords } from "../words.ts";
import { type ClientChild, type ClientChildOptions, startClientChild } from "./clientChild.ts";

/** How to serve a run. */
export interface ServeOptions {
  readonly presets: Readonly<Record<string, RunSettings>>;
  /** The preset to start from unless file or flags name one. */
  readonly preset: string;
  /** Coordinator settings that file and flags lie over. */
  readonly doors?: Overrides;
  /** Path of a settings file. */
  readonly file?: string | undefined;
  /** The command line's settings, in the shape of a settings file. */
  readonly flags?: Overrides;
  /** Classes of the run's task; null of a text task. */
  readonly numClasses: (run: RunSettings) => number | null;
  /** Ends when the run is over; otherwise the pages stay up until a signal. */
  readonly isOver: "whenDone" | "whenStopped";
  /** Prints a line for the person at the terminal. */
  readonly print: (line: string) => void;
  /** Called once the run is over, before goodbye is said. */
  readonly onDone?: (outcome: RunOutcome, coordinator: Coordinator) => Promise<void>;
  readonly pages?: CoordinatorPorts["pages"];
  /** Reads the tuned parameters that a run starts from. */
  readonly readStart?: CoordinatorPorts["readStart"];
  /** Reads the public texts that a settings file names; without it a file can name none. */
  readonly readTexts?: TextsReader;
  /** What a report of the run needs; without it none is written. */
  readonly report?: (config: CoordinatorConfig) => Promise<Omit<RunReportOptions, "tuned" | "onTrouble">>;
  /** How a compute client is started where the run needs one (P-90): what Node is given; without it the operator starts one. */
  readonly computeCommand?: readonly string[];
  /** Answers to messages of the public test part that the report shows; a compute client is started for them where `computeCommand` says how. */
  readonly numAnswers?: number;
  /** Takes the coordinator over once it listens: what is said of it, and what is beside it until it closes. By default it is described in a few lines. */
  readonly host?: (coordinator: Coordinator, isFinished: boolean) => Hosted;
  /** Ends as a signal to the process would. */
  readonly signal?: AbortSignal;
}

/** What is said of a coordinator that listens, and what ends with it. */
export interface Hosted {
  readonly lines: readonly string[];
  stop(): Promise<void>;
}

/** Why `serve` returned. `stopped`: by the operator, through `tutti run stop`. */
export type ServeEnd = "done" | "SIGINT" | "SIGTERM" | "stopped";

/** Serves a run until it is over or somebody stops it, and says goodbye to its clients. Throws a ConfigError for settings that are refused. */
export async function serve(options: ServeOptions): Promise<ServeEnd> {
  const { presets, preset, flags = {} } = options;
  const file = options.file === undefined ? {} : await readWithModules(options.file, options.readTexts);
  const config = mergeSettings({ presets, preset, doors: options.doors ?? {}, file, flags, name: options.file });
  if (config.codeWord !== undefined && config.admission !== "code")
    throw new ConfigError(`codeWord: it is for admission "code", and admission is "${config.admission}": leave one of them out`);
  return serveInTurn(await latestOf(config), options);
}

/** Serves a run and those that follow it at the same address; where the next one cannot be opened, the one before again. */
async function serveInTurn({ config: first, controlToken }: Latest, options: ServeOptions): Promise<ServeEnd> {
  let turn: Turn = { prepared: await prepare(first, options), before: null, controlToken, standings: [] };
  const unopened = new Set<string>();
  for (;;) {
    const { prepared, before } = turn;
    const follower = createFollower(options);
    let opened: Opened;
    try {
      opened = await open(turn, { ...options, follow: { ...follower.following, unopened } });
    } catch (error) {
      if (before === null || !(error instanceof ConfigError)) throw error;
      options.print(`the next run could not be opened (${error.message}); the one before is served again, and can be followed again`);
      if (prepared.config.runId !== undefined) unopened.add(prepared.config.runId);
      turn = { ...turn, prepared: before, before: null };
      continue;
    }
    const { coordinator } = opened;
    const end = await serveOpened(opened, prepared, { ...options, next: follower.next });
    if (typeof end === "string") return end;
    turn = { prepared: end, before: prepared, controlToken: coordinator.controlToken, standings: coordinator.standings() };
  }
}

/** A run whose turn it is. */
interface Turn {
  readonly prepared: Prepared;
  /** The run before it; null where there is none to go back to. */
  readonly before: Prepared | null;
  readonly controlToken: string | undefined;
  readonly standings: CoordinatorPorts["standings"];
}

/** What a run needs before its coordinator starts. */
interface Prepared {
  readonly config: CoordinatorConfig;
  readonly tuned: TunedParameters;
  readonly isFinished: boolean;
  readonly report: Omit<RunReportOptions, "tuned" | "onTrouble"> | undefined;
  readonly sizes: Awaited<ReturnType<typeof knownSizes>>;
  readonly evaluatedRows: CoordinatorPorts["evaluatedRows"];
}

/** Reads all that takes time; throws a ConfigError where the run cannot be served here. */
async function prepare(config: CoordinatorConfig, options: ServeOptions): Promise<Prepared> {
  const numClasses = options.numClasses(config.run);
  requireAnswering(config, numClasses);
  const sizes = readBackboneSizes(config.publicDir, config.run.backbone);
  const tuned = withWords(tunedParameters(config.run, sizes, numClasses), config);
  requireSourcePrompts(config.publicDir, config.run);
  requirePair(config.publicDir, config.run);
  const finished = await describeFinished(config);
  if (finished !== null) options.print(finished);
  const report = await options.report?.(config);
  const shares = await knownSizes(config);
  const evaluatedRows = await findEvaluatedRows(config.publicDir, config.run);
  return { config, tuned, isFinished: finished !== null, report, sizes: shares, evaluatedRows };
}

/** A coordinator that listens, and what ends with it. */
interface Opened {
  readonly coordinator: Coordinator;
  readonly hosted: Hosted;
}

async function open({ prepared, ...turn }: Turn, options: ServeOptions & { readonly follow: Following }): Promise<Opened> {
  const { config, tuned, isFinished, sizes, evaluatedRows } = prepared;
  const { pages, readStart, numAnswers: numTexts, print, follow } = options;
  const answers = numTexts === undefined ? undefined : { numTexts, isStarted: options.computeCommand !== undefined };
  const { controlToken, standings } = turn;
  const ofData = { tuned, shareSizes: sizes.sizes, evaluatedRows };
  const coordinator = await startCoordinator(config, { ...ofData, pages, readStart, answers, controlToken, standings, follow });
  const hosted = (options.host ?? described)(coordinator, isFinished);
  for (const line of [...coordinator.notes, ...hosted.lines]) print(line);
  if (sizes.trouble !== null) print(sizes.trouble);
  coordinator.subscribe((event) => event.kind === "notice" && print(event.sentence));
  return { coordinator, hosted };
}

/** Until the run is over, somebody stops it, or another one follows: then that one. */
async function serveOpened(
  { coordinator, hosted }: Opened,
  { tuned, isFinished: wasFinished, report }: Prepared,
  options: ServeOptions & { readonly next: Promise<Prepared> },
): Promise<ServeEnd | Prepared> {
  const { print } = options;
  const computing = keepComputing(coordinator, { ...options, isFinished: wasFinished });
  const reports =
    report === undefined ? null : keepRunReports(coordinator, { ...report, tuned, onTrouble: (error) => print(troubleText(error)) });
  const stop = waitForStop(coordinator, options.signal);
  let isFinished = wasFinished;
  try {
    const done = coordinator.whenDone().then(async (outcome): Promise<ServeEnd> => {
      isFinished = true;
      await Promise.all([reports?.finish(outcome), options.onDone?.(outcome, coordinator)]);
      print(
        `run ${coordinator.runId} is finished after ${formatCount(outcome.steps.length, "step")}; its files are in ${coordinator.folder}`,
      );
      return options.isOver === "whenDone" ? "done" : stop.promise;
    });
    const end = await Promise.race([stop.promise, done, options.next]);
    if (typeof end !== "string") print(`run ${coordinator.runId} is closed and kept; run ${end.config.runId} follows`);
    else if (end !== "done") print(isFinished ? stoppingFinished : "stopping: all accepted work is kept, and the same command resumes");
    await (typeof end === "string" ? coordinator.close() : coordinator.close("newRun"));
    await reports?.finish(null); // of a run that is over the last report is there
    return end;
  } catch (error) {
    await coordinator.close();
    await reports?.finish(null);
    throw error;
  } finally {
    stop.release();
    await Promise.all([computing.stop(), hosted.stop()]);
  }
}

/** Hears of the run that follows, and has it ready before the one before is closed. */
function createFollower(options: ServeOptions): { readonly following: Omit<Following, "unopened">; readonly next: Promise<Prepared> } {
  const next = deferred<Prepared>();
  const quiet = { ...options, print: () => undefined };
  let ready: Prepared | null = null;
  return {
    next: next.promise,
    following: {
      async prepare(config) {
        ready = await prepare(config, quiet);
      },
      begin() {
        if (ready !== null) next.resolve(ready);
      },
    },
  };
}

/** The sizes of the run's shares (P-120), or a line that says why they are not known. */
async function knownSizes({ publicDir, run }: CoordinatorConfig): Promise<{ readonly sizes?: number[]; readonly trouble: string | null }> {
  try {
    return { sizes: await readShareSizes(publicDir, run), trouble: null };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return {
      trouble: `the sizes of the shares of ${run.task} are not known here (${reason}), so devices' own numbers of examples are taken`,
    };
  }
}

interface Computing {
  stop(): Promise<void>;
}

/** A compute client where the run needs one: at once where its strategy does, else when the run is over and its report wants answers. */
function keepComputing(coordinator: Coordinator, options: ServeOptions & { readonly isFinished: boolean }): Computing {
  const { isFinished, print, computeCommand } = options;
  const { computeToken: token } = coordinator;
  let child = isFinished || !needsCompute(coordinator.config.run) ? null : startCompute(coordinator, options);
  const unsubscribe = coordinator.subscribe((event) => {
    if (event.kind !== "status" || event.status.message !== noAnswerer || token === null || child !== null) return;
    if (computeCommand === undefined) return;
    print("The rounds are over. A compute client of this machine answers some messages for the report.");
    child = startChild(coordinator, { token, command: computeCommand, print });
  });
  return {
    async stop() {
      unsubscribe();
      await child?.stop();
    },
  };
}

/** Says how a compute client is started, and starts one; null where the operator does it. */
function startCompute(coordinator: Coordinator, { print, computeCommand }: ServeOptions): ClientChild | null {
  const { computeToken: token, url } = coordinator;
  if (token === null) return null;
  const own = computeCommand !== undefined;
  print(`${own ? "A compute client of this machine computes" : "This run waits for a compute client"} what needs a large model.`);
  print(`To start one${own ? " elsewhere" : ""}: tutti compute --join ${url} --token ${token}`);
  tellOfWaiting(coordinator, print);
  return own ? startChild(coordinator, { token, command: computeCommand, print }) : null;
}

function startChild(
  { url, config }: Coordinator,
  { token, ...started }: Pick<ClientChildOptions, "command" | "print"> & { readonly token: string },
): ClientChild {
  const tokens = { TUTTI_COMPUTE_TOKEN: token };
  return startClientChild({ ...started, name: "compute client", tokens, url, certificate: ownCertificate(config) });
}

/** Where the certificate lies that this machine made for itself; null where others trust it. */
export function ownCertificate({ https, dataDir }: CoordinatorConfig): string | null {
  return https === "self" ? join(dataDir, "coordinator", "certificate.pem") : null;
}

/** A line whenever the run begins to wait for a compute client. */
function tellOfWaiting({ subscribe }: Coordinator, print: (line: string) => void): void {
  let last: string | null = null;
  subscribe((event) => {
    if (event.kind !== "status") return;
    const { phase, message } = event.status;
    const said = phase === "waiting" && message?.includes("compute client") === true ? message : null;
    if (said !== null && said !== last) print(said);
    last = said;
  });
}

const stoppingFinished = "stopping: the run is finished, so nothing is left to resume";

function troubleText(error: unknown): string {
  return `the report could not be written (${error instanceof Error ? error.message : String(error)}); the run goes on`;
}

/** What to say of a run that was over before, or null; throws a ConfigError when it was another one under the same name. */
async function describeFinished(config: CoordinatorConfig): Promise<string | null> {
  const { dataDir, run } = config;
  const id = config.runId ?? findRunId(config);
  if (!listRunIds(dataDir).includes(id)) return null;
  const earlier = await readRun(dataDir, id);
  requireSameCode(earlier.run, run, `run ${id} in ${earlier.folder}`);
  requireSameTexts(earlier.run, run, `run ${id} in ${earlier.folder}`);
  if (earlier.summary?.isDone !== true) return null;
  const command = `\`tutti run export ${id}${dataDir === "runs" ? "" : ` --out ${dataDir}`}\``;
  // a fixed roster does not look at minDevices
  const shown = (one: RunSettings): unknown => JSON.parse(JSON.stringify(one.roster === "fixed" ? { ...one, minDevices: 1 } : one));
  if (isDeepStrictEqual(shown(earlier.run), shown(run)))
    return `run ${id} is already finished: ${command} writes its tuned prompts; give another --seed or --run to start a new run`;
  throw new ConfigError(
    `run ${id} is already finished, with other settings than these: ${command} writes its tuned prompts; give another --run to start a new run`,
  );
}

function described(coordinator: Coordinator, isFinished: boolean): Hosted {
  return { lines: describe(coordinator, isFinished), stop: async () => undefined };
}

function describe(
  { url, port, runId, folder, config, origin, linkToken, hostToken, controlToken, notices, ...more }: Coordinator,
  isFinished: boolean,
): string[] {
  const { fingerprint, plainPort } = more;
  const scheme = url.slice(0, url.indexOf(":"));
  const isOpen = isUnspecified(config.host);
  const [first = url, ...others] = printedAddresses(config, { url, port }).map((address) => linkTo(address, linkToken));
  return [
    ...(isModule(config.run.strategy) ? [`strategy ${strategyTitle(config.run.strategy)}`] : []),
    `run ${runId}: ${config.run.task} on ${config.run.backbone}, ${sizeOf(config.run)}, seed ${config.run.seed}`,
    ...(origin === null ? [] : [originLine(origin)]),
    `open ${first}${others.length === 0 ? "" : `, or from another machine ${others.join(", ")}`}`,
    ...notices,
    ...admissionLines(config, runId),
    ...(scheme === "http" && isOpen ? ["other machines get WebGPU and threads over https only: add --https self"] : []),
    ...(fingerprint === null
      ? []
      : [
          "browsers warn about this certificate, because this machine made it: continue past the warning where it shows this fingerprint",
          `SHA-256 ${fingerprint}`,
        ]),
    ...(plainPort === null ? [] : [`plain http is on port ${plainPort}, for browsers that do not go past the warning`]),
    ...(hostToken === null || !canMoveDevices(config)
      ? []
      : [`states of devices go to their own clients, and to hosts that join with --host-token ${hostToken}`]),
    `the operator's page, for you alone: ${operatorLink(url, controlToken)}`,
    `files are in ${folder}; ${isFinished ? "Ctrl-C takes the pages down" : "Ctrl-C stops the run, and the same command resumes it"}`,
  ];
}

function admissionLines({ admission, approval }: CoordinatorConfig, runId: string): string[] {
  return [
    ...(admission === "code" ? ["whoever has the link may come: it carries the run's code word"] : []),
    ...(admission === "invitations"
      ? [`each invitation lets one client in, and the link carries one: \`tutti run invite ${runId}\` makes more`]
      : []),
    ...(approval
      ? [`each client waits until you let it in: \`tutti run clients ${runId}\` lists them, \`tutti run approve\` lets one in`]
      : []),
  ];
}

function originLine(origin: RunOrigin): string {
  if (origin.kind === "params") return `it starts from ${origin.path}${origin.runId === null ? "" : ` (prompts of run ${origin.runId})`}`;
  const changes = origin.changes.map(({ path, after }) => `${path} ${after}`);
  return `it goes on from run ${origin.runId} after round ${origin.round}, with ${changes.length === 0 ? "the same settings" : changes.join(", ")}`;
}

function sizeOf({ roster, numDevices, minDevices, maxDevices, maxCountedExamples: most }: RunSettings): string {
  if (roster === "fixed") return formatCount(numDevices, "device");
  const limit = most === undefined ? "" : `, each of which counts with at most ${formatCount(most, "example")}`;
  return `starts with ${formatCount(minDevices, "device")} and takes up to ${formatWhole(maxDevices)}${limit}`;
}

function waitForStop(coordinator: Coordinator, signal: AbortSignal | undefined): { readonly promise: Promise<ServeEnd>; release(): void } {
  let end: (reason: ServeEnd) => void = () => undefined;
  const promise = new Promise<ServeEnd>((resolve) => {
    end = resolve;
  });
  const onInterrupt = () => end("SIGINT");
  const onTerminate = () => end("SIGTERM");
  process.on("SIGINT", onInterrupt);
  process.on("SIGTERM", onTerminate);
  signal?.addEventListener("abort", onTerminate);
  if (signal?.aborted) onTerminate();
  const onClosed = () => end("stopped");
  coordinator.whenClosed().then(onClosed, onClosed);
  return {
    promise,
    release() {
      process.off("SIGINT", onInterrupt);
      process.off("SIGTERM", onTerminate);
      signal?.removeEventListener("abort", onTerminate);
    },
  };
}
