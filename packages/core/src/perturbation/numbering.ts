import { type Shapes, sizeOf } from "../params.ts";
import { maxPerturbed } from "./signs.ts";

/** Where each tensor's values begin among all values that a seed perturbs: end to end, in the order of their names' UTF-16 code units. */
export function perturbedOffsets(shapes: Shapes): Readonly<Record<string, number>> {
  let offset = 0;
  const offsets: Record<string, number> = {};
  for (const name of Object.keys(shapes).sort()) {
    offsets[name] = offset;
    offset += sizeOf(shapes[name]);
  }
  if (offset > maxPerturbed) throw new Error(`perturbation: ${offset} values are named, at most ${maxPerturbed} have signs of their own`);
  return offsets;
}
