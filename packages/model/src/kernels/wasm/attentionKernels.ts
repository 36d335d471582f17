import type { AttentionShape } from "../attentionShape.ts";
import { attendGradientOnWasm, attendOnWasm, numWeights, scratchFloats } from "./attention.ts";
import { given, type Heap, type Kernel, type KernelAttributes } from "./heap.ts";
import type { WasmProgram } from "./program.ts";

/** Attention and its gradient over the backend's memory. */
export function attentionKernels(
  { address, output, zeroed, release }: Heap,
  program: WasmProgram,
): Record<"TuttiAttend" | "TuttiAttendGradient", Kernel> {
  return {
    TuttiAttend({ qkv, prefix }, attributes) {
      const shape = shapeOf(attributes);
      const numPrefix = prefix?.shape[1] ?? 0;
      const y = output([given(qkv).shape[0], shape.numHeads * shape.headSize]);
      const sizes = shape.lengths.map((length) => numWeights(length, shape.numHeads, numPrefix));
      const weights = output([sizes.reduce((sum, size) => sum + size, 0)]);
      const scratch = output([scratchFloats(shape, numPrefix)]);
      const addresses = { qkv: address(qkv), prefix: address(prefix), weights: address(weights), y: address(y), scratch: address(scratch) };
      attendOnWasm(program, addresses, shape, numPrefix);
      release(scratch);
      return [y, weights];
    },
    TuttiAttendGradient({ dy, qkv, prefix, weights }, attributes) {
      const shape = shapeOf(attributes);
      const numPrefix = prefix?.shape[1] ?? 0;
      const dPrefix = prefix === undefined ? null : zeroed(prefix.shape);
      const dQkv = attributes.hasInputGradient === true ? zeroed(given(qkv).shape) : null;
      const scratch = output([scratchFloats(shape, numPrefix)]);
      const dWeights = output([numWeights(Math.max(...shape.lengths), 1, numPrefix)]);
      const addresses = {
        dy: address(dy),
        qkv: address(qkv),
        prefix: address(prefix),
        weights: address(weights),
        scratch: address(scratch),
        dWeights: address(dWeights),
        dPrefix: dPrefix === null ? 0 : address(dPrefix),
        dQkv: dQkv === null ? null : address(dQkv),
      };
      attendGradientOnWasm(program, addresses, shape, numPrefix);
      release(scratch, dWeights);
      return [dPrefix, dQkv].filter((result) => result !== null);
    },
  };
}

/** The attributes are those that `attend` gave. */
function shapeOf(attributes: KernelAttributes): AttentionShape {
  return attributes as object as AttentionShape;
}
