import { isDeepStrictEqual } from "node:util";
import { isModule, type RunSettings } from "@tutti/core";
import { runSettingsSchema } from "@tutti/protocol";
import { ConfigError, type CoordinatorConfig } from "./config.ts";
import { type Journal, openJournal } from "./journal/journal.ts";
import { type KeyValueStore, memoryStore } from "./journal/keyValueStore.ts";
import { replaceOlderKeys } from "./journal/olderKeys.ts";
import { openStore } from "./journal/openStore.ts";
import { withRoom } from "./journal/readRun.ts";
import { requireSameTexts } from "./publicTexts.ts";
import { findRunId, openRunFolder, type RunFolder } from "./runFolder.ts";
import { createKeptRounds, type KeptRounds } from "./start/keptRounds.ts";
import type { StartFrom } from "./start/startingPoint.ts";
import { lockRunFolder, orWithReason } from "./writableFolder.ts";

/** A run's folder and journal, which are this process's until they are released. */
export interface OpenedRun {
  readonly runId: string;
  readonly folder: RunFolder;
  readonly journal: Journal;
  readonly keptRounds: KeptRounds;
  /** Whether an earlier process began it. */
  readonly isResumed: boolean;
  /** What is to be said once, such as that the folder was an older version's. */
  readonly notes: readonly string[];
  /** Closes what it stores and gives the folder back. */
  release(): Promise<void>;
}

/** Opens the run that a configuration names; throws a ConfigError where another process has it, or where it was begun with other settings. */
export async function openRun(config: CoordinatorConfig, store: KeyValueStore | undefined): Promise<OpenedRun> {
  const { dataDir } = config;
  const runId = config.runId ?? findRunId(config);
  const folder = openRunFolder(dataDir, runId, !config.writesRunFiles);
  const unlock = lockRunFolder(folder.path);
  const notes: string[] = [];
  let records: KeyValueStore | null = null;
  let journal: Journal | null = null;
  let keptRounds: KeptRounds | null = null;
  const release = async () => {
    try {
      await (journal ?? records)?.close();
      await keptRounds?.close();
    } finally {
      unlock();
    }
  };
  try {
    const open = async (name: "journal" | "rounds") => {
      const opened = await orWithReason(folder.path, openStore(folder.path, name));
      if (opened.note !== null) notes.push(opened.note);
      return opened.store;
    };
    records = store ?? (await open("journal"));
    journal = openJournal(records, await replaceOlderKeys(records));
    requireSameRun(journal, config, { runId, folder: folder.path });
    const rounds = store === undefined && config.keepRoundsBytes > 0 ? await open("rounds") : memoryStore();
    keptRounds = createKeptRounds(rounds, config.keepRoundsBytes);
    return { runId, folder, journal, keptRounds, isResumed: journal.contents() !== null, notes, release };
  } catch (error) {
    await release();
    throw error;
  }
}

/** A folder holds one run: other settings under the same id are refused, with the names that differ. */
function requireSameRun(
  journal: Journal,
  { run, startFrom }: CoordinatorConfig,
  { runId, folder }: { readonly runId: string; readonly folder: string },
): void {
  const contents = journal.contents();
  if (contents === null) return;
  const begunFrom = contents.start?.startFrom ?? null;
  if (startFrom !== undefined && !isDeepStrictEqual(begunFrom, startFrom)) {
    throw new ConfigError(
      `run ${runId} in ${folder} was started from ${begunFrom === null ? "values drawn from its seed" : placeText(begunFrom)}, not from ${placeText(startFrom)}: choose another run id, or leave startFrom out to resume it`,
    );
  }
  const begun = runSettingsSchema.safeParse(withRoom(contents.run)); // fills in what older runs had no choice of
  if (begun.success) {
    requireSameCode(begun.data, run, `run ${runId} in ${folder}`);
    requireSameTexts(begun.data, run, `run ${runId} in ${folder}`);
  }
  const names = differences(begun.success ? begun.data : contents.run, JSON.parse(JSON.stringify(run)), "run").filter(
    (name) => run.roster !== "fixed" || !["run.minDevices", "run.maxDevices"].includes(name), // which a fixed roster does not look at
  );
  if (names.length === 0) return;
  throw new ConfigError(
    `run ${runId} in ${folder} was started with other settings (${names.join(", ")}): choose another run id, or use the same settings to resume it`,
  );
}

/** Throws a ConfigError where a run was begun with other code of the module that both name. */
export function requireSameCode({ strategy: begun }: RunSettings, { strategy: now }: RunSettings, what: string): void {
  if (!isModule(begun) || !isModule(now) || begun.module !== now.module || begun.sha256 === now.sha256) return;
  throw new ConfigError(
    `${what} was begun with ${begun.module} of SHA-256 ${begun.sha256.slice(0, 12)}, and the file or one of its imports has changed: it is ` +
      `${now.sha256.slice(0, 12)} now; put the earlier code back to resume the run, or choose another run id to start one with this code`,
  );
}

function placeText(startFrom: StartFrom): string {
  return typeof startFrom === "string" ? startFrom : `run ${startFrom.run} after round ${startFrom.round}`;
}

function differences(a: unknown, b: unknown, path: string): string[] {
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return Object.is(a, b) ? [] : [path];
  const names = new Set([...Object.keys(a), ...Object.keys(b)]);
  return [...names].flatMap((name) => differences(Reflect.get(a, name), Reflect.get(b, name), `${path}.${name}`));
}
