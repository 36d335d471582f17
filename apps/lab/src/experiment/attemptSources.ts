import { type RunSettings, sourcePromptPaths } from "@tutti/core";
import { refuseOverlap } from "@tutti/data";
import { listText } from "@tutti/report";
import { ExperimentError } from "./experimentFile.ts";

/** The files of the source prompts that a run mixes, by their place in a public folder; none but for ATTEMPT. */
export function sourcePathsOf(settings: Pick<RunSettings, "backbone" | "tuning">): string[] {
  return sourcePromptPaths(settings);
}

/** What source prompts add to a run's identity: the hash of each file, null for one that is not trained yet; nothing but for ATTEMPT. */
export function sourceIdentity(
  settings: Pick<RunSettings, "backbone" | "tuning">,
  hashes: ReadonlyMap<string, string>,
): { readonly sources?: readonly (string | null)[] } {
  const paths = sourcePathsOf(settings);
  return paths.length === 0 ? {} : { sources: paths.map((path) => hashes.get(path) ?? null) };
}

interface FreeSources {
  readonly settings: Readonly<Record<string, unknown>>;
  /** A sentence that names what is left and why; null where nothing is left out. */
  readonly note: string | null;
}

/** Settings without the source prompts that were trained on this task's set, or on one that shares texts with its test part. */
export function withFreeSources(settings: FreeSources["settings"], { title, task }: { title: string; task: string }): FreeSources {
  const { tuning } = settings as Partial<RunSettings>;
  if (tuning === undefined || !("sources" in tuning) || !isList(tuning.sources)) return { settings, note: null };
  const judged = tuning.sources.map((source) => ({ source, reason: overlapOf(source, task) }));
  const sources = judged.flatMap(({ source, reason }) => (reason === null ? [source] : []));
  const reasons = judged.flatMap(({ reason }) => reason ?? []);
  if (sources.length === 0)
    throw new ExperimentError(`tuning.sources: ${tuning.sources.join(", ")} all share texts with ${task}; name a source that does not`);
  const note = reasons.length === 0 ? null : `On ${task}, ${title} mixes only ${listText(sources)}: ${reasons.join("; ")}.`;
  return { settings: { ...settings, tuning: { ...tuning, sources } }, note };
}

/** Whether these are names at all: the settings are not checked yet. */
const isList = (sources: unknown) => Array.isArray(sources) && sources.length > 0 && sources.every((name) => typeof name === "string");

function overlapOf(source: string, task: string): string | null {
  try {
    refuseOverlap(source, task);
    return null;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
