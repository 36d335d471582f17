import { z } from "zod";
import type { Params, Tensor } from "../params.ts";
import { integer } from "../settings/fields.ts";
import { settingLimits } from "../settings/limits.ts";
import type { DeviceId } from "../task.ts";
import type { LoraPair } from "../tunings/loraFactors.ts";
import { factorRankOf } from "../tunings/table.ts";
import type { RunRule } from "./declaration.ts";

/** Ranks that devices have by turns: device i that at place i modulo their number. Without any every device has the run's rank. */
export const deviceRanks = {
  ranks: z.array(integer(1, settingLimits.maxWidth)).max(settingLimits.maxDeviceRanks).readonly().default([]),
};

/** Settings with the ranks of devices. */
export interface DeviceRanks {
  readonly ranks: readonly number[];
}

/** That no device's rank is above the run's. */
export const ranksWithinRun: RunRule<DeviceRanks> = {
  of: ["strategy", "tuning"],
  path: ["strategy", "ranks"],
  error: "a rank is above tuning.rank, which the merged difference has: lower it, or give the run a higher rank",
  holds({ strategy, tuning }) {
    const whole = factorRankOf(tuning);
    return whole === null || strategy.ranks.every((rank) => rank <= whole);
  },
};

/** A device's rank for a matrix of which the server keeps `wholeRank`. */
export function rankOf({ ranks }: DeviceRanks, device: DeviceId, wholeRank: number): number {
  return ranks.length === 0 ? wholeRank : Math.min(wholeRank, ranks[device % ranks.length]);
}

/** Components `from` up to but without `to` of b a. */
export function componentsOf({ a, b }: { readonly a: Tensor; readonly b: Tensor }, from: number, to: number): { a: Tensor; b: Tensor } {
  const [[numRows, rank], [, numColumns]] = [b.shape, a.shape];
  if (from === 0 && to === rank) return { a, b };
  const kept = to - from;
  const data = new Float32Array(numRows * kept);
  for (let row = 0; row < numRows; row++) data.set(b.data.subarray(row * rank + from, row * rank + to), row * kept);
  return {
    b: { shape: [numRows, kept], data },
    a: { shape: [kept, numColumns], data: a.data.slice(from * numColumns, to * numColumns) },
  };
}

/** The factors with other leading components, and their own behind them. */
export function withLeading(
  whole: { readonly a: Tensor; readonly b: Tensor },
  leading: { readonly a: Tensor; readonly b: Tensor },
): { a: Tensor; b: Tensor } {
  const { a, b } = paddedTo(leading, whole.a.shape[0]);
  const from = leading.a.shape[0];
  const [rank, numColumns] = whole.a.shape;
  const rows = a.data.slice();
  rows.set(whole.a.data.subarray(from * numColumns), from * numColumns);
  const columns = b.data.map((value, place) => (place % rank < from ? value : whole.b.data[place]));
  return { a: { shape: a.shape, data: rows }, b: { shape: b.shape, data: columns } };
}

/** The factors with components of zeros behind their own, up to `rank`. */
export function paddedTo({ a, b }: { readonly a: Tensor; readonly b: Tensor }, rank: number): { a: Tensor; b: Tensor } {
  const [[numRows, own], [, numColumns]] = [b.shape, a.shape];
  if (own === rank) return { a, b };
  const [rows, columns] = [new Float32Array(rank * numColumns), new Float32Array(numRows * rank)];
  rows.set(a.data);
  for (let row = 0; row < numRows; row++) columns.set(b.data.subarray(row * own, (row + 1) * own), row * rank);
  return { a: { shape: [rank, numColumns], data: rows }, b: { shape: [numRows, rank], data: columns } };
}

/**
 * The parameters with every pair cut to a device's rank: the rows of a and columns of b from there on are 0. They stay 0 while the device trains,
 * because the gradient of each is a product with the other. The same object where there is nothing to cut.
 */
export function cutTo(params: Params, pairs: readonly LoraPair[], rank: number): Params {
  const longer = pairs.filter(({ a }) => params[a].shape[0] > rank);
  if (longer.length === 0) return params;
  return {
    ...params,
    ...Object.fromEntries(
      longer.flatMap(({ a, b }) => [
        [a, firstRows(params[a], rank)],
        [b, firstColumns(params[b], rank)],
      ]),
    ),
  };
}

function firstRows({ shape, data }: Tensor, count: number): Tensor {
  return { shape, data: data.map((value, place) => (place < count * shape[1] ? value : 0)) };
}

function firstColumns({ shape, data }: Tensor, count: number): Tensor {
  return { shape, data: data.map((value, place) => (place % shape[1] < count ? value : 0)) };
}
