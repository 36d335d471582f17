import type { WasmKernel } from "../fusedKernels.ts";
import type { VectorMap, VectorNorm, VectorPlan } from "../vectorPlan.ts";
import type { GradientPlace } from "../weightGradient.ts";
import type { WasmProgram } from "./functions.ts";
import { given, type Heap, type Kernel } from "./heap.ts";
import { productJob } from "./rowJobs.ts";
import type { Pool } from "./threads/pool.ts";

type WeightKernel = Extract<WasmKernel, "TuttiShift" | "TuttiVector" | "TuttiWeightGradient" | "TuttiNormWeightGradient">;

/** Weights W + Δ in panels, and gradients of weights, each written to its place in the vector of all. Every size is a multiple of eight. */
export function weightKernels({ address, output, release }: Heap, pool: Pool): Record<WeightKernel, Kernel> {
  const { program } = pool;
  return {
    TuttiShift({ values, frozen }, attributes) {
      const plan = attributes as object as VectorPlan;
      const result = output([plan.numArranged]);
      const scratch = output([Math.max(...plan.maps.map(({ numIn, numOut }) => numIn * numOut))]);
      const at = { values: address(values), frozen: address(frozen), result: address(result), scratch: address(scratch) };
      for (const map of plan.maps) shiftMap(program, map, at, plan.scale);
      for (const norm of plan.norms) shiftNorm(program, norm, at);
      release(scratch);
      return [result];
    },
    TuttiVector: (_, { size }) => [output([Number(size)])],
    TuttiWeightGradient({ dy, x, into }, attributes) {
      const place = attributes as object as GradientPlace;
      const { numRows, numOut, numIn } = place;
      const [turned, xPanels] = [output([numOut, numRows]), output([numRows, numIn])];
      const [from, to] = [address(dy), address(turned)];
      const numTurned = numRows - (numRows % 4);
      program.turnFours(from, 4 * numOut, to, 4 * numRows, numTurned, numOut);
      program.transpose(from + 4 * numOut * numTurned, 4 * numOut, to + 4 * numTurned, 4 * numRows, numRows - numTurned, numOut);
      program.panels(address(x), 4 * numIn, address(xPanels), 32 * numRows, numRows, numIn);
      fillParts(pool, place, { dy: from, turned: to, xPanels: address(xPanels), into: address(into) });
      release(turned, xPanels);
      return [];
    },
    TuttiNormWeightGradient({ dy, standard, into }, { numRows, weight, bias, hasBias }) {
      const width = given(standard).shape[1];
      const sizes = [Number(numRows), 4 * width, 4 * width] as const;
      const sums = address(into);
      program.columnProducts(address(dy), address(standard), sums + 4 * Number(weight), ...sizes);
      if (hasBias === true) program.columnSums(address(dy), 0, sums + 4 * Number(bias), ...sizes);
      return [];
    },
  };
}

/** Byte addresses. */
interface ShiftAddresses {
  readonly values: number;
  readonly frozen: number;
  readonly result: number;
  /** Room for the largest matrix. */
  readonly scratch: number;
}

/** Panels of Wᵀ for products, and of W for their gradients: (out / 8, in, 8) and (in / 8, out, 8). */
function shiftMap(program: WasmProgram, map: VectorMap, at: ShiftAddresses, scale: number): void {
  const { numIn, numOut, parts, isScaled, weightAt, biasAt } = map;
  const forward = at.result + 4 * weightAt;
  const backward = forward + 4 * numIn * numOut;
  let firstRow = 0;
  for (const [i, { weight, bias, numRows }] of parts.entries()) {
    const factor = isScaled && i === 0 ? scale : 1;
    program.scaledSum(at.values + 4 * weight, at.frozen + 4 * weight, at.scratch, 4 * numRows * numIn, factor);
    for (let row = 0; row < numRows; row += 8) {
      program.turnFours(at.scratch + 4 * row * numIn, 4 * numIn, forward + 4 * (firstRow + row) * numIn, 32, 8, numIn);
    }
    program.panels(at.scratch, 4 * numIn, backward + 32 * firstRow, 32 * numOut, numRows, numIn);
    if (bias !== null) {
      program.scaledSum(at.values + 4 * bias, at.frozen + 4 * bias, at.result + 4 * (biasAt + firstRow), 4 * numRows, factor);
    }
    firstRow += numRows;
  }
}

function shiftNorm(program: WasmProgram, { width, weight, bias, weightAt, biasAt }: VectorNorm, at: ShiftAddresses): void {
  program.scaledSum(at.values + 4 * weight, at.frozen + 4 * weight, at.result + 4 * weightAt, 4 * width, 1);
  if (bias !== null) program.scaledSum(at.values + 4 * bias, at.frozen + 4 * bias, at.result + 4 * biasAt, 4 * width, 1);
}

/** dYᵀ · X part by part, and the sums of dY's rows. */
function fillParts(
  { program, numThreads, run }: Pool,
  { numRows, numOut, numIn, hasBias, ends, weights, biases, scale }: GradientPlace,
  at: { readonly dy: number; readonly turned: number; readonly xPanels: number; readonly into: number },
): void {
  weights.forEach((weight, i) => {
    const first = i === 0 ? 0 : ends[i - 1];
    const height = (i + 1 < weights.length ? ends[i] : numOut) - first;
    const dw = at.into + 4 * weight;
    const factors = { x: at.turned + 4 * numRows * first, panels: at.xPanels, y: dw, bias: null };
    run(productJob(factors, { rows: height, numIn: numRows, numOut: numIn, numThreads }));
    const db = at.into + 4 * biases[i];
    if (hasBias) program.columnSums(at.dy + 4 * first, 0, db, numRows, 4 * numOut, 4 * height);
    if (i > 0 || scale === 1) return;
    program.scale(dw, 4 * height * numIn, scale);
    if (hasBias) program.scale(db, 4 * height, scale);
  });
}
