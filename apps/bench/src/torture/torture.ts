import { nameMachine, writeWhole } from "@tutti/terminal";
import type { BenchRow } from "../rows.ts";
import { markdownOf, tableOf } from "../table.ts";
import type { TorturePart } from "./part.ts";
import { type TortureName, tortureNames, tortureParts } from "./parts.ts";
import { runParts } from "./runParts.ts";

/** All parts together take less. */
const limitMs = 30 * 60_000;

/** What `npm run torture` was asked for, and where its rows go. */
export interface TortureAsked {
  /** Empty for all. */
  readonly only: readonly TortureName[];
  readonly seed: number;
  /** The file that keeps the rows, written after each part. */
  readonly json: string | undefined;
  readonly form: "table" | "markdown";
  readonly signal: AbortSignal;
  print(text: string): void;
  say(line: string): void;
}

/** Runs the parts and prints their rows, also those of a run that was stopped; whether every goal holds. */
export async function runTorture({ only, seed, json, form, signal, print, say }: TortureAsked): Promise<boolean> {
  const machine = nameMachine();
  print(`${machine}, seed ${seed}`);
  const names = tortureNames.filter((name) => only.length === 0 || only.includes(name));
  const parts: Record<string, TorturePart> = Object.fromEntries(names.map((name) => [name, tortureParts[name]]));
  const keep = async (rows: readonly BenchRow[]) => {
    if (json !== undefined) await writeWhole(json, `${JSON.stringify({ machine, seed, rows }, null, 2)}\n`);
  };
  const rows = await runParts(parts, { seed, signal, say, limitMs, keep });
  print(form === "markdown" ? markdownOf(rows) : tableOf(rows));
  return rows.every(({ holds }) => holds !== false);
}
