import { isResidualName, isSvdName, loraPairs, type Params, residualPrefix, svdTriplets, type Tensor, tunedShape } from "@tutti/core";
import type { Tuned } from "../training/gradient.ts";
import { laidOut, type TunedLayout } from "./layout.ts";

/** A tuned backbone for parameters of which some components are dead: it computes those alone that are there. The same one where all are. */
export function fittedTo<T extends Pick<Tuned, "tuner" | "layout">>(tuned: T, params: Params | null): T {
  const { layout, tuner } = tuned;
  const isWhole = ({ name, shape }: TunedLayout["entries"][number]) => !isSvdName(name) || params?.[name]?.shape.join() === shape.join();
  if (params === null || tuner.atRanks === undefined || layout.entries.every(isWhole)) return tuned;
  return { ...tuned, ...cutTo(tuned, params) };
}

/** Layout and tuner of a method of low-rank differences for the factors that there are. */
export function cutTo({ layout, tuner }: Pick<Tuned, "layout" | "tuner">, sent: Params): Pick<Tuned, "layout" | "tuner"> {
  const own = layoutAt(layout, sent);
  const ranks = new Map(own.entries.map(({ name, shape }) => [name, shape[0]])); // A and e begin with their rank
  const cut = tuner.atRanks?.({
    entries: own.entries.filter(({ name }) => isFactor(name)),
    ranks: (layer, { name }) => ranks.get(`lora/${layer}/${name}/a`) ?? ranks.get(`svdLora/${layer}/${name}/e`) ?? 0,
  });
  return { layout: own, tuner: cut ?? tuner };
}

/** A run's layout with the low-rank factors that there are, at their own ranks. Throws a sentence about one that does not fit. */
export function layoutAt(layout: TunedLayout, sent: Params): TunedLayout {
  for (const { a, b } of loraPairs(tunedShape(layout.entries))) requirePair(a, b, sent);
  for (const { p, e, q } of svdTriplets(tunedShape(layout.entries))) for (const part of [p, e]) requirePair(q, part, sent);
  for (const name of Object.keys(sent).filter(isResidualName)) requireFactorsBeside(name, sent);
  const entries = layout.entries.flatMap((entry) => {
    if (!isFactor(entry.name)) return [entry];
    const found = sent[entry.name];
    if (found === undefined) return [];
    requireWithin(entry.name, found, entry.shape);
    return [{ ...entry, shape: found.shape }];
  });
  return laidOut(entries);
}

function isFactor(name: string): boolean {
  return name.startsWith("lora/") || isSvdName(name);
}

function requireWithin(name: string, { shape: found }: Tensor, most: readonly number[]): void {
  const rankAxis = /\/(b|p)$/.test(name) ? 1 : 0;
  const fits =
    found.length === most.length && found.every((size, axis) => (axis === rankAxis ? size > 0 && size <= most[axis] : size === most[axis]));
  if (!fits) {
    const wanted = most.map((size, axis) => (axis === rankAxis ? `1 to ${size}` : String(size)));
    throw new Error(`tensor ${name}: shape [${found.join(",")}], expected [${wanted.join(",")}], where the run's rank is the most`);
  }
}

/** That both factors of a matrix are there, with one rank, or none; the second one's rank is its last size. */
function requirePair(a: string, b: string, sent: Params): void {
  const [rankA, rankB] = [sent[a]?.shape[0] ?? 0, sent[b]?.shape.at(-1) ?? 0];
  if (rankA !== rankB) throw new Error(`tensors ${a} and ${b}: found ranks ${rankA} and ${rankB}, expected the same`);
}

/** A frozen difference is computed beside the device's own of the same matrix; without one it would be left out in silence. */
function requireFactorsBeside(name: string, sent: Params): void {
  const factor = name.replace(residualPrefix, "lora/").replace(/\/[^/]+$/, "/a");
  if (sent[factor] === undefined) throw new Error(`tensor ${name}: found it without ${factor}, expected factors of the same matrix`);
}
