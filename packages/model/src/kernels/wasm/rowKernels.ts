import * as tf from "@tensorflow/tfjs-core";
import type { WasmKernel } from "../fusedKernels.ts";
import { given, type Heap, type Kernel } from "./heap.ts";
import type { WasmProgram } from "./program.ts";

type RowKernel = "TuttiActivate" | "TuttiLinear" | "TuttiNorm" | "TuttiNormGradient" | "TuttiPart";

/** Products, norms, activations and slices. */
export function rowKernels({ address, output, values }: Heap, program: WasmProgram): Record<Extract<WasmKernel, RowKernel>, Kernel> {
  return {
    TuttiActivate({ x }, { kind, hasGradient }) {
      const { shape } = given(x);
      const [y, derivative] = [output(shape), hasGradient === true ? output(shape) : null];
      const name = `${kind as "gelu" | "geluTanh" | "silu"}${derivative === null ? "" : "WithGradient"}` as const;
      program[name](address(x), address(y), derivative === null ? 0 : address(derivative), 4 * tf.util.sizeFromShape(shape));
      return derivative === null ? [y] : [y, derivative];
    },
    TuttiLinear({ x, panels, bias }, { numOut, first = 0, firstBias = 0 }) {
      const [rows, numIn] = given(x).shape;
      const columns = Number(numOut);
      const y = output([rows, columns]);
      const run = bias === undefined ? program.product : program.productBiased;
      const sizes = [rows, columns, numIn, 32 * numIn, address(bias) + 4 * Number(firstBias)];
      run(address(x), 4 * numIn, 4, address(panels) + 4 * Number(first), 32, address(y), 4 * columns, ...sizes);
      return [y];
    },
    TuttiNorm({ x, weight, bias }, { epsilon, firstWeight = 0, firstBias = 0 }) {
      const [rows, width] = given(x).shape;
      const results = [output([rows, width]), output([rows, width]), output([rows, 1])];
      const run = bias === undefined ? program.rmsNorm : program.layerNorm;
      const [weights, biases] = [address(weight) + 4 * Number(firstWeight), address(bias) + 4 * Number(firstBias)];
      run(address(x), weights, biases, ...results.map(address), rows, 4 * width, 1 / width, Number(epsilon));
      return results;
    },
    TuttiNormGradient({ dy, weight, standard, inverse }, { isCentred, firstWeight = 0 }) {
      const [rows, width] = given(dy).shape;
      const dx = output([rows, width]);
      const run = isCentred === true ? program.layerNormGradient : program.rmsNormGradient;
      const weights = address(weight) + 4 * Number(firstWeight);
      run(address(dy), weights, address(standard), address(inverse), address(dx), rows, 4 * width, 1 / width);
      return [dx];
    },
    TuttiPart({ vector }, { start, size }) {
      const part = output([Number(size)]);
      const [all, first] = [values(given(vector)), Number(start)]; // read only now: making the output may move the heap
      values(part).set(all.subarray(first, first + Number(size)));
      return [part];
    },
  };
}
