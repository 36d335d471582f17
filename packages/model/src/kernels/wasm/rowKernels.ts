import * as tf from "@tensorflow/tfjs-core";
import type { WasmKernel } from "../fusedKernels.ts";
import { given, type Heap, type Kernel } from "./heap.ts";
import { normJob, productJob, valuesJob } from "./rowJobs.ts";
import type { Pool } from "./threads/pool.ts";

type RowKernel = "TuttiActivate" | "TuttiLinear" | "TuttiNorm" | "TuttiNormGradient" | "TuttiPart";

/** Products, norms, activations and slices. */
export function rowKernels({ address, output, values }: Heap, { run }: Pool): Record<Extract<WasmKernel, RowKernel>, Kernel> {
  return {
    TuttiActivate({ x }, { kind, hasGradient }) {
      const { shape } = given(x);
      const [y, derivative] = [output(shape), hasGradient === true ? output(shape) : null];
      const name = `${kind as "gelu" | "geluTanh" | "silu"}${derivative === null ? "" : "WithGradient"}` as const;
      run(valuesJob(name, [address(x), address(y), derivative === null ? 0 : address(derivative)], tf.util.sizeFromShape(shape)));
      return derivative === null ? [y] : [y, derivative];
    },
    TuttiLinear({ x, panels, bias }, { numOut, first = 0, firstBias = 0 }) {
      const [rows, numIn] = given(x).shape;
      const columns = Number(numOut);
      const y = output([rows, columns]);
      const at = {
        x: address(x),
        panels: address(panels) + 4 * Number(first),
        y: address(y),
        bias: bias === undefined ? null : address(bias) + 4 * Number(firstBias),
      };
      run(productJob(at, { rows, numIn, numOut: columns }));
      return [y];
    },
    TuttiNorm({ x, weight, bias }, { epsilon, firstWeight = 0, firstBias = 0 }) {
      const [rows, width] = given(x).shape;
      const results = [output([rows, width]), output([rows, width]), output([rows, 1])];
      const [from, y, standard] = [x, ...results].map((info) => ({ address: address(info), perRow: width }));
      const inverse = { address: address(results[2]), perRow: 1 };
      const name = bias === undefined ? "rmsNorm" : "layerNorm";
      const [weights, biases] = [address(weight) + 4 * Number(firstWeight), address(bias) + 4 * Number(firstBias)];
      run(normJob(name, [from, weights, biases, y, standard, inverse], { rows, width, more: [Number(epsilon)] }));
      return results;
    },
    TuttiNormGradient({ dy, weight, standard, inverse }, { isCentred, firstWeight = 0 }) {
      const [rows, width] = given(dy).shape;
      const result = output([rows, width]);
      const [from, normal, dx] = [dy, standard, result].map((info) => ({ address: address(info), perRow: width }));
      const name = isCentred === true ? "layerNormGradient" : "rmsNormGradient";
      const weights = address(weight) + 4 * Number(firstWeight);
      run(normJob(name, [from, weights, normal, { address: address(inverse), perRow: 1 }, dx], { rows, width }));
      return [result];
    },
    TuttiPart({ vector }, { start, size }) {
      const part = output([Number(size)]);
      const [all, first] = [values(given(vector)), Number(start)]; // read only now: making the output may move the heap
      values(part).set(all.subarray(first, first + Number(size)));
      return [part];
    },
  };
}
