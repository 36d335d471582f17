import { createRandom } from "@tutti/core";
import type { FuzzTarget, LazyTarget } from "./target.ts";

/** One case: the target's place in the list, and which of its cases. */
export interface CaseName {
  readonly target: number;
  readonly index: number;
}

/** A case that went wrong. */
export interface CaseFault extends CaseName {
  readonly what: string;
}

/** Which cases run, and who is told. */
export interface CasesRun {
  readonly seed: number;
  /** Of all targets together. */
  readonly numCases: number;
  /** This process's part of them: every `of`th case, from `at` on. */
  readonly share?: { readonly at: number; readonly of: number };
  /** Cases before this one are left out. */
  readonly from?: CaseName;
  /** A case that takes more of the processor went wrong. */
  readonly limitMs: number;
  readonly signal?: AbortSignal;
  /** Told before a case runs. */
  onCase?(name: CaseName): void;
  onFault(fault: CaseFault): void;
}

/** How many cases each target gets; at least one. */
export function casesOf(targets: readonly LazyTarget[], numCases: number): number[] {
  const sum = targets.reduce((total, { weight = 1 }) => total + weight, 0);
  return targets.map(({ weight = 1 }) => Math.max(1, Math.ceil((numCases * weight) / sum)));
}

/** Runs the cases of all targets; gives how many ran. */
export async function runCases(targets: readonly LazyTarget[], run: CasesRun): Promise<number> {
  const { numCases, from = { target: 0, index: 0 }, share = { at: 0, of: 1 }, signal, onCase } = run;
  const counts = casesOf(targets, numCases);
  let numRun = 0;
  for (const [target, lazy] of targets.entries()) {
    if (target < from.target) continue;
    const opened = await lazy.open();
    const first = target === from.target ? from.index : 0;
    const { at, of } = share;
    for (let index = first + ((((at - first) % of) + of) % of); index < (counts[target] ?? 0); index += of) {
      if (signal?.aborted) return numRun;
      onCase?.({ target, index });
      await runCase(opened, { target, index }, run);
      numRun += 1;
    }
  }
  return numRun;
}

async function runCase(target: FuzzTarget, name: CaseName, { seed, limitMs, onFault }: CasesRun): Promise<void> {
  const start = process.cpuUsage(); // not the clock: the machine may have much else to do
  const fault = await tryOne(target, seed, name.index);
  const { user, system } = process.cpuUsage(start);
  const tookMs = (user + system) / 1000;
  if (fault !== null) onFault({ ...name, what: fault });
  else if (tookMs > limitMs) onFault({ ...name, what: `took ${(tookMs / 1000).toFixed(1)} s` });
}

/** One case of a target again, by the numbers that a fault is told with. */
export async function tryOne(target: FuzzTarget, seed: number, index: number): Promise<string | null> {
  try {
    return await target.tryCase(createRandom(seed).stream({ purpose: target.name, round: index }));
  } catch (error) {
    return `let out ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`;
  }
}
