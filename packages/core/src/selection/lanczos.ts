import type { RandomStream } from "../random.ts";
import { symmetricEigen } from "./symmetricEigen.ts";

/** Matrix times a unit vector, such as a Hessian by differences of gradients; must not keep or change the vector. */
export type MatrixProduct = (vector: Float32Array) => ArrayLike<number> | Promise<ArrayLike<number>>;

/** How far a Lanczos iteration goes. */
export interface LanczosSettings {
  /** Any vector but zero; it is not changed. */
  readonly start: ArrayLike<number>;
  readonly numSteps: number;
  /** Called after each product. */
  readonly onStep?: (step: number) => void;
}

/** What a Lanczos iteration finds of a spectrum. */
export interface RitzSpectrum {
  /** Ascending; fewer than `numSteps` when the start spans no more. */
  readonly ritzValues: number[];
  /** Square of the first component of each eigenvector; they sum to 1. */
  readonly ritzWeights: number[];
}

/** Off-diagonal entries below this share of the matrix's size end the iteration: what is left is rounding of the f32 basis. */
const BREAKDOWN = 1e-6;

/**
 * Ritz values and weights of a symmetric matrix known by its products alone: Lanczos with full re-orthogonalisation, twice
 * (fedpeptao.md §4, step 2). Arithmetic in float64; the basis is kept as f32, `numSteps` vectors.
 */
export async function lanczos(product: MatrixProduct, { start, numSteps, onStep }: LanczosSettings): Promise<RitzSpectrum> {
  const basis: Float32Array[] = [];
  const diagonal: number[] = [];
  const offDiagonal: number[] = [];
  let vector = unit(Float64Array.from(start), "the start");
  for (let step = 1; step <= Math.min(numSteps, start.length); step++) {
    basis.push(vector);
    const image = Float64Array.from(await product(vector));
    if (image.length !== vector.length) throw new Error(`lanczos: the product has ${image.length} values, expected ${vector.length}`);
    diagonal.push(dot(image, vector));
    for (let pass = 0; pass < 2; pass++) for (const earlier of basis) removeComponent(image, earlier);
    const remainder = Math.sqrt(dot(image, image));
    if (!Number.isFinite(remainder)) throw new Error(`lanczos: the product of step ${step} is not finite`);
    onStep?.(step);
    const size = Math.max(...diagonal.map(Math.abs), ...offDiagonal, 0);
    if (remainder <= BREAKDOWN * size) break;
    offDiagonal.push(remainder);
    vector = unit(image, `step ${step}`);
  }
  return ritzSpectrum(diagonal, offDiagonal);
}

/** A start whose entries are +1 or −1, each with probability a half. */
export function rademacher(size: number, random: RandomStream): Float32Array {
  return Float32Array.from({ length: size }, () => (random.uint32() < 2147483648 ? 1 : -1));
}

/** Eigenvalues of the tridiagonal matrix and the squares of their vectors' first components. */
function ritzSpectrum(diagonal: readonly number[], offDiagonal: readonly number[]): RitzSpectrum {
  const n = diagonal.length;
  const matrix = new Float64Array(n * n);
  for (let i = 0; i < n; i++) {
    matrix[i * n + i] = diagonal[i];
    if (i === n - 1) continue;
    matrix[i * n + i + 1] = offDiagonal[i];
    matrix[(i + 1) * n + i] = offDiagonal[i];
  }
  const { values, vectors } = symmetricEigen(matrix, n);
  return { ritzValues: [...values], ritzWeights: Array.from({ length: n }, (_, j) => vectors[j] * vectors[j]) };
}

function unit(vector: Float64Array, what: string): Float32Array {
  const length = Math.sqrt(dot(vector, vector));
  if (!(length > 0) || !Number.isFinite(length)) throw new Error(`lanczos: ${what} has length ${length}, expected a positive one`);
  const result = new Float32Array(vector.length);
  for (let i = 0; i < result.length; i++) result[i] = vector[i] / length;
  return result;
}

function dot(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i] * b[i];
  return sum;
}

function removeComponent(vector: Float64Array, direction: Float32Array): void {
  const component = dot(vector, direction);
  for (let i = 0; i < vector.length; i++) vector[i] -= component * direction[i];
}
