import type { Params } from "../params.ts";
import type { TunedShape } from "../tunings/tuned.ts";

/** Every trained parameter's name: the layers in order, then those that always travel. */
export function allNames(shape: TunedShape): string[] {
  return [...shape.layerNames.flat(), ...shape.alwaysShared];
}

/** Names that travel when these layers are selected. */
export function namesOfLayers(shape: TunedShape, layers: readonly number[]): string[] {
  return [...layers.flatMap((layer) => shape.layerNames[layer]), ...shape.alwaysShared];
}

/** The same tensors under `prefix` + name. */
export function withPrefix(prefix: string, params: Params): Params {
  return Object.fromEntries(Object.entries(params).map(([name, tensor]) => [prefix + name, tensor]));
}

/** The tensors whose names start with `prefix`, without it. */
export function under(tensors: Params, prefix: string): Params {
  const entries = Object.entries(tensors).filter(([name]) => name.startsWith(prefix));
  return Object.fromEntries(entries.map(([name, tensor]) => [name.slice(prefix.length), tensor]));
}
