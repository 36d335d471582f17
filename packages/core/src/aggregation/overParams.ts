import { type Params, requireSameShapes, scale, sortedNames, weightedSum } from "../params.ts";
import { normsOf } from "./distances.ts";
import { clipFactor } from "./sums.ts";
import type { Rule } from "./table.ts";

/** The one update that a rule makes of several, all of one shape; without a rule their weighted sum. */
export function combineParams(rule: Rule | null, list: readonly Params[], weights: readonly number[]): Params {
  if (rule === null) return weightedSum(list, weights);
  const names = namesOf(list);
  return tensorsOf(rule.combine({ vectors: list.map((params) => flattened(params, names)), weights }), list[0], names);
}

/** The same updates, those that are longer than the rule's norm scaled down to it: what a server keeps of single devices is made of these. */
export function clippedParams(rule: Rule | null, list: readonly Params[]): readonly Params[] {
  if (rule === null) return list;
  const names = namesOf(list);
  const norms = normsOf(list.map((params) => flattened(params, names)));
  const longest = rule.maxNorm(norms);
  return list.map((params, place) => {
    const factor = clipFactor(norms[place], longest);
    return factor === 1 ? params : scale(params, factor);
  });
}

/** All values, the tensors behind each other in the order of `names`; not copied where there is one. */
export function flattened(params: Params, names: readonly string[]): Float32Array {
  if (names.length === 1) return params[names[0]].data;
  const out = new Float32Array(names.reduce((sum, name) => sum + params[name].data.length, 0));
  let at = 0;
  for (const name of names) {
    out.set(params[name].data, at);
    at += params[name].data.length;
  }
  return out;
}

/** Values that lie behind each other as tensors like these, rounded to f32. */
export function tensorsOf(values: Float64Array, like: Params, names: readonly string[]): Params {
  let at = 0;
  const entries = names.map((name): [string, Params[string]] => {
    const { shape, data } = like[name];
    const own = Float32Array.from(values.subarray(at, at + data.length));
    at += data.length;
    return [name, { shape, data: own }];
  });
  return Object.fromEntries(entries);
}

function namesOf(list: readonly Params[]): string[] {
  if (list.length === 0) throw new Error("aggregation: no updates, expected at least one");
  for (const params of list) requireSameShapes(list[0], params);
  return sortedNames(list[0]);
}
