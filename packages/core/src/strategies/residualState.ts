import { foldedResidual, isThin, type Residual } from "../lowRank/residual.ts";
import type { LowRankFactors } from "../lowRank/truncate.ts";
import type { Params } from "../params.ts";
import { joinedResidual, residualPrefix, residualSetName } from "../residualParams.ts";
import type { LoraPair } from "../tunings/loraFactors.ts";
import { under, withPrefix } from "./tensors.ts";

/** Parts of a residual that are sent side by side; one more makes them one. */
const mostParts = 8;

/** What a step adds to the residual of each matrix, by the name of its b; a matrix to which nothing is added is absent. */
export type AddedResiduals = ReadonlyMap<string, Residual>;

/**
 * The parts of a residual that a strategy keeps under `R/<part>/residual/…`, each with the name of its parameter set. A part stays as it is while
 * later rounds add parts to it, so that a device that has it fetches only those.
 */
export function residualSets(tensors: Params): [string, Params][] {
  return partNumbers(tensors).map((part) => [residualSetName(part), under(tensors, keyOf(part))]);
}

/** The whole residual as its devices use it. */
export function wholeResidual(tensors: Params): Params {
  const sets = residualSets(tensors);
  return sets.length === 0 ? {} : joinedResidual(sets.map(([, params]) => params));
}

/**
 * The tensors with more residual: a further part, as long as the factors of all parts hold fewer values than their matrix. From then on, or after
 * eight parts, all become one, in which each matrix is as foldedResidual has it.
 */
export function withResidual(tensors: Params, pairs: readonly LoraPair[], added: AddedResiduals): Params {
  if (added.size === 0) return tensors;
  const numbers = partNumbers(tensors);
  const parts = numbers.map((part) => under(tensors, keyOf(part)));
  const isFull = numbers.length >= mostParts || pairs.some(({ b }) => isTooThick(b, parts, added.get(b)));
  if (!isFull) return { ...tensors, ...withPrefix(keyOf(numbers.length), named(added)) };
  const folded = new Map<string, Residual>();
  for (const { b } of pairs) {
    const own = parts.flatMap((part) => residualIn(part, b));
    const more = added.get(b);
    const whole = foldedResidual(more === undefined ? own : [...own, more]);
    if (whole !== null) folded.set(b, whole);
  }
  const others = Object.entries(tensors).filter(([name]) => !name.startsWith("R/"));
  return { ...Object.fromEntries(others), ...withPrefix(keyOf(0), named(folded)) };
}

/** Whether what is added is dense, or the matrix's factors together hold as many values as the matrix. */
function isTooThick(b: string, parts: readonly Params[], added: Residual | undefined): boolean {
  if (added === undefined) return false;
  if (added.kind === "dense") return true;
  const factors = parts.flatMap((part) => residualIn(part, b)).filter((one): one is Residual & LowRankFactors => one.kind === "factors");
  const rank = factors.reduce((sum, { a }) => sum + a.shape[0], added.a.shape[0]);
  return !isThin(rank, [added.b.shape[0], added.a.shape[1]]);
}

function residualIn(part: Params, b: string): Residual[] {
  const base = baseOf(b);
  const found: Residual[] = [];
  if (Object.hasOwn(part, `${base}/dense`)) found.push({ kind: "dense", values: part[`${base}/dense`] });
  if (Object.hasOwn(part, `${base}/b`)) found.push({ kind: "factors", b: part[`${base}/b`], a: part[`${base}/a`] });
  return found;
}

function named(residuals: AddedResiduals): Params {
  const entries = [...residuals].flatMap(([b, residual]): [string, Params[string]][] => {
    const base = baseOf(b);
    if (residual.kind === "dense") return [[`${base}/dense`, residual.values]];
    return [
      [`${base}/a`, residual.a],
      [`${base}/b`, residual.b],
    ];
  });
  return Object.fromEntries(entries);
}

/** `lora/0/query/b` → `residual/0/query`. */
function baseOf(b: string): string {
  return `${residualPrefix}${b.slice("lora/".length, -"/b".length)}`;
}

function keyOf(part: number): string {
  return `R/${part}/`;
}

function partNumbers(tensors: Params): number[] {
  const numbers = new Set<number>();
  for (const name of Object.keys(tensors)) {
    const [, part] = /^R\/(\d+)\//.exec(name) ?? [];
    if (part !== undefined) numbers.add(Number(part));
  }
  return [...numbers].sort((one, other) => one - other);
}
