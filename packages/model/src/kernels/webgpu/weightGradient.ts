import type { TensorInfo } from "@tensorflow/tfjs-core";
import type { GradientPlace } from "../weightGradient.ts";
import { runFlat } from "./flatProgram.ts";
import {
  type GpuContext,
  type GpuKernel,
  type GpuProgram,
  given,
  type KernelAttributes,
  type KernelInputs,
  listed,
  notFlat,
} from "./gpuKernel.ts";

/** Rows of W, and columns four apart, that an invocation of the program without barriers computes. */
const [quadRows, quadColumns] = [8, 8];
/** Invocations along each side of a workgroup, and rows of a batch that it holds at a time. */
const [side, depth] = [8, 16];

type WeightGradientKernel = "TuttiVector" | "TuttiWeightGradient" | "TuttiNormWeightGradient";

/** Gradients of trained weights, each written to its place in the vector of all, which `TuttiVector` makes. */
export function weightGradientKernels(context: GpuContext): Record<WeightGradientKernel, GpuKernel> {
  const { backend } = context;
  return {
    TuttiVector: (_, { size }) => [backend.makeTensorInfo([Number(size)], "float32")],
    TuttiWeightGradient(inputs, attributes) {
      runWeights(context, inputs, attributes);
      return [];
    },
    TuttiNormWeightGradient(inputs, attributes) {
      runNorm(context, inputs, attributes);
      return [];
    },
  };
}

/** dW = dYᵀ · X, and the sum of dY's rows where there is a bias. */
function runWeights({ backend, traits }: GpuContext, inputs: KernelInputs, attributes: KernelAttributes): void {
  const place = attributes as object as GradientPlace;
  const { numRows, numOut, numIn, hasBias, isInterleaved, ends, weights, biases, scale } = place;
  const { variant, hasSubgroups } = traits();
  const hasQuads = variant === "registers" && hasSubgroups;
  const held = numOut >= 512 && numIn >= 512 ? 8 : 4;
  const [high, wide] = hasQuads ? [quadRows, 4 * quadColumns] : [side * held, side * held];
  const program: GpuProgram = {
    variableNames: ["dy", "x"],
    variableComponents: [1, 1],
    outputShape: [given(inputs, "into").shape[0]],
    outputComponent: 1,
    dispatchLayout: { x: [0] },
    dispatch: notFlat([1, Math.ceil(numIn / wide), Math.ceil(numOut / high)]),
    workgroupSize: [hasQuads ? 4 : side * side, 1, 1],
    shaderKey: ["tutti_weightGradient", hasQuads ? "quads" : held, hasBias, isInterleaved].join("_"),
    uniforms: `numRows : i32, numOut : i32, numIn : i32, ${[0, 1, 2].map((i) => `weight${i} : i32, bias${i} : i32,`).join(" ")} second : i32, third : i32, scale : f32,`,
    getUserCode: () => `${writeSource(place)}\n${hasQuads ? quadSource() : tileSource(held)}`,
  };
  const starts = [0, 1, 2].flatMap((i) => [weights[i] ?? 0, biases[i] ?? 0]);
  const integers = [numRows, numOut, numIn, ...starts, ...ends];
  backend.runWebGPUProgram(
    program,
    [given(inputs, "dy"), given(inputs, "x")].map(listed),
    "float32",
    [...integers.map((data) => ({ type: "int32", data: [data] })), { type: "float32", data: [scale] }],
    given(inputs, "into"),
  );
}

/** `write(row, column, value)` and `writeBias(row, value)`: to the places of W's parts. What lies outside is not written. */
function writeSource({ isInterleaved, hasBias }: GradientPlace): string {
  const part = isInterleaved
    ? "let part = row & 1; let at = row >> 1u;"
    : "let part = select(select(0, 1, row >= uniforms.second), 2, row >= uniforms.third); let at = row - select(select(0, uniforms.second, part == 1), uniforms.third, part == 2);";
  const start = (name: string) => `select(select(uniforms.${name}0, uniforms.${name}1, part == 1), uniforms.${name}2, part == 2)`;
  return `
    fn write(row : i32, column : i32, value : f32) {
      if (row >= uniforms.numOut || column >= uniforms.numIn) { return; }
      ${part}
      result[${start("weight")} + at * uniforms.numIn + column] = value * select(1.0, uniforms.scale, part == 0);
    }
    fn writeBias(row : i32, value : f32) {
      ${hasBias ? `if (row >= uniforms.numOut) { return; } ${part} result[${start("bias")} + at] = value * select(1.0, uniforms.scale, part == 0);` : ""}
    }`;
}

const each = (count: number, line: (i: number) => string): string => Array.from({ length: count }, (_, i) => line(i)).join("\n");

/** Four neighbouring invocations compute 8 × 32 values and tell each other dY, of which each reads a fourth. */
function quadSource(): string {
  return `
    enable subgroups;
    @diagnostic(off, subgroup_uniformity)
    fn main(index : i32) {
      let lane = i32(localIndex);
      let row = i32(workgroupId.z) * ${quadRows};
      let column = i32(workgroupId.y) * ${4 * quadColumns} + lane;
      ${each(quadRows, (r) => each(quadColumns, (c) => `var sum${r}_${c} = 0.0;`))}
      ${each(quadRows / 4, (h) => `var bias${h} = 0.0;`)}
      for (var m = 0; m < uniforms.numRows; m++) {
        let left = m * uniforms.numOut + row + lane;
        let right = m * uniforms.numIn + column;
        ${each(quadRows / 4, (h) => `let d${h} = dy[left + ${4 * h}]; bias${h} += d${h};`)}
        ${each(quadColumns, (c) => `let x${c} = x[right + ${4 * c}];`)}
        ${each(quadRows, (r) => `{ let d = quadBroadcast(d${r >> 2}, ${r & 3}u); ${each(quadColumns, (c) => `sum${r}_${c} += d * x${c};`)} }`)}
      }
      if (workgroupId.y == 0u) { ${each(quadRows / 4, (h) => `writeBias(row + ${4 * h} + lane, bias${h});`)} }
      ${each(quadRows, (r) => each(quadColumns, (c) => `write(row + ${r}, column + ${4 * c}, sum${r}_${c});`))}
    }`;
}

/** A workgroup computes a square tile, each invocation `held` by `held` neighbouring values; dY and X pass through workgroup memory. */
function tileSource(held: number): string {
  const quads = held / 4;
  const rowQuads = side * quads;
  const load = (from: string, width: string, first: string) =>
    `vec4<f32>(${[0, 1, 2, 3].map((d) => `select(0.0, ${from}[m * ${width} + ${first} + ${d}], m < uniforms.numRows && ${first} + ${d} < ${width})`).join(", ")})`;
  return `
    var<workgroup> left : array<vec4<f32>, ${depth * rowQuads}>;
    var<workgroup> right : array<vec4<f32>, ${depth * rowQuads}>;
    fn main(index : i32) {
      let local = i32(localIndex);
      let tx = local % ${side};
      let ty = local / ${side};
      let firstRow = i32(workgroupId.z) * ${side * held};
      let firstColumn = i32(workgroupId.y) * ${side * held};
      ${each(held, (r) => each(quads, (c) => `var sum${r}_${c} = vec4<f32>(0.0);`))}
      ${each(quads, (q) => `var bias${q} = vec4<f32>(0.0);`)}
      for (var first = 0; first < uniforms.numRows; first += ${depth}) {
        for (var i = local; i < ${depth * rowQuads}; i += ${side * side}) {
          let m = first + i / ${rowQuads};
          let atRow = firstRow + 4 * (i % ${rowQuads});
          let atColumn = firstColumn + 4 * (i % ${rowQuads});
          left[i] = ${load("dy", "uniforms.numOut", "atRow")};
          right[i] = ${load("x", "uniforms.numIn", "atColumn")};
        }
        workgroupBarrier();
        for (var m = 0; m < ${depth}; m++) {
          ${each(quads, (q) => `let d${q} = left[m * ${rowQuads} + ${quads} * ty + ${q}]; bias${q} += d${q};`)}
          ${each(quads, (q) => `let x${q} = right[m * ${rowQuads} + ${quads} * tx + ${q}];`)}
          ${each(held, (r) => each(quads, (c) => `sum${r}_${c} += d${r >> 2}[${r & 3}] * x${c};`))}
        }
        workgroupBarrier();
      }
      let row = firstRow + ${held} * ty;
      let column = firstColumn + ${held} * tx;
      if (workgroupId.y == 0u && tx == 0) { ${each(held, (r) => `writeBias(row + ${r}, bias${r >> 2}[${r & 3}]);`)} }
      ${each(held, (r) => each(held, (c) => `write(row + ${r}, column + ${c}, sum${r}_${c >> 2}[${c & 3}]);`))}
    }`;
}

interface NormPlace {
  readonly numRows: number;
  readonly weight: number;
  readonly bias: number;
  readonly hasBias: boolean;
}

/** Σ dY ⊙ x̂ and Σ dY over the rows, from x and what follows the norm's gradient. */
function runNorm({ backend, traits }: GpuContext, inputs: KernelInputs, attributes: KernelAttributes): void {
  const { numRows, weight, bias, hasBias } = attributes as object as NormPlace;
  const [dy, x, dx] = ["dy", "x", "dx"].map((name) => given(inputs, name)) as [TensorInfo, TensorInfo, TensorInfo];
  const width = x.shape[1];
  // invocations that share a column: rows a stride apart
  const numShares = traits().variant === "shared" ? 8 : 1;
  const workgroupSize = numShares === 1 ? 32 : 64;
  const columns = workgroupSize / numShares;
  const isShared = numShares > 1;
  runFlat(backend, {
    key: `normWeightGradient_${numShares}_${hasBias}`,
    inputs: { dy, x, dx },
    isWide: false,
    integers: { numRows, width, weight, bias },
    workgroupSize,
    numWorkgroups: Math.ceil(width / columns),
    shape: given(inputs, "into").shape,
    into: given(inputs, "into"),
    source: `
      ${isShared ? `var<workgroup> parts : array<vec2<f32>, ${workgroupSize}>;` : ""}
      fn main(index : i32) {
        let local = index % ${workgroupSize};
        let column = index / ${workgroupSize} * ${columns} + local % ${columns};
        let share = local / ${columns};
        let tail = uniforms.numRows * uniforms.width;
        var sums = vec2<f32>(0.0);
        for (var row = share; row < uniforms.numRows; row += ${numShares}) {
          let at = row * uniforms.width + column;
          let d = dy[at];
          sums += vec2<f32>(d * (x[at] - dx[tail + 4 * row]) * dx[tail + 4 * row + 1], d);
        }
        ${isShared ? `parts[local] = sums; workgroupBarrier(); for (var i = 1; i < ${numShares}; i++) { sums += select(vec2<f32>(0.0), parts[(local + i * ${columns}) % ${workgroupSize}], share == 0); }` : ""}
        if (column < uniforms.width && share == 0) {
          result[uniforms.weight + column] = sums.x;
          ${hasBias ? "result[uniforms.bias + column] = sums.y;" : ""}
        }
      }`,
  });
}
