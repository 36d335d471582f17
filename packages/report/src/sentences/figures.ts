import { formatCount, type Protocol } from "@tutti/core";
import { meanBytesText } from "../text.ts";
import { againstNames } from "../words.ts";

/** Beside the spectra of an experiment. */
export const spectraNote =
  "Ritz values of the Hessian of the loss at the probing devices, for one seed each; results.json has all of them.";

/** How a heat map of layer scores is read. */
export function heatMapNotes(given: {
  readonly hasRounds: boolean;
  readonly isThinned: boolean;
  readonly unmeasured: readonly string[];
}): string[] {
  return [
    "A stronger blue ranks higher within its column. A frame marks a layer that is sent; it is fainter where the layer is not sent with every seed. Numbers are means over seeds.",
    given.hasRounds
      ? "Layers were selected once, with the scores of round 0. Later scores are measured beside the run, with the parameters that a newcomer had then, and change nothing in it."
      : "Layers are scored once, before the first round.",
    ...(given.isThinned ? ["Not every scored round is shown; results.json has all of them."] : []),
    ...(given.unmeasured.length === 0
      ? []
      : [`Runs from before later rounds were measured have round 0 only: ${given.unmeasured.join("; ")}.`]),
  ];
}

/** How alike the first and the last order of layers are. */
export const driftText = (drifts: readonly string[]) =>
  `The order of the layers at the first and the last round agrees with this Spearman's ρ, mean over seeds: ${drifts.join("; ")}.`;

/** Curves for readers who do not see them. */
export function curvesText(given: {
  readonly label: string;
  readonly shown: string;
  readonly against: keyof typeof againstNames;
  readonly protocol: Protocol;
  readonly ends: readonly { readonly name: string; readonly y: number }[];
}): string {
  const { label, shown, against, protocol, ends } = given;
  const lines = formatCount(ends.length, "method");
  return `${label}: ${shown} on the test split by ${againstNames[against]}, ${protocol} protocol, ${lines}. ${curveEndsText(ends)}`.trim();
}

/** Where curves end. */
function curveEndsText(ends: readonly { readonly name: string; readonly y: number }[]): string {
  const sorted = [...ends].sort((a, b) => b.y - a.y);
  const [first, last] = [sorted[0], sorted.at(-1)];
  if (first === undefined || last === undefined) return "";
  if (first === last) return `${first.name} ends at ${first.y.toFixed(3)}.`;
  return `Highest at the end: ${first.name} with ${first.y.toFixed(3)}; lowest: ${last.name} with ${last.y.toFixed(3)}.`;
}

/** A trade-off for readers who do not see it. */
export function tradeoffText(
  label: string,
  name: string,
  protocol: Protocol,
  front: readonly { readonly name: string; readonly score: number; readonly megabytes: number }[],
): string {
  const onFront = front.map((point) => `${point.name} (${point.score.toFixed(3)} at ${point.megabytes.toFixed(1)} MB)`).join(", ");
  return `${label}: ${name} against bytes on the wire, ${protocol} protocol. On the Pareto front of the means, cheapest first: ${onFront}.`;
}

/** Layer scores of one run for readers who do not see them. */
export const layerScoresText = (order: readonly number[], selected: readonly number[]) =>
  `Layers by score, highest first: ${order.join(", ")}. Sent: ${selected.length === 0 ? "none" : selected.join(", ")}.`;

/** Bytes by phase for readers who do not see them. */
export const phaseBytesText = (phases: readonly { readonly phase: string; readonly up: number; readonly down: number }[]) =>
  `Bytes by phase: ${phases.map(({ phase, up, down }) => `${phase} ${meanBytesText(up)} up and ${meanBytesText(down)} down`).join("; ")}.`;

/** Ritz values for readers who do not see them. */
export function spectrumText(given: {
  readonly label: string;
  readonly numValues: number;
  readonly numDevices: number;
  readonly least: string;
  readonly most: string;
  readonly keep: string;
}): string {
  const { label, numValues, numDevices, least, most, keep } = given;
  return `${label}: ${formatCount(numValues, "Ritz value")} from ${formatCount(numDevices, "device")}, between ${least} and ${most}${keep}.`;
}

/** The title of a figure of Ritz values. */
export const ritzTitle = (label: string, keep: string) => `Ritz values: ${label}${keep}`;

/** The title of a heat map, or its first sentence with what its columns are. */
export const heatMapText = (name: string, columns: readonly string[]) =>
  columns.length === 0 ? `Layer scores: ${name}` : `Layer scores of ${name} by ${columns.join("; ")}.`;

/** Lines of one run for readers who do not see them. */
export const seriesText = (title: string, ends: readonly { readonly name: string; readonly y: number }[]) =>
  `${title}. ${curveEndsText(ends)}`;
