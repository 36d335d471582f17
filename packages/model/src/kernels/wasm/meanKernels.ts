import type { RowLayout } from "../../backbone/batch.ts";
import type { WasmKernel } from "../fusedKernels.ts";
import type { WasmProgram } from "./functions.ts";
import { given, type Heap, type Kernel } from "./heap.ts";

/** The mean of each text's rows, and its gradient; the width is a multiple of eight. */
export function meanKernels(
  { address, output, values, release }: Heap,
  program: WasmProgram,
): Record<Extract<WasmKernel, "TuttiMeanRows" | "TuttiMeanRowsGradient">, Kernel> {
  /** Calls `act` with each text, its byte address among the rows at `rows`, and that of its share 1 / length. */
  function eachText(attributes: object, rows: { readonly address: number; readonly bytes: number }, act: TextAct): void {
    const { starts, lengths } = attributes as Pick<RowLayout, "starts" | "lengths">;
    const shares = output([lengths.length]);
    const [numbers, first] = [values(shares), address(shares)];
    lengths.forEach((length, text) => {
      numbers[text] = 1 / length;
    });
    lengths.forEach((length, text) => {
      act({ text, length, rows: rows.address + starts[text] * rows.bytes, share: first + 4 * text });
    });
    release(shares);
  }

  return {
    TuttiMeanRows({ x }, attributes) {
      const width = given(x).shape[1];
      const bytes = 4 * width;
      const means = output([(attributes.lengths as number[]).length, width]);
      const to = address(means);
      eachText(attributes, { address: address(x), bytes }, ({ text, length, rows, share }) => {
        program.product(share, 0, 0, rows, bytes, to + text * bytes, bytes, 1, width, length, 32, 0);
      });
      return [means];
    },
    TuttiMeanRowsGradient({ d }, attributes) {
      const width = given(d).shape[1];
      const bytes = 4 * width;
      const dx = output([Number(attributes.numRows), width]);
      values(dx).fill(0); // rows of no text
      const from = address(d);
      eachText(attributes, { address: address(dx), bytes }, ({ text, length, rows, share }) => {
        program.product(share, 0, 0, from + text * bytes, bytes, rows, bytes, length, width, 1, 32, 0);
      });
      return [dx];
    },
  };
}

type TextAct = (place: { readonly text: number; readonly length: number; readonly rows: number; readonly share: number }) => void;
