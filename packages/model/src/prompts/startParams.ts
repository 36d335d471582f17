import { isResidualName, type Params, type RunSettings, type TuningSettings, tuningMeaning, tuningOf, tuningSchema } from "@tutti/core";
import { findClassification, findTask, numClassesOf } from "@tutti/data";
import type { BackboneManifest } from "../backbone/manifest.ts";
import { tunedLayout } from "../tuning/layout.ts";
import { type PeftFolderFiles, readPeftFolder } from "./peftFolder.ts";
import { openPromptsFile } from "./promptsFile.ts";

/** The bytes that parameters to start from are read from, and where they lie, which errors name. */
export type StartSource =
  | { readonly kind: "promptsFile"; readonly path: string; readonly file: Uint8Array }
  | { readonly kind: "peftAdapter"; readonly path: string; readonly files: PeftFolderFiles };

/** Where parameters to start from were made, for logs and reports. */
export interface StartOrigin {
  readonly kind: StartSource["kind"];
  readonly path: string;
  /** The run of Tutti that tuned them; null where others did. */
  readonly runId: string | null;
  /** What an adapter calls the model that it was tuned on. */
  readonly baseModel: string | null;
  /** Tensors of an adapter that a run cannot use. */
  readonly unused: readonly string[];
}

/** What a run starts from: every parameter that it trains, in the layout's order. */
export interface StartParams {
  readonly params: Params;
  readonly origin: StartOrigin;
}

/** The settings that decide what a run's parameters mean. */
export type StartRun = Pick<RunSettings, "seed" | "backbone" | "task" | "tuning">;

/**
 * The parameters that a run with these settings starts from. What does not fit the run is an error that names the setting or the tensor, what was
 * found, what was expected and the way out: everything of `tuning` but dropout and loss, the backbone, the classes of a linear head, every shape.
 */
export function startParams(source: StartSource, manifest: Pick<BackboneManifest, "config">, run: StartRun): StartParams {
  const found = source.kind === "promptsFile" ? ofPromptsFile(source) : ofAdapter(source, manifest, run.tuning);
  const { params, settings, classes, origin } = found;
  const misfits = settingMisfits(settings, run, classes);
  if (misfits.length > 0) {
    throw new Error(
      `${source.path} does not fit the run: ${misfits.join("; ")}; change the run's settings, or start from other parameters`,
    );
  }
  return { params: fitted(params, manifest, run, source.path), origin };
}

/** What a source says of itself before anything is compared. */
interface Found {
  readonly params: Params;
  /** Its run's settings, or what an adapter of others implies. */
  readonly settings: FoundSettings;
  readonly classes: readonly string[] | null;
  readonly origin: StartOrigin;
}

interface FoundSettings {
  readonly seed?: unknown;
  readonly backbone?: unknown;
  readonly tuning: Readonly<Record<string, unknown>>;
}

function ofPromptsFile({ kind, path, file }: Extract<StartSource, { kind: "promptsFile" }>): Found {
  const { params, metadata } = named(path, () => openPromptsFile(file));
  return { params, ...described(metadata, path), origin: { kind, path, runId: metadata.runId ?? null, baseModel: null, unused: [] } };
}

function ofAdapter(
  { kind, path, files }: Extract<StartSource, { kind: "peftAdapter" }>,
  { config }: Pick<BackboneManifest, "config">,
  { positionsAfterPrefix, promptDropout, lossOver }: TuningSettings,
): Found {
  const { params, tuning, baseModel, unused, description } = named(path, () => readPeftFolder(files, config));
  const origin = { kind, path, runId: description?.runId ?? null, baseModel, unused };
  if (description !== null) return { params, ...described(description, path), origin };
  // an adapter of others has no head that Tutti could use, so only a run without one can start from it
  const common = { positionsAfterPrefix, promptDropout, lossOver, head: "labelWords" };
  return { params, settings: { tuning: { ...common, ...tuning } }, classes: null, origin };
}

/** The settings and classes in a file's metadata. */
function described({ settings, classes }: Readonly<Record<string, string>>, path: string): Pick<Found, "settings" | "classes"> {
  const parsed: unknown = named(path, () => JSON.parse(settings ?? "null"));
  if (!isRecord(parsed) || !isRecord(parsed.tuning)) {
    throw new Error(`${path}: its metadata names no settings of a run; export the prompts again with \`tutti prompt export\``);
  }
  const names: unknown = named(path, () => JSON.parse(classes ?? "null"));
  return { settings: { ...parsed, tuning: parsed.tuning }, classes: Array.isArray(names) ? names.map(String) : null };
}

function settingMisfits(found: FoundSettings, run: StartRun, classes: readonly string[] | null): string[] {
  const { tuning } = run;
  if (found.tuning.method !== tuning.method) return [misfit("tuning.method", found.tuning.method, tuning.method)];
  const parsed = tuningSchema.safeParse(found.tuning);
  const meant: Readonly<Record<string, unknown>> = parsed.success ? tuningMeaning(parsed.data) : found.tuning;
  const misfits = Object.entries(tuningMeaning(tuning)).flatMap(([name, expected]) => differing(`tuning.${name}`, meant[name], expected));
  if (found.backbone !== undefined) misfits.unshift(...differing("backbone", found.backbone, run.backbone));
  if (tuningOf(tuning).isRelativeToSeed(tuning)) misfits.push(...differing("seed", found.seed, run.seed));
  if (tuning.head === "linear" && classes !== null)
    misfits.push(...differing("classes of head/weight", classes, findClassification(run.task, "starting from tuned parameters").classes));
  return misfits;
}

function differing(name: string, found: unknown, expected: unknown): string[] {
  return JSON.stringify(found) === JSON.stringify(expected) ? [] : [misfit(name, found, expected)];
}

function misfit(name: string, found: unknown, expected: unknown): string {
  return `${name} is ${shown(found)}, the run has ${shown(expected)}`;
}

function shown(value: unknown): string {
  return typeof value === "string" ? value : (JSON.stringify(value) ?? "not given");
}

/** The run's tensors, in its order; throws, naming the tensor, where one is missing, has another shape or is not the run's. */
function fitted(params: Params, { config }: Pick<BackboneManifest, "config">, run: StartRun, path: string): Params {
  const { entries } = tunedLayout(config, run.tuning, numClassesOf(findTask(run.task)));
  const residual = Object.keys(params).find(isResidualName);
  if (residual !== undefined) {
    throw new Error(
      `${path}: tensor ${residual} is a residual of the backbone's weights, without which its factors mean something else; export that run with --merged FOLDER, add the folder as a backbone, and start from that`,
    );
  }
  const extra = Object.keys(params).find((name) => !entries.some((entry) => entry.name === name));
  if (extra !== undefined) throw new Error(`${path}: tensor ${extra} is not one that the run trains; start from other parameters`);
  const fit = entries.map(({ name, shape }) => {
    const tensor = params[name];
    if (tensor === undefined) {
      throw new Error(`${path}: tensor ${name} of shape [${shape}] is missing; there are ${Object.keys(params).join(", ") || "none"}`);
    }
    if (tensor.shape.join() !== shape.join()) {
      throw new Error(`${path}: tensor ${name} has shape [${tensor.shape}], the run on ${run.backbone} needs [${shape}]`);
    }
    return [name, tensor] as const;
  });
  return Object.fromEntries(fit);
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Errors that begin with the place they are about. */
function named<T>(path: string, read: () => T): T {
  try {
    return read();
  } catch (cause) {
    throw new Error(`${path}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
  }
}
