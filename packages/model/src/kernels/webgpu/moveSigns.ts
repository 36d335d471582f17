import { signKey } from "@tutti/core";
import type { MoveAttributes } from "../moveSigns.ts";
import { runFlat } from "./flatProgram.ts";
import { type GpuContext, type GpuKernel, given, sizeOf } from "./gpuKernel.ts";
import { signSource } from "./signs.ts";

const workgroupSize = 64;

/** values += amount × sign, in place; each invocation has the values of one word of signs. */
export function moveKernels({ backend }: GpuContext): Record<"TuttiMove", GpuKernel> {
  return {
    TuttiMove(inputs, attributes) {
      const { seed, amount, offset } = attributes as object as MoveAttributes;
      const into = given(inputs, "values");
      const numValues = sizeOf(into.shape);
      const numWords = Math.ceil((offset + numValues) / 32) - Math.floor(offset / 32);
      runFlat(backend, {
        key: "move",
        inputs: {},
        isWide: false,
        integers: { numValues, offset, seed: seed | 0, key: signKey(seed) | 0 },
        numbers: { amount },
        workgroupSize,
        numWorkgroups: Math.ceil(numWords / workgroupSize),
        shape: into.shape,
        into,
        source: `
          ${signSource}
          fn main(index : i32) {
            let first = 32 * (index + uniforms.offset / 32);
            var bits = signBits(first);
            for (var i = 0; i < 32; i++) {
              let at = first + i - uniforms.offset;
              if (at >= 0 && at < uniforms.numValues) { result[at] = result[at] + uniforms.amount * signOf(bits); }
              bits = bits >> 1u;
            }
          }`,
      });
      return [];
    },
  };
}
