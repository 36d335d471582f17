import type { Params } from "../params.ts";

interface Core {
  readonly shape: readonly number[];
  readonly data: ArrayLike<number>;
}

/** The matrix of a tensor train by its definition, value after value in float64: a sum over all ranks of products of one value of each core. */
export function matrixOfCores(cores: readonly Core[]): number[] {
  const values = (at: number, left: number): number[] => {
    if (at === cores.length) return [1];
    const [, factor, right] = cores[at].shape;
    return Array.from({ length: factor }, (_, a) => a).flatMap((a) => {
      let sum: number[] = [];
      for (let b = 0; b < right; b++) {
        const value = cores[at].data[(left * factor + a) * right + b];
        sum = values(at + 1, b).map((rest, i) => (sum[i] ?? 0) + value * rest);
      }
      return sum;
    });
  };
  return values(0, 0);
}

/** The matrix whose cores are `<base>/0`, `<base>/1`, … after their change. */
export function matrixOf(base: string, params: Params, delta: Params = {}): number[] {
  const names = Object.keys(params).filter((name) => name.startsWith(`${base}/`));
  const changed = names.map((_, index) => {
    const name = `${base}/${index}`;
    const { shape, data } = params[name];
    return { shape, data: Float64Array.from(data, (value, i) => value + (delta[name]?.data[i] ?? 0)) };
  });
  return matrixOfCores(changed);
}
