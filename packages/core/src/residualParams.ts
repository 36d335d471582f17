import { createTensor, type Params, type Tensor } from "./params.ts";
import type { ParameterSets } from "./task.ts";

/** Names of a residual's tensors begin with it: `residual/<layer>/<matrix>/b` and `/a`, factors of b a, and `residual/<layer>/<matrix>/dense`. */
export const residualPrefix = "residual/";

/** The name of a residual's parameter set, whose parts are numbered from 0. */
export function residualSetName(part: number): string {
  return `${residualPrefix}${part}`;
}

/** Whether a parameter set is a part of the residual. */
export function isResidualSet(name: string): boolean {
  return /^residual\/\d+$/.test(name);
}

/** The residual of a task, all parts as one: the columns of every b side by side, the rows of every a one above the other. {} where there is none. */
export function residualOf(sets: ParameterSets<Params>): Params {
  const names = Object.keys(sets).filter(isResidualSet);
  const inOrder = names.sort((one, other) => Number(one.slice(residualPrefix.length)) - Number(other.slice(residualPrefix.length)));
  return joinedResidual(inOrder.map((name) => sets[name]));
}

/** Parts of a residual as one, in their order. A matrix has one dense difference at most, and factors beside it. */
export function joinedResidual(parts: readonly Params[]): Params {
  if (parts.length === 1) return parts[0];
  const names = new Set(parts.flatMap((part) => Object.keys(part)));
  return Object.fromEntries(
    [...names].map((name) => {
      const found = parts.flatMap((part) => (Object.hasOwn(part, name) ? [part[name]] : []));
      if (found.length > 1 && name.endsWith("/dense")) throw new Error(`tensor ${name}: ${found.length} parts have it, expected one`);
      return [name, name.endsWith("/b") ? sideBySide(found) : oneAboveOther(found)];
    }),
  );
}

/** Whether a tensor is part of a residual. */
export function isResidualName(name: string): boolean {
  return name.startsWith(residualPrefix);
}

/** (out, rank) of each part → (out, all ranks). */
export function sideBySide(parts: readonly Tensor[]): Tensor {
  if (parts.length === 1) return parts[0];
  const [numRows] = parts[0].shape;
  const width = parts.reduce((sum, { shape }) => sum + shape[1], 0);
  const data = new Float32Array(numRows * width);
  let first = 0;
  for (const { shape, data: own } of parts) {
    for (let row = 0; row < numRows; row++) data.set(own.subarray(row * shape[1], (row + 1) * shape[1]), row * width + first);
    first += shape[1];
  }
  return createTensor([numRows, width], data);
}

/** (rank, in) of each part → (all ranks, in). */
export function oneAboveOther(parts: readonly Tensor[]): Tensor {
  if (parts.length === 1) return parts[0];
  const numRows = parts.reduce((sum, { shape }) => sum + shape[0], 0);
  const [, numColumns] = parts[0].shape;
  const data = new Float32Array(numRows * numColumns);
  let at = 0;
  for (const { data: own } of parts) {
    data.set(own, at);
    at += own.length;
  }
  return createTensor([numRows, numColumns], data);
}
