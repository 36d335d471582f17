import { type Params, type Shapes, sizeOf, type Tensor } from "@tutti/core";
import type { TunedLayout } from "./layout.ts";

/**
 * Low-rank factors at a device's own ranks, as the run's tuning has them: the rows of a and columns of b that are not there are 0. They stay 0 in
 * training, because the gradient of each is a product with the other.
 */
export function withRunRanks(params: Params, { entries }: TunedLayout): Params {
  return Object.fromEntries(
    entries.map(({ name, shape }) => {
      const own = params[name] ?? { shape: shape.map(() => 0), data: new Float32Array(0) };
      if (!name.startsWith("lora/")) return [name, params[name] ?? own];
      requireWithin(name, own, shape);
      return [name, resized(own, shape)];
    }),
  );
}

/** The factors cut to these shapes again, and every other named tensor as it is. */
export function withOwnRanks(params: Params, shapes: Shapes): Params {
  return Object.fromEntries(Object.entries(shapes).map(([name, shape]) => [name, resized(params[name], shape)]));
}

/** The leading rows and columns; what is beyond the tensor is 0. The tensor itself where it has that shape. */
function resized(tensor: Tensor, shape: readonly number[]): Tensor {
  const { shape: from, data } = tensor;
  if (from.length === shape.length && from.every((size, axis) => size === shape[axis])) return tensor;
  const out = new Float32Array(sizeOf(shape));
  const [numRows, numColumns] = [Math.min(from[0], shape[0]), Math.min(from[1], shape[1])];
  for (let row = 0; row < numRows; row++) {
    for (let column = 0; column < numColumns; column++) out[row * shape[1] + column] = data[row * from[1] + column];
  }
  return { shape, data: out };
}

function requireWithin(name: string, { shape: found }: Tensor, most: readonly number[]): void {
  const fits = found.length === 2 && found.every((size, axis) => size === 0 || size <= most[axis]);
  if (!fits) throw new Error(`tensor ${name}: shape [${found.join(",")}], expected at most [${most.join(",")}], the run's`);
}
