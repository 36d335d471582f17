import type { AttentionShape } from "../attentionShape.ts";
import { numWeights, scratchFloats } from "./attention.ts";
import { given, type Heap, type Kernel, type KernelAttributes } from "./heap.ts";
import { attentionJob } from "./threads/jobs.ts";
import type { Pool } from "./threads/pool.ts";

/** Attention and its gradient over the backend's memory. */
export function attentionKernels(
  { address, output, release }: Heap,
  { numThreads, run }: Pool,
): Record<"TuttiAttend" | "TuttiAttendGradient", Kernel> {
  return {
    TuttiAttend({ qkv, prefix }, attributes) {
      const shape = shapeOf(attributes);
      const numPrefix = prefix?.shape[1] ?? 0;
      const y = output([given(qkv).shape[0], shape.numHeads * shape.headSize]);
      const sizes = shape.lengths.map((length) => numWeights(length, shape.numHeads, numPrefix));
      const weights = output([sizes.reduce((sum, size) => sum + size, 0)]);
      const scratch = output([numThreads * scratchFloats(shape, numPrefix)]);
      const at = { qkv: address(qkv), prefix: address(prefix), weights: address(weights), y: address(y), scratch: address(scratch) };
      run(attentionJob({ isGradient: false, at, shape, numPrefix, numThreads }));
      release(scratch);
      return [y, weights];
    },
    TuttiAttendGradient({ dy, qkv, prefix, weights }, attributes) {
      const shape = shapeOf(attributes);
      const numPrefix = prefix?.shape[1] ?? 0;
      const dPrefix = prefix === undefined ? null : output(prefix.shape);
      const dQkv = attributes.hasInputGradient === true ? output(given(qkv).shape) : null;
      const scratch = output([numThreads * scratchFloats(shape, numPrefix)]);
      const dWeights = output([numThreads * numWeights(Math.max(...shape.lengths), 1, numPrefix)]);
      const at = {
        dy: address(dy),
        qkv: address(qkv),
        prefix: address(prefix),
        weights: address(weights),
        scratch: address(scratch),
        dWeights: address(dWeights),
        dPrefix: dPrefix === null ? 0 : address(dPrefix),
        dQkv: dQkv === null ? null : address(dQkv),
      };
      run(attentionJob({ isGradient: true, at, shape, numPrefix, numThreads }));
      release(scratch, dWeights);
      return [dPrefix, dQkv].filter((result) => result !== null);
    },
  };
}

/** The attributes are those that `attend` gave. */
function shapeOf(attributes: KernelAttributes): AttentionShape {
  return attributes as object as AttentionShape;
}
