import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { StepRecord } from "@tutti/record";
import { ConfigError } from "../config.ts";
import { inspectLog, type LogDamage } from "../journal/inspectLog.ts";
import { openJournal } from "../journal/journal.ts";
import { journalKeyFor } from "../journal/journalKey.ts";
import { memoryStore } from "../journal/keyValueStore.ts";
import { olderFile } from "../journal/olderStore.ts";
import { hasJournal, positionText, type StoreName } from "../journal/openStore.ts";
import { listRunIds } from "../journal/readRun.ts";
import { repairLog } from "../journal/repairLog.ts";
import { lockRunFolder } from "../writableFolder.ts";

/** One of a run's stores, damaged. */
interface DamagedStore {
  readonly name: StoreName;
  readonly damage: LogDamage;
}

/** What a repair found and did, as lines for a person. */
export interface Repair {
  readonly lines: readonly string[];
  /** `sound`: there is nothing to repair. `shown`: what is lost, and nothing was changed. `hopeless`: no sound record is left. */
  readonly outcome: "sound" | "shown" | "repaired" | "hopeless";
}

/** Shows what of a run is damaged and what goes with it; with `isConfirmed` goes back to the last sound record and keeps a copy of the damaged files. */
export async function repairRun(dataDir: string, runId: string, isConfirmed: boolean): Promise<Repair> {
  const folder = join(dataDir, runId);
  if (!hasJournal(folder))
    throw new ConfigError(`${dataDir} has no run ${runId}; its runs are ${listRunIds(dataDir).join(", ") || "none"}`);
  const unlock = lockRunFolder(folder, "stop it first");
  try {
    const damaged = await findDamage(folder);
    if (damaged.length === 0) return { outcome: "sound", lines: [soundText(folder, runId)] };
    const hopeless = damaged.filter((store) => !canGoBack(store));
    const lines = damaged.flatMap((store) => lossText(folder, store));
    if (hopeless.length > 0) return { outcome: "hopeless", lines: [...lines, ...hopelessText(runId)] };
    if (!isConfirmed)
      return {
        outcome: "shown",
        lines: [...lines, `\`tutti run repair ${runId}${outFlag(dataDir)} --yes\` does that; nothing was changed yet`],
      };
    const copies: string[] = [];
    for (const { name, damage } of damaged) {
      if (damage.sound !== null) copies.push(await repairLog(join(folder, name), journalKeyFor(folder), damage.sound));
    }
    const done = `run ${runId} is back at its last sound record; the damaged files are in ${copies.join(" and ")}. The command that started the run resumes it`;
    return { outcome: "repaired", lines: [...lines, done] };
  } finally {
    unlock();
  }
}

async function findDamage(folder: string): Promise<DamagedStore[]> {
  const damaged: DamagedStore[] = [];
  for (const name of ["journal", "rounds"] as const) {
    const found = await inspectLog(join(folder, name), journalKeyFor(folder), true);
    if (found.kind === "damaged") damaged.push({ name, damage: found.damage });
  }
  return damaged;
}

/** Past states stand alone, so that those that are read are kept; a journal needs a whole moment. */
const canGoBack = ({ name, damage: { sound } }: DamagedStore) => sound !== null && (sound.isWhole || name === "rounds");

function soundText(folder: string, runId: string): string {
  if (!existsSync(olderFile(join(folder, "journal")))) return `run ${runId}: every record is as it was written; nothing is to be repaired`;
  return `run ${runId} is of an older version, whose records are not chained: nothing tells whether they are as they were written, and there is none to go back to`;
}

function lossText(folder: string, { name, damage: { what, sound, lastNumber } }: DamagedStore): string[] {
  const lines = [`${join(folder, name)} is damaged: ${what}`];
  if (sound === null) return lines;
  const { number } = sound.end;
  if (sound.isWhole) lines.push(`  the last sound record is ${number}${positionText(name, sound.values)}`);
  if (lastNumber === null) lines.push(`  what was recorded after it is lost`);
  else lines.push(lastNumber > number ? `  records ${number + 1} to ${lastNumber} are lost` : "  nothing that was acknowledged is lost");
  if (name === "rounds") return [...lines, "  the run goes on to the same result; `tutti run branch` has fewer rounds to choose from"];
  const steps = stepsAfter(folder, sound.values);
  if (steps.length > 0) lines.push(`  steps that are computed again: ${steps.join(", ")}`);
  return [...lines, "  devices whose private state is newer start it again, which the run says; its result may then be another one"];
}

/** Steps that the run's other files know and that come after a moment. */
function stepsAfter(folder: string, values: ReadonlyMap<string, Uint8Array>): string[] {
  const path = join(folder, "rounds.jsonl");
  if (!existsSync(path)) return [];
  const numClosed = openJournal(memoryStore(new Map(values))).contents()?.history.length ?? 0;
  const lines = readFileSync(path, "utf8").split("\n").slice(numClosed);
  return lines.flatMap((line) => stepOf(line) ?? []);
}

/** Such as `train 3.1`; null for a line that a kill left unfinished. */
function stepOf(line: string): string | null {
  try {
    const { stage, round, step } = JSON.parse(line) as StepRecord;
    return `${stage} ${round}.${step}`;
  } catch {
    return null;
  }
}

function hopelessText(runId: string): string[] {
  return [
    `no sound record of run ${runId} is left, so it cannot go on: start it again under another --run, or from prompts.safetensors of its folder with --start-from`,
  ];
}

const outFlag = (dataDir: string) => (dataDir === "runs" ? "" : ` --out ${dataDir}`);
