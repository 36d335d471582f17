import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type BenchRow, missingRow, row } from "../rows.ts";
import type { TorturePart, TorturePlace } from "./part.ts";

/** A part that was told to end has this long to give what it has. */
const graceMs = 15_000;

/** How parts run. */
export interface PartsRun extends Pick<TorturePlace, "seed" | "signal" | "say"> {
  /** All parts together. */
  readonly limitMs: number;
  /** Takes all rows that there are, after each part. */
  keep(rows: readonly BenchRow[]): Promise<void>;
}

/** Runs parts one after another, until the signal or the limit stops them; a part that fails, or gives nothing in time, is a row that does not hold. */
export async function runParts(parts: Readonly<Record<string, TorturePart>>, { limitMs, ...run }: PartsRun): Promise<readonly BenchRow[]> {
  const start = performance.now();
  const limit = new AbortController();
  const timer = setTimeout(() => limit.abort(new Error(`all parts together took ${limitMs / 60_000} minutes`)), limitMs);
  const signal = AbortSignal.any([run.signal, limit.signal]);
  const rows: BenchRow[] = [];
  try {
    for (const [name, part] of Object.entries(parts)) {
      if (run.signal.aborted) break;
      rows.push(...(await runPart(name, part, { ...run, signal })));
      await run.keep(rows);
    }
  } finally {
    clearTimeout(timer);
  }
  if (!run.signal.aborted) rows.push(row("time of all parts", (performance.now() - start) / 60_000, "min", { atMost: limitMs / 60_000 }));
  await run.keep(rows);
  return rows;
}

async function runPart(name: string, part: TorturePart, run: Omit<PartsRun, "limitMs" | "keep">): Promise<readonly BenchRow[]> {
  const folder = await mkdtemp(join(tmpdir(), `tutti-torture-${name}-`));
  const say = (line: string) => run.say(`${name}: ${line}`);
  const start = performance.now();
  try {
    run.signal.throwIfAborted();
    say("begins");
    const rows = await Promise.race([part({ folder, seed: run.seed, signal: run.signal, say }), goneQuiet(run.signal)]);
    say(`${rows.length} rows after ${((performance.now() - start) / 1000).toFixed(0)} s`);
    return rows.map((found) => ({ ...found, name: `${name}: ${found.name}` }));
  } catch (error) {
    const reason = error instanceof Error ? (error.message.split("\n")[0] ?? "") : String(error);
    say(`failed: ${error instanceof Error ? (error.stack ?? reason) : reason}`);
    return [missingRow(`${name}: runs to its end`, "", reason.slice(0, 200), { atLeast: 1 })];
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Rejects when a part has given nothing some time after it was told to end. */
function goneQuiet(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    const stop = () =>
      void setTimeout(() => reject(signal.reason instanceof Error ? signal.reason : new Error(String(signal.reason))), graceMs).unref();
    if (signal.aborted) stop();
    else signal.addEventListener("abort", stop, { once: true });
  });
}
