import { runFlat } from "./flatProgram.ts";
import { type GpuContext, type GpuKernel, given } from "./gpuKernel.ts";

const workgroupSize = 64;

/** Puts rows where a list without repetitions says, zeros elsewhere. Each row of the result looks for itself in the list. */
export function scatterRowsKernels({ backend, traits }: GpuContext): { readonly TuttiScatterRows: GpuKernel } {
  return {
    TuttiScatterRows(inputs, attributes) {
      const { numRows } = attributes as { readonly numRows: number };
      const [d, rows] = [given(inputs, "d"), given(inputs, "rows")];
      const [numPicked, width] = [rows.shape[0], d.shape[1]];
      const isWide = width % 4 === 0;
      const numElements = isWide ? width / 4 : width;
      const lanes = traits().variant === "shared" ? workgroupSize : 4;
      const source = `
        fn main(index : i32) {
          let row = index / ${lanes};
          if (row >= uniforms.numRows) { return; }
          var picked = -1;
          for (var i = 0; i < uniforms.numPicked; i++) { picked = select(picked, i, rows[i] == row); }
          for (var i = index % ${lanes}; i < uniforms.numElements; i += ${lanes}) {
            var value = T(0.0);
            if (picked >= 0) { value = d[picked * uniforms.numElements + i]; }
            result[row * uniforms.numElements + i] = value;
          }
        }`;
      const run = {
        key: `scatterRows_${lanes}`,
        inputs: { d, rows },
        isWide,
        integers: { numRows, numPicked, numElements },
        workgroupSize,
        numWorkgroups: Math.ceil((numRows * lanes) / workgroupSize),
        source,
        shape: [numRows, width],
      };
      return [runFlat(backend, run)];
    },
  };
}
