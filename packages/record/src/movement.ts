import { type Contribution, type Params, slopes, type TunedShape } from "@tutti/core";
import { z } from "zod";
import { listOf, measured } from "./fields.ts";

/** How far the devices of a training step moved, in the Euclidean norm of what they sent. */
export const movementSchema = z
  .object({
    /** Mean over devices of ‖y_i − W‖. */
    update: measured,
    /** Root mean square over devices of ‖(y_i − W) − mean‖: how far they drift apart (Karimireddy et al., 2020, §3). */
    drift: measured,
    /** ‖mean of y_i − W‖ by layer, null where nothing of the layer travelled. */
    layers: listOf(z.number().nullable()),
    /** ‖c‖ after the step; absent where the strategy has no control variates. */
    control: z.number().exactOptional(),
  })
  .readonly();

/** How far the devices of a training step moved. */
export type Movement = z.infer<typeof movementSchema>;

/** What a step is measured against: the names of each layer, and the strategy's tensors after it. */
export interface Learnt {
  readonly shape: Pick<TunedShape, "layerNames">;
  readonly tensors: Params;
}

/** A step that sent more floats than these is not measured: it would keep sockets waiting. */
const maxFloats = 16_000_000;

/** The movement of a training step; null where devices sent parameters of different shapes, or too many to look at all. */
export function movementOf(contributions: readonly Contribution[], { shape, tensors }: Learnt): Movement | null {
  // slopes of devices that compute forward passes alone are no change of parameters
  const deltas = contributions.flatMap(({ body }) => (body.kind === "train" && body.delta[slopes] === undefined ? [body.delta] : []));
  const [first] = deltas;
  if (first === undefined || !areAlike(deltas)) return null;
  const names = Object.keys(first).sort();
  const parts = new Map(names.map((name) => [name, partOf(deltas.flatMap((delta) => delta[name]?.data ?? []))]));
  const sumOver = (of: readonly string[], value: (part: Part) => number) =>
    of.reduce((sum, name) => sum + valueOrZero(parts.get(name), value), 0);
  const norms = deltas.map((_, device) => Math.sqrt(sumOver(names, ({ squares }) => squares[device] ?? 0)));
  const control = controlNorm(tensors, names);
  return {
    update: rounded(norms.reduce((sum, norm) => sum + norm, 0) / deltas.length),
    drift: rounded(Math.sqrt(sumOver(names, ({ spread }) => spread) / deltas.length)),
    layers: shape.layerNames.map((own) =>
      own.some((name) => parts.has(name)) ? rounded(Math.sqrt(sumOver(own, ({ ofMean }) => ofMean))) : null,
    ),
    ...(control === null ? {} : { control: rounded(control) }),
  };
}

/** Sums of squares of one parameter: of each device's change, of their mean, and of all differences to it. */
interface Part {
  readonly squares: readonly number[];
  readonly ofMean: number;
  readonly spread: number;
}

const valueOrZero = (part: Part | undefined, value: (part: Part) => number) => (part === undefined ? 0 : value(part));

function partOf(changes: readonly Float32Array[]): Part {
  const mean = new Float64Array(changes[0]?.length ?? 0);
  for (const change of changes) for (let i = 0; i < mean.length; i++) mean[i] = (mean[i] ?? 0) + (change[i] ?? 0) / changes.length;
  let [ofMean, spread] = [0, 0];
  for (const value of mean) ofMean += value * value;
  const squares = changes.map((change) => {
    let own = 0;
    for (let i = 0; i < mean.length; i++) {
      const value = change[i] ?? 0;
      own += value * value;
      spread += (value - (mean[i] ?? 0)) ** 2;
    }
    return own;
  });
  return { squares, ofMean, spread };
}

function areAlike(deltas: readonly Params[]): boolean {
  const form = (delta: Params) =>
    Object.keys(delta)
      .sort()
      .map((name) => `${name}:${delta[name]?.data.length}`)
      .join(" ");
  const numFloats = deltas.reduce((sum, delta) => sum + Object.values(delta).reduce((total, { data }) => total + data.length, 0), 0);
  return numFloats <= maxFloats && new Set(deltas.map(form)).size === 1;
}

/** Of the server's control variate over these names, which strategies keep under `c/<name>`; null where there is none. */
function controlNorm(tensors: Params, names: readonly string[]): number | null {
  const known = names.flatMap((name) => tensors[`c/${name}`]?.data ?? []);
  if (known.length === 0) return null;
  let sum = 0;
  for (const data of known) for (const value of data) sum += value * value;
  return Math.sqrt(sum);
}

/** Six digits: every step is kept. */
function rounded(value: number): number {
  return Number(value.toPrecision(6));
}
