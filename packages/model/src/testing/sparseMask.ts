import { createRandom, type LoraOwn, loraPairs, numSparse, sparseNameOf, sparsePlaces, tunedShape } from "@tutti/core";
import type { Transformer } from "../backbone/transformer.ts";
import { laidOut } from "../tuning/layout.ts";
import type { ElementMask } from "../tuning/tuner.ts";
import { entriesOf, type LayerMethod } from "./layerTuners.ts";

/** This share of each matrix that a LoRA method names, by a seed. */
export function sparseMaskOf(
  method: LayerMethod,
  transformer: Transformer,
  density: number,
  seed = 7,
): { readonly mask: ElementMask; readonly settings: LoraOwn } {
  const entries = entriesOf(method, transformer);
  const shapes = new Map(entries.map(({ name, shape }) => [name, shape]));
  const places = new Map<string, Int32Array>();
  const sparse = loraPairs(tunedShape(entries)).map(({ a, b }) => {
    const size = (shapes.get(b)?.[0] ?? 0) * (shapes.get(a)?.[1] ?? 0);
    const name = sparseNameOf(b);
    const count = numSparse(size, density);
    places.set(name, sparsePlaces(createRandom(seed), { name, count, size }));
    const layer = Number(name.split("/")[1]);
    return { name, shape: [count], layer, initial: { mean: 0, stdDev: 0 }, isPrompt: false };
  });
  return { mask: { layout: laidOut(sparse), places }, settings: method.tuning as unknown as LoraOwn };
}
