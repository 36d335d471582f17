import { addSigns, signKey } from "@tutti/core";
import type { WasmKernel } from "../fusedKernels.ts";
import type { MoveAttributes } from "../moveSigns.ts";
import type { WasmProgram } from "./functions.ts";
import { given, type Heap, type Kernel } from "./heap.ts";

/** values += amount × sign, in place: whole words of signs by the program, and what stands before and after them by hand. */
export function moveKernels({ address, values }: Heap, program: WasmProgram): Record<Extract<WasmKernel, "TuttiMove">, Kernel> {
  return {
    TuttiMove(inputs, attributes) {
      const { seed, amount, offset } = attributes as object as MoveAttributes;
      const info = given(inputs.values);
      const all = values(info);
      const before = Math.min(all.length, (32 - (offset % 32)) % 32);
      const numWords = Math.floor((all.length - before) / 32);
      const after = before + 32 * numWords;
      addSigns(all.subarray(0, before), amount, { seed, offset });
      if (numWords > 0) program.moveSigns(address(info) + 4 * before, 128 * numWords, (offset + before) / 32, seed, signKey(seed), amount);
      addSigns(all.subarray(after), amount, { seed, offset: offset + after });
      return [];
    },
  };
}
