import type { TensorInfo } from "@tensorflow/tfjs-core";
import type { VectorMap, VectorNorm, VectorPlan } from "../vectorPlan.ts";
import { type GpuContext, type GpuKernel, given, listed, notFlat } from "./gpuKernel.ts";
import { wordsPerRow } from "./packedWords.ts";

/** Numbers that tell of one region; see `regionOf`. */
const regionLength = 11;

/** Where a matrix or a list lies in the arranged vector, and where its parts come from. */
interface Region {
  readonly at: number;
  /** Of a row; 1 in a list, whose values lie close together. */
  readonly numIn: number;
  readonly numRows: number;
  readonly isList: boolean;
  readonly isInterleaved: boolean;
  readonly parts: readonly { readonly start: number; readonly numRows: number }[];
  /** Whether the first part is multiplied by the plan's scale. */
  readonly isScaled: boolean;
}

/** Lays a plan's maps and norms out as products and norms on the GPU read them: matrices as `arrangeWords` does, everything from a multiple of four on. */
export function arrangeOnGpu(place: (numWords: number) => number): {
  map(numOut: number, numIn: number): Pick<VectorMap, "weightAt" | "biasAt">;
  norm(width: number): Pick<VectorNorm, "weightAt" | "biasAt">;
} {
  const fours = (count: number) => 4 * Math.ceil(count / 4);
  return {
    map: (numOut, numIn) => ({ weightAt: place(fours(numOut) * wordsPerRow("f32", numIn)), biasAt: place(fours(numOut)) }),
    norm: (width) => ({ weightAt: place(fours(width)), biasAt: place(fours(width)) }),
  };
}

/** The plan's regions for `TuttiShift`, number after number. */
function regionsOf({ maps, norms }: VectorPlan): number[] {
  const list = (at: number, parts: Region["parts"], isScaled: boolean, isInterleaved: boolean): Region => ({
    ...{ at, parts, isScaled, isInterleaved, numIn: 1, isList: true },
    numRows: parts.reduce((sum, part) => sum + part.numRows, 0),
  });
  const regions = maps.flatMap((map): Region[] => {
    const { numIn, numOut, isScaled, isInterleaved } = map;
    const weights = map.parts.map(({ weight, numRows }) => ({ start: weight, numRows }));
    const biases = map.parts.flatMap(({ bias, numRows }) => (bias === null ? [] : [{ start: bias, numRows }]));
    const matrix: Region = { at: map.weightAt, numIn, numRows: numOut, isList: false, isInterleaved, parts: weights, isScaled };
    return biases.length === 0 ? [matrix] : [matrix, list(map.biasAt, biases, isScaled, isInterleaved)];
  });
  for (const { width, weight, bias, weightAt, biasAt } of norms) {
    regions.push(list(weightAt, [{ start: weight, numRows: width }], false, false));
    if (bias !== null) regions.push(list(biasAt, [{ start: bias, numRows: width }], false, false));
  }
  return regions.flatMap(regionOf);
}

function regionOf({ at, numIn, numRows, isList, isInterleaved, parts, isScaled }: Region): number[] {
  const [first, second, third] = parts;
  const [secondRow, thirdRow] = [first.numRows, first.numRows + (second?.numRows ?? 0)];
  const starts = [first.start, second?.start ?? 0, third?.start ?? 0];
  return [at / 4, numIn, numRows, Number(isList), Number(isInterleaved), secondRow, thirdRow, ...starts, Number(isScaled)];
}

/** W + Δ of every region: `frozen` and `values` lie as parameters do, the result as products and norms read it. */
export function shiftKernels({ backend, traits }: GpuContext): { readonly TuttiShift: GpuKernel } {
  return {
    TuttiShift(inputs, attributes) {
      const plan = attributes as object as VectorPlan;
      const table = Int32Array.from(regionsOf(plan));
      const regions = backend.makeTensorInfo([table.length], "int32", table);
      const isShared = traits().variant === "shared";
      const workgroupSize = isShared ? 64 : 32;
      const numGroups = isShared ? 64 : 8;
      const result: TensorInfo = backend.runWebGPUProgram(
        {
          variableNames: ["values", "frozen", "regions"],
          variableComponents: [1, 1, 1],
          outputShape: [plan.numArranged],
          outputComponent: 4,
          dispatchLayout: { x: [0] },
          dispatch: notFlat([1, numGroups, regions.shape[0] / regionLength]),
          workgroupSize: [workgroupSize, 1, 1],
          shaderKey: `tutti_shift_${workgroupSize}_${numGroups}`,
          uniforms: "scale : f32,",
          getUserCode: () => shiftSource(workgroupSize, numGroups),
        },
        [given(inputs, "values"), given(inputs, "frozen"), regions].map(listed),
        "float32",
        [{ type: "float32", data: [plan.scale] }],
      );
      backend.disposeData(regions.dataId);
      return [result];
    },
  };
}

/** The workgroups of one z share a region, four values at a time. */
function shiftSource(workgroupSize: number, numGroups: number): string {
  return `
    fn main(index : i32) {
      let region = i32(workgroupId.z) * ${regionLength};
      let at = regions[region];
      let numIn = regions[region + 1];
      let numRows = regions[region + 2];
      let isList = regions[region + 3] != 0;
      let isInterleaved = regions[region + 4] != 0;
      let second = regions[region + 5];
      let third = regions[region + 6];
      let starts = vec3<i32>(regions[region + 7], regions[region + 8], regions[region + 9]);
      let scale = select(1.0, uniforms.scale, regions[region + 10] != 0);
      let rowQuads = (numIn + 3) / 4;
      let numQuads = select((numRows + 3) / 4 * 4 * rowQuads, (numRows + 3) / 4, isList);
      for (var quad = i32(workgroupId.y) * ${workgroupSize} + i32(localIndex); quad < numQuads; quad += ${workgroupSize * numGroups}) {
        var shifted = vec4<f32>(0.0);
        for (var d = 0; d < 4; d++) {
          var row = 4 * quad + d;
          var column = 0;
          if (!isList) {
            row = quad / rowQuads;
            column = 4 * (quad - row * rowQuads) + (d ^ (row & 3));
          }
          if (row >= numRows || column >= numIn) { continue; }
          var source = starts.x + row * numIn;
          var isFirst = row < second;
          if (isInterleaved) {
            isFirst = (row & 1) == 0;
            source = select(starts.y, starts.x, isFirst) + (row >> 1u) * numIn;
          } else if (row >= third) { source = starts.z + (row - third) * numIn; }
          else if (row >= second) { source = starts.y + (row - second) * numIn; }
          shifted[d] = (frozen[source + column] + values[source + column]) * select(1.0, scale, isFirst);
        }
        result[at + quad] = shifted;
      }
    }`;
}
