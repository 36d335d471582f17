import type { TensorInfo } from "@tensorflow/tfjs-core";
import { type FlatProgram, runFlat } from "./flatProgram.ts";
import { type GpuContext, type GpuKernel, given, type KernelAttributes, type KernelInputs, sizeOf } from "./gpuKernel.ts";

const workgroupSize = 64;

/** Sizes of a product A · B, (numOut, numInner) · (numInner, numColumns) once the factors are turned. */
interface SmallProduct {
  readonly numOut: number;
  readonly numInner: number;
  readonly numColumns: number;
  readonly turnsA: boolean;
  readonly turnsB: boolean;
}

type RowKernel = "TuttiPickRows" | "TuttiScatterRows" | "TuttiSmallProduct" | "TuttiSumRange" | "TuttiTimesTail";

/**
 * What happens to the few rows that a head reads: taken out of a matrix, put back among zeros where a list without repetitions says, multiplied,
 * multiplied with the values that follow them, and summed.
 */
export function rowKernels(context: GpuContext): Record<RowKernel, GpuKernel> {
  return {
    TuttiPickRows: (inputs) => [pickRows(context, inputs)],
    TuttiScatterRows: (inputs, attributes) => [scatterRows(context, inputs, attributes)],
    TuttiSmallProduct: (inputs, attributes) => [smallProduct(context, inputs, attributes)],
    TuttiTimesTail: (inputs) => [timesTail(context, inputs)],
    TuttiSumRange: (inputs, attributes) => [sumRange(context, inputs, attributes)],
  };
}

/** Invocations that write a row of the result together. */
function lanesOf({ traits }: GpuContext): number {
  return traits().variant === "shared" ? workgroupSize : 4;
}

/** `lanesOf` invocations write each row of the result (numRows, width). */
function runRows(
  context: GpuContext,
  program: Pick<FlatProgram, "key" | "inputs" | "integers" | "source">,
  numRows: number,
  width: number,
): TensorInfo {
  const isWide = width % 4 === 0;
  const lanes = lanesOf(context);
  return runFlat(context.backend, {
    ...program,
    key: `${program.key}_${lanes}`,
    isWide,
    integers: { ...program.integers, numRows, numElements: isWide ? width / 4 : width },
    workgroupSize,
    numWorkgroups: Math.ceil((numRows * lanes) / workgroupSize),
    shape: [numRows, width],
  });
}

function pickRows(context: GpuContext, inputs: KernelInputs): TensorInfo {
  const [x, rows] = [given(inputs, "x"), given(inputs, "rows")];
  const lanes = lanesOf(context);
  const source = `
    fn main(index : i32) {
      let row = index / ${lanes};
      if (row >= uniforms.numRows) { return; }
      let start = rows[row] * uniforms.numElements;
      for (var i = index % ${lanes}; i < uniforms.numElements; i += ${lanes}) { result[row * uniforms.numElements + i] = x[start + i]; }
    }`;
  return runRows(context, { key: "pickRows", inputs: { x, rows }, integers: {}, source }, rows.shape[0], x.shape[1]);
}

/** Each row of the result looks for itself in the list. */
function scatterRows(context: GpuContext, inputs: KernelInputs, attributes: KernelAttributes): TensorInfo {
  const { numRows } = attributes as { readonly numRows: number };
  const [d, rows] = [given(inputs, "d"), given(inputs, "rows")];
  const lanes = lanesOf(context);
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
  return runRows(context, { key: "scatterRows", inputs: { d, rows }, integers: { numPicked: rows.shape[0] }, source }, numRows, d.shape[1]);
}

function smallProduct({ backend }: GpuContext, inputs: KernelInputs, attributes: KernelAttributes): TensorInfo {
  const { turnsA, turnsB, ...integers } = attributes as object as SmallProduct;
  const { numOut, numColumns } = integers;
  const [a, b] = [given(inputs, "a"), given(inputs, "b")];
  const { bias } = inputs;
  const source = `
    fn main(index : i32) {
      if (index >= uniforms.numOut * uniforms.numColumns) { return; }
      let row = index / uniforms.numColumns;
      let column = index % uniforms.numColumns;
      var sum = 0.0;
      for (var k = 0; k < uniforms.numInner; k++) {
        sum += a[${turnsA ? "k * uniforms.numOut + row" : "row * uniforms.numInner + k"}] * b[${turnsB ? "column * uniforms.numInner + k" : "k * uniforms.numColumns + column"}];
      }
      result[index] = sum${bias === undefined ? "" : " + bias[column]"};
    }`;
  const program = {
    key: `smallProduct_${turnsA}_${turnsB}_${bias !== undefined}`,
    inputs: bias === undefined ? { a, b } : { a, b, bias },
    isWide: false,
    integers,
    source,
  };
  const numWorkgroups = Math.ceil((numOut * numColumns) / workgroupSize);
  return runFlat(backend, { ...program, workgroupSize, numWorkgroups, shape: [numOut, numColumns] });
}

function timesTail({ backend }: GpuContext, inputs: KernelInputs): TensorInfo {
  const [d, kept] = [given(inputs, "d"), given(inputs, "kept")];
  const numValues = sizeOf(d.shape);
  const source = `
    fn main(index : i32) {
      if (index < uniforms.numValues) { result[index] = d[index] * kept[uniforms.numValues + index]; }
    }`;
  const program = { key: "timesTail", inputs: { d, kept }, isWide: false, integers: { numValues }, source };
  return runFlat(backend, { ...program, workgroupSize, numWorkgroups: Math.ceil(numValues / workgroupSize), shape: d.shape });
}

function sumRange({ backend }: GpuContext, inputs: KernelInputs, attributes: KernelAttributes): TensorInfo {
  const { start, count } = attributes as { readonly start: number; readonly count: number };
  const source = `
    fn main(index : i32) {
      if (index > 0) { return; }
      var sum = 0.0;
      for (var i = uniforms.start; i < uniforms.start + uniforms.count; i++) { sum += x[i]; }
      result[0] = sum;
    }`;
  const program = { key: "sumRange", inputs: { x: given(inputs, "x") }, isWide: false, integers: { start, count }, source };
  return runFlat(backend, { ...program, workgroupSize: 1, numWorkgroups: 1, shape: [] });
}
