import { isDeepStrictEqual } from "node:util";
import { isLoopback, publicUrls } from "./entry/addresses.ts";
import { listRunIds, readRun } from "./journal/readRun.ts";
import { findRunId } from "./runFolder.ts";
import { mergeSettings, type Overrides, publicDoors, type SettingsSources } from "./settings.ts";

/** Which preset is taken where nobody names one, and what is said of it. */
export interface ChosenPreset {
  readonly preset: string;
  /** Coordinator settings below those of file and flags. */
  readonly doors: Overrides;
  /** Null where there is nothing to say. */
  readonly line: string | null;
}

const sameAsBefore = "`--preset default` lets everybody in, and trusts what they send";

/**
 * The preset for a run whose settings name none: `public` where other machines may come, else `sources.preset`. A run that was begun before with
 * `sources.preset` keeps its numbers, and gets the doors alone; so does a run whose settings are given whole.
 */
export async function presetByPlace(sources: SettingsSources, isWhole: boolean): Promise<ChosenPreset> {
  const { preset, file = {}, flags = {} } = sources;
  const plain = { preset, doors: {}, line: null };
  if (flags.preset !== undefined || file.preset !== undefined) return plain;
  const config = mergeSettings(sources);
  if (isLoopback(config.host) && publicUrls(config.publicUrl).length === 0) return plain;
  const guarded = { preset, doors: publicDoors };
  if (isWhole)
    return { ...guarded, line: `other machines may come, so the link carries a code word; \`admission: open\` lets everybody in` };
  if (await wasBegun(sources)) {
    return {
      ...guarded,
      line: `this run was begun with the preset ${preset} and keeps its settings; as other machines may come, the link carries a code word`,
    };
  }
  return { preset: "public", doors: {}, line: `preset public, as other machines may come; ${sameAsBefore}` };
}

/** Whether the folder has the run that `sources.preset` gives, and not the one of `public`. */
async function wasBegun(sources: SettingsSources): Promise<boolean> {
  const [before, now] = [sources.preset, "public"].map((preset) => mergeSettings({ ...sources, preset }));
  if (before === undefined || now === undefined || isDeepStrictEqual(before.run, now.run)) return false;
  const known = listRunIds(before.dataDir);
  if (before.runId === undefined) return known.includes(findRunId(before)) && !known.includes(findRunId(now));
  if (!known.includes(before.runId)) return false;
  const { run } = await readRun(before.dataDir, before.runId);
  return isDeepStrictEqual(JSON.parse(JSON.stringify(run)), JSON.parse(JSON.stringify(before.run)));
}
