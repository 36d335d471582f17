import { join } from "node:path";
import type { RunSettings } from "@tutti/core";
import type { CoordinatorConfig, Overrides, ServeOptions, StartFrom, TextsReader } from "@tutti/server";
import { type Command, Option } from "commander";
import { exitCodes, orWrongUse, UsageError } from "../exitCodes.ts";
import { given, wholeNumber } from "../parseOptions.ts";
import { readStart } from "../prompts/startReader.ts";

/** Flags that say how to serve and what to run; each wins over the settings file. */
export interface ServeFlags {
  readonly preset?: string;
  readonly task?: string;
  readonly backbone?: string;
  readonly backbonesUrl?: string;
  readonly publicUrl?: string;
  readonly admission?: "open" | "code" | "invitations";
  readonly codeWord?: string;
  readonly hostedBy?: string;
  readonly about?: string;
  readonly approve?: boolean;
  readonly trustProxy?: number;
  readonly devices?: number;
  readonly rounds?: number;
  readonly seed?: number;
  readonly openRoster?: boolean;
  readonly minDevices?: number;
  readonly maxDevices?: number;
  readonly host?: string;
  readonly port?: number;
  readonly plainPort?: number;
  readonly https?: "none" | "self";
  readonly cert?: string;
  readonly key?: string;
  readonly out?: string;
  readonly public?: string;
  readonly run?: string;
  readonly logLevel?: string;
  readonly dev?: boolean;
  /** False where compute clients are started elsewhere. */
  readonly compute?: boolean;
  readonly startFrom?: string;
}

/** A run to serve, and until when. */
export interface ServeOrder {
  /** Path of a settings file. */
  readonly file?: string | undefined;
  readonly flags: ServeFlags;
  readonly isOver: "whenDone" | "whenStopped";
  /** In place of a preset: all settings of a run that goes on from another one. */
  readonly branch?: { readonly settings: RunSettings; readonly startFrom: StartFrom };
  /** In place of a preset: all settings of a run for a class, and who takes it over once it is there. */
  readonly lesson?: Lesson;
}

/** A run for a class. */
export interface Lesson {
  readonly settings: RunSettings;
  /** Settings of the coordinator that no flag gives. */
  readonly doors: Overrides;
  readonly host: NonNullable<ServeOptions["host"]>;
}

/** Adds the options of everything that serves a run whose settings are asked for. */
export function withServeOptions(command: Command): Command {
  const asked = command
    .addOption(
      new Option("--preset <name>", "settings to start from (default: public where other machines may come, else default)").choices([
        "official",
        "default",
        "demo",
        "public",
      ]),
    )
    .option("--task <name>", "the task to learn, such as feedback/topic")
    .option("--backbone <name>", "the frozen language model: a folder under public/backbones")
    .option("--devices <number>", "devices, each with its share of the task's examples as if they were its own", wholeNumber(1))
    .option("--rounds <number>", "training rounds", wholeNumber(1))
    .option("--seed <number>", "seed of everything random", wholeNumber(0))
    .option("--open-roster", "take devices as they join, and begin with --min-devices or on `tutti run begin`")
    .option("--min-devices <number>", "devices that an open roster waits for", wholeNumber(1))
    .option("--max-devices <number>", "the most devices that an open roster takes (default 500)", wholeNumber(1))
    .option("--start-from <path>", "start from tuned prompts: a run's id or folder, prompts.safetensors, or the folder of a peft adapter");
  return withPlaceOptions(asked);
}

/** Adds the options that say where and how a run is served. */
export function withPlaceOptions(command: Command): Command {
  return command
    .option("--host <address>", "address to listen on (default 0.0.0.0: other machines may join)")
    .option("--port <number>", "port to listen on, 0 for any free one (default 8080)", wholeNumber(0))
    .addOption(
      new Option("--https <how>", "self: serve over https with a self-signed certificate, so that other machines get WebGPU").choices([
        "none",
        "self",
      ]),
    )
    .option("--plain-port <number>", "beside https, a port with plain http for browsers that do not take the certificate", wholeNumber(0))
    .option("--cert <file>", "a certificate of your own (PEM), with --key")
    .option("--key <file>", "the certificate's key (PEM)")
    .option(
      "--public-url <url>",
      "the address of a proxy in front, or of a port that is forwarded here: pages and clients of that address are let in",
    )
    .addOption(
      new Option(
        "--admission <who>",
        "open: everybody may come; code: whoever has the printed link; invitations: one client for each",
      ).choices(["open", "code", "invitations"]),
    )
    .option("--code-word <word>", "the word in the link, 6 to 100 characters (default: drawn once for the run)")
    .option("--hosted-by <who>", "who runs this, such as a school or a name: the page says it before anybody joins")
    .option("--about <text>", "what the run is for, in a sentence: the page says it before anybody joins")
    .option("--approve", "each client waits until you let it in with `tutti run approve`")
    .option("--backbones-url <url>", "fetch backbones from there instead, such as a CDN with a copy of public/backbones")
    .option(
      "--trust-proxy <number>",
      "proxies before this coordinator whose X-Forwarded-For says who joins (default 0)",
      wholeNumber(0, 16),
    )
    .option("--out <folder>", "where run folders go (default runs)")
    .option("--public <folder>", "holds backbones/, datasets/ and prompts/ (default: the project's public folder)")
    .option("--run <id>", "the run's name (default: it follows from the settings, so the same command resumes)")
    .option("--log-level <level>", "level of the JSON log on stderr, such as info (default warn)")
    .option("--no-compute", "start no compute client on this machine, where the run's strategy or report needs one")
    .option("--dev", "pages with live reload, built from their sources in a checkout of Tutti");
}

/** `tutti serve`: a coordinator whose pages stay up until Ctrl-C. */
export function addServe(program: Command): void {
  withServeOptions(program.command("serve"))
    .description("serve a run: whoever opens the printed link trains in a tab")
    .option("--config <file>", "settings as YAML or JSON: any coordinator setting, `preset`, and `run`")
    .addHelpText(
      "after",
      `
Examples:
  tutti serve                                     open http://localhost:8080 in a few tabs
  tutti serve --https self --open-roster --min-devices 8
  tutti serve --start-from adapters/mine          goes on from an exported adapter
  tutti serve --config experiment.yaml --port 9000`,
    )
    .action(async ({ config, ...flags }: ServeFlags & { config?: string }) => serveRun({ file: config, flags, isOver: "whenStopped" }));
}

/** Serves with the flags laid over a settings file; writes the tuned prompts when the run is over. */
export async function serveRun({ file, flags, isOver, branch, lesson }: ServeOrder): Promise<void> {
  const [
    { mainMetric, presets: known, publicTextsOf },
    { findTask, numClassesOf, rememberLabels, requireDealable, requireSameKind, requireTextTask },
    { readControls, readPublicTextsAt, rememberDatasets },
    { makeRunFolder, mergeSettings, presetByPlace, readWithModules, serve },
    checkout,
  ] = await Promise.all([
    import("@tutti/core"),
    import("@tutti/data"),
    import("@tutti/data/node"),
    import("@tutti/server"),
    import("@tutti/server/checkout"),
  ]);
  if (flags.dev === true && !checkout.isCheckout) {
    throw new UsageError(
      "--dev builds the pages from their sources, which an installed tutti does not have: clone Tutti, or leave --dev out",
    );
  }
  const readTexts: TextsReader = async (place, publicDir) => {
    const folder = String(flags.public ?? publicDir ?? checkout.publicFolder());
    await rememberDatasets(folder);
    return readPublicTextsAt(place, folder);
  };
  const settings = file === undefined ? {} : await readWithModules(file, readTexts);
  const asked = { ...settingsOf(flags), ...(branch === undefined ? {} : { startFrom: branch.startFrom }) };
  const whole = branch ?? lesson;
  const named = whole === undefined ? { presets: known, preset: "default" } : { presets: { whole: whole.settings }, preset: "whole" };
  const chosen =
    lesson === undefined
      ? await presetByPlace({ ...named, file: settings, flags: asked, name: file }, branch !== undefined)
      : { preset: named.preset, doors: lesson.doors, line: null };
  const base = { ...named, preset: chosen.preset, doors: chosen.doors };
  if (chosen.line !== null) console.log(chosen.line);
  // faults of settings and folder are told before pages are built
  const { dataDir, run: asRun } = mergeSettings({
    ...base,
    file: settings,
    flags: asked,
    name: file,
  });
  makeRunFolder(dataDir);
  const places = { publicDir: flags.public ?? settings.publicDir ?? checkout.publicFolder(), pagesDir: settings.pagesDir };
  await rememberDatasets(String(places.publicDir));
  rememberLabels(asRun);
  const task = orWrongUse(() => findTask(asRun.task));
  if (asRun.roster === "fixed") orWrongUse(() => requireDealable(task, asRun.partition));
  const isSkewed = asRun.orders?.some(({ order }) => order.kind === "skew") === true;
  if (isSkewed) orWrongUse(() => requireDealable(task, { kind: "dirichletLabel", dirichletAlpha: 1 }));
  const texts = publicTextsOf(asRun);
  if (texts !== null) orWrongUse(() => requireSameKind(requireTextTask(task, "strategy.distillText"), texts));
  if (flags.dev === true) places.pagesDir = null;
  else places.pagesDir ??= await checkout.ensurePages((line) => console.log(line));
  const reportParts = async ({ run, publicDir }: CoordinatorConfig) => ({
    metric: mainMetric(task, run),
    ...(await readControls(publicDir, run).catch(() => ({ notes: [`the data set of ${run.task} could not be read in ${publicDir}`] }))),
  });
  const end = await serve({
    ...base,
    file,
    flags: { ...asked, ...places },
    numClasses: () => numClassesOf(task),
    report: reportParts,
    ...(task.kind === "reply" ? { numAnswers: numShownAnswers } : {}),
    isOver,
    ...(lesson === undefined ? {} : { host: lesson.host }),
    ...(flags.compute === false ? {} : { computeCommand: [...process.execArgv, process.argv[1] ?? "", "compute", "--quiet"] }),
    readStart,
    readTexts,
    print: (line) => console.log(line),
    ...(flags.dev === true ? { pages: async (server) => (await checkout.loadPagesScript()).developPages(server) } : {}),
    onDone: ({ runId, run, newcomerParams }, { folder }) =>
      writePrompts(join(folder, "prompts.safetensors"), { runId, settings: run, params: newcomerParams }),
  });
  if (flags.dev === true) await (await checkout.loadPagesScript()).closePages();
  if (end === "SIGINT") process.exitCode = exitCodes.interrupted;
  if (end === "SIGTERM") process.exitCode = exitCodes.terminated;
}

/** Answers that the report of a run shows. */
const numShownAnswers = 10;

/** Where they cannot be written the pages stay up all the same: the journal has them, too. */
async function writePrompts(path: string, prompts: Parameters<typeof import("@tutti/model").writePromptsFile>[0]): Promise<void> {
  const [{ writePromptsFile }, { writeWhole }] = await Promise.all([import("@tutti/model"), import("@tutti/terminal")]);
  try {
    await writeWhole(path, writePromptsFile(prompts));
    console.log(`tuned prompts: ${path}`);
  } catch (error) {
    process.exitCode = exitCodes.failure;
    const reason = error instanceof Error ? error.message : String(error);
    console.log(`the tuned prompts could not be written (${reason}); \`tutti run export ${prompts.runId} --file FILE\` writes them`);
  }
}

/** The flags in the shape of a settings file; what was not given is left out. */
export function settingsOf(flags: ServeFlags): Record<string, unknown> {
  if ((flags.cert === undefined) !== (flags.key === undefined)) throw new UsageError("--cert and --key go together");
  if (flags.https !== undefined && flags.cert !== undefined) throw new UsageError("--https and --cert exclude each other: give one");
  const https = flags.cert === undefined ? flags.https : { cert: flags.cert, key: flags.key };
  const run = {
    task: flags.task,
    backbone: flags.backbone,
    numDevices: flags.devices,
    minDevices: flags.minDevices,
    maxDevices: flags.maxDevices,
    numRounds: flags.rounds,
    seed: flags.seed,
    roster: flags.openRoster === true ? "open" : undefined,
  };
  const all = {
    preset: flags.preset,
    host: flags.host,
    port: flags.port,
    plainPort: flags.plainPort,
    https,
    backbonesUrl: flags.backbonesUrl,
    publicUrl: flags.publicUrl,
    admission: flags.admission ?? (flags.codeWord === undefined ? undefined : "code"),
    codeWord: flags.codeWord,
    hostedBy: flags.hostedBy,
    about: flags.about,
    approval: flags.approve,
    trustProxy: flags.trustProxy,
    dataDir: flags.out,
    publicDir: flags.public,
    runId: flags.run,
    startFrom: flags.startFrom,
    logLevel: flags.logLevel ?? "warn",
    dev: flags.dev,
  };
  return { ...given(all), run: given(run) };
}
