import { asResidual, isSparseName, loraPairs, type Params, type Random, sparseNameOf, sparsePlaces, tunedShape, zeros } from "@tutti/core";
import type { Tuned } from "../training/gradient.ts";
import type { Workplace } from "../workplace.ts";
import { laidOut, type TunedLayout } from "./layout.ts";
import type { ElementMask } from "./tuner.ts";

/**
 * What a device trains that was sent elements of the matrices in place of LoRA's factors, which lie where the run's seed draws. Throws a sentence
 * where they are none of the run's.
 */
export function tunedSparse(tuned: Tuned, random: Random, sent: Params): Tuned {
  const { onElements } = tuned.tuner;
  if (onElements === undefined)
    throw new Error(`tensor ${Object.keys(sent).find(isSparseName)}: only LoRA has matrices with trained elements`);
  const { layout, places } = maskOf(tuned.layout, random, sent);
  const ofMethod = laidOut(layout.entries.filter(({ name }) => isSparseName(name))); // the head is no part of the backbone
  return { ...tuned, layout, tuner: onElements({ layout: ofMethod, places }) };
}

/** The run's layout with the elements that were sent in place of each pair of factors, and their places. */
function maskOf(layout: TunedLayout, random: Random, sent: Params): ElementMask {
  const sizes = new Map(layout.entries.map(({ name, shape }) => [name, shape]));
  const places = new Map<string, Int32Array>();
  const entries = layout.entries.flatMap((entry) => {
    if (!entry.name.startsWith("lora/")) return [entry];
    if (!entry.name.endsWith("/b")) return [];
    const name = sparseNameOf(entry.name);
    const shape = sent[name]?.shape ?? [];
    if (shape.length !== 1) throw new Error(`tensor ${name}: shape [${shape.join(",")}], expected one number for each trained element`);
    const numColumns = sizes.get(`${entry.name.slice(0, -1)}a`)?.[1] ?? 0;
    places.set(name, sparsePlaces(random, { name, count: shape[0], size: entry.shape[0] * numColumns }));
    return [{ ...entry, name, shape }];
  });
  return { layout: laidOut(entries), places };
}

/** Whether parameters are those of a sparse stage. */
export function hasSparse(params: Params): boolean {
  return Object.keys(params).some(isSparseName);
}

/** Parameters as the run's readers take them: elements of the matrices as a residual, beside factors of 0. Others as they are. */
export function readable({ run, layout }: Pick<Workplace, "run" | "layout">, params: Params): Params {
  if (!hasSparse(params)) return params;
  const shape = tunedShape(layout.entries);
  const factorNames = new Set(loraPairs(shape).flatMap(({ a, b }) => [a, b]));
  const factors = Object.fromEntries(
    layout.entries.flatMap((entry) => (factorNames.has(entry.name) ? [[entry.name, zeros(entry.shape)]] : [])),
  );
  const others = Object.fromEntries(Object.entries(params).filter(([name]) => !isSparseName(name)));
  return { ...asResidual(run, shape, { factors, sparse: params }), ...others };
}
