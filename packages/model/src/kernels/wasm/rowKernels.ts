import * as tf from "@tensorflow/tfjs-core";
import type { WasmKernel } from "../fusedKernels.ts";
import { given, type Heap, type Kernel } from "./heap.ts";
import { activationJob, copyJob, normJob, productJob, softmaxJob } from "./rowJobs.ts";
import type { Pool } from "./threads/pool.ts";

type RowKernel = "TuttiActivate" | "TuttiCrossEntropy" | "TuttiLinear" | "TuttiNorm" | "TuttiNormGradient" | "TuttiPart";

/** Products, norms, activations and slices. */
export function rowKernels({ address, output, values }: Heap, { numThreads, run }: Pool): Record<Extract<WasmKernel, RowKernel>, Kernel> {
  return {
    TuttiActivate({ x }, { kind, hasGradient }) {
      const { shape } = given(x);
      const [y, derivative] = [output(shape), hasGradient === true ? output(shape) : null];
      const name = `${kind as "gelu" | "geluTanh" | "silu"}${derivative === null ? "" : "WithGradient"}` as const;
      const at = [x, y, derivative ?? undefined].map(address);
      run(activationJob(name, at, tf.util.sizeFromShape(shape), numThreads));
      return derivative === null ? [y] : [y, derivative];
    },
    TuttiLinear({ x, panels, bias, residual, factor }, { numOut, first = 0, firstBias = 0 }) {
      const [rows, numIn] = given(x).shape;
      const columns = Number(numOut);
      const y = output([rows, columns]);
      const at = {
        x: address(x),
        panels: address(panels) + 4 * Number(first),
        y: address(y),
        bias: bias === undefined ? null : address(bias) + 4 * Number(firstBias),
        residual: residual === undefined ? null : address(residual),
        factor: factor === undefined ? null : address(factor),
      };
      run(productJob(at, { rows, numIn, numOut: columns, numThreads }));
      return [y];
    },
    TuttiNorm({ x, weight, bias }, { epsilon, firstWeight = 0, firstBias = 0 }) {
      const [rows, width] = given(x).shape;
      const results = [output([rows, width]), output([rows, width]), output([rows, 1])];
      const [from, y, standard] = [x, ...results].map((info) => ({ address: address(info), perRow: width }));
      const inverse = { address: address(results[2]), perRow: 1 };
      const name = bias === undefined ? "rmsNorm" : "layerNorm";
      const [weights, biases] = [address(weight) + 4 * Number(firstWeight), address(bias) + 4 * Number(firstBias)];
      run(normJob(name, [from, weights, biases, y, standard, inverse], { rows, width, more: [Number(epsilon)], numThreads }));
      return results;
    },
    TuttiNormGradient({ dy, weight, standard, inverse }, { isCentred, firstWeight = 0 }) {
      const [rows, width] = given(dy).shape;
      const result = output([rows, width]);
      const [from, normal, dx] = [dy, standard, result].map((info) => ({ address: address(info), perRow: width }));
      const name = isCentred === true ? "layerNormGradient" : "rmsNormGradient";
      const weights = address(weight) + 4 * Number(firstWeight);
      run(normJob(name, [from, weights, normal, { address: address(inverse), perRow: 1 }, dx], { rows, width, numThreads }));
      return [result];
    },
    TuttiCrossEntropy({ logits }, { targets, weights }) {
      const [rows, columns] = given(logits).shape;
      const [gradient, loss] = [output([rows, columns]), output([])];
      run(copyJob(address(logits), address(gradient), rows * columns));
      run(softmaxJob(address(gradient), rows, columns, numThreads));
      values(loss)[0] = lossOf(values(given(logits)), values(gradient), targets as number[], weights as number[]);
      return [gradient, loss];
    },
    TuttiPart({ vector }, { start, size }) {
      const part = output([Number(size)]);
      run(copyJob(address(vector) + 4 * Number(start), address(part), Number(size)));
      return [part];
    },
  };
}

/** Σ weight · (log Σ exp logits − logit of the target); on the way makes the weighted gradient of the rows' probabilities. */
function lossOf(logits: Float32Array, probabilities: Float32Array, targets: readonly number[], weights: readonly number[]): number {
  const columns = logits.length / targets.length;
  let loss = 0;
  targets.forEach((target, row) => {
    const [first, weight] = [row * columns, weights[row]];
    let largest = first;
    for (let at = first; at < first + columns; at++) {
      if (logits[at] > logits[largest]) largest = at;
    }
    // the largest logit's probability is never near zero
    loss += weight * (logits[largest] - Math.log(probabilities[largest]) - logits[first + target]);
    probabilities[first + target] -= 1;
    for (let at = first; at < first + columns; at++) probabilities[at] *= weight;
  });
  return loss;
}
