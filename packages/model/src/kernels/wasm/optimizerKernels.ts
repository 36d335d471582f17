import type { AdamWAttributes } from "../adamWAttributes.ts";
import type { WasmKernel } from "../fusedKernels.ts";
import type { WasmProgram } from "./functions.ts";
import { given, type Heap, type Kernel } from "./heap.ts";

/** AdamW over values and moments, at least four of them, and dropout. */
export function optimizerKernels(
  { address, output, values }: Heap,
  program: WasmProgram,
): Record<Extract<WasmKernel, "TuttiAdamW" | "TuttiDropOut">, Kernel> {
  return {
    TuttiAdamW({ state, gradient }, attributes) {
      const { learningRate, weightDecay, clipNorm, step, beta1, beta2, epsilon } = attributes as object as AdamWAttributes;
      const [size] = given(gradient).shape;
      const result = output([3, size]);
      const clip = Math.min(1, clipNorm / (normOf(values(given(gradient))) + 1e-6));
      const rate = (learningRate * Math.sqrt(1 - beta2 ** step)) / (1 - beta1 ** step);
      const numbers = [clip, beta1, 1 - beta1, beta2, 1 - beta2, rate, epsilon, 1 - learningRate * weightDecay];
      const run = (start: number, end: number) =>
        program.adamW(address(state), address(gradient), address(result), 4 * size, 4 * start, 4 * end, ...numbers);
      run(0, size - (size % 4));
      if (size % 4 > 0) run(size - 4, size); // some of them again, from the same values
      return [result];
    },
    TuttiDropOut({ vector, words }, { size, scale }) {
      const numValues = Number(size);
      const result = output([numValues]);
      const numWords = Math.floor(numValues / 16);
      program.dropOut(address(vector), address(words), address(result), 4 * numWords, Number(scale));
      const [from, to] = [values(given(vector)), values(result)];
      const factors = Float32Array.of(0, 1, 0, Number(scale));
      let code = (values(given(words)) as ArrayLike<number>)[numWords];
      for (let i = 16 * numWords; i < numValues; i++, code >>>= 2) to[i] = from[i] * factors[code & 3];
      return [result];
    },
  };
}

function normOf(values: Float32Array): number {
  let squares = 0;
  for (let i = 0; i < values.length; i++) squares += values[i] * values[i];
  return Math.sqrt(squares);
}
