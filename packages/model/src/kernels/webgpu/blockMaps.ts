import type { TensorInfo } from "@tensorflow/tfjs-core";
import { type BlockMap, readMaps, wordsOf } from "../blockMaps.ts";
import { runFlat } from "./flatProgram.ts";
import { type GpuContext, type GpuKernel, given, type KernelAttributes, type KernelInputs, listed } from "./gpuKernel.ts";
import { wordsPerRow } from "./packedWords.ts";

/** Arranges trained blocks as packed matrices of f32, and computes the gradients of a unit's blocks and biases: one dispatch each. */
export function blockKernels(context: GpuContext): Record<"TuttiArrangeBlocks" | "TuttiBlockGradient", GpuKernel> {
  return {
    TuttiArrangeBlocks: (inputs, attributes) => [arrange(context, inputs, attributes)],
    TuttiBlockGradient: (inputs, attributes) => [gradient(context, inputs, attributes)],
  };
}

/** The most workgroups of this size that share the words to arrange. */
const arranging = { workgroupSize: 64, most: 4096 };

/** The words of `arrangeWords`, for the matrices of all units one after the other. */
function arrange({ backend }: GpuContext, inputs: KernelInputs, attributes: KernelAttributes): TensorInfo {
  const { numValues, numUnits } = attributes as { readonly numValues: number; readonly numUnits: number };
  const maps = readMaps(attributes.maps as number[]);
  const unitWords = maps.reduce((sum, map) => sum + wordsOf(map), 0);
  const numQuads = (numUnits * unitWords) / 4;
  const { workgroupSize, most } = arranging;
  const numWorkgroups = Math.min(most, Math.ceil(numQuads / workgroupSize));
  const integers: Record<string, number> = { numValues, unitQuads: unitWords / 4, numQuads, step: numWorkgroups * workgroupSize };
  const numbers: Record<string, number> = {};
  maps.forEach((map, m) => {
    integers[`quads${m}`] = wordsOf(map) / 4;
    integers[`rowQuads${m}`] = wordsPerRow("f32", map.numIn) / 4;
    map.blocks.forEach((block, b) => {
      const { factor, ...places } = block;
      for (const [name, value] of Object.entries(places)) integers[`${name}${m}_${b}`] = value;
      numbers[`factor${m}_${b}`] = factor;
    });
  });
  return backend.runWebGPUProgram(
    {
      variableNames: ["values"],
      variableComponents: [1],
      outputShape: [4 * numQuads],
      outputComponent: 1,
      dispatchLayout: { x: [0] },
      dispatch: [numWorkgroups, 1, 1],
      workgroupSize: [workgroupSize, 1, 1],
      shaderKey: ["tutti_arrangeBlocks", ...maps.map(({ blocks }) => blocks.length)].join("_"),
      uniforms: [...Object.keys(integers).map((name) => `${name} : i32,`), ...Object.keys(numbers).map((name) => `${name} : f32,`)].join(
        " ",
      ),
      getUserCode: () => arrangeSource(maps),
    },
    [listed(given(inputs, "values"))],
    "int32",
    [
      ...Object.values(integers).map((value) => ({ type: "int32", data: [value] })),
      ...Object.values(numbers).map((value) => ({ type: "float32", data: [value] })),
    ],
  );
}

/** Each invocation finds the places of four neighbouring words in a matrix, and what a block holds there; divisions are slow on software adapters. */
function arrangeSource(maps: readonly BlockMap[]): string {
  const blockSource = (at: string) => `
            let row${at} = row - uniforms.row${at};
            let column${at} = column - uniforms.column${at};
            if (row${at} >= 0 && row${at} < uniforms.numRows${at} && column${at} > -4 && column${at} < uniforms.numColumns${at}) {
              let place = first + uniforms.start${at} + row${at} * uniforms.numColumns${at} + column${at};
              ${each(
                4,
                (d) =>
                  `if (column${at} + ${d} >= 0 && column${at} + ${d} < uniforms.numColumns${at}) { four[${d}] = uniforms.factor${at} * values[place + ${d}]; }`,
              )}
            }`;
  const mapSource = ({ blocks }: BlockMap, m: number) => `
          if (at >= 0 && at < uniforms.quads${m}) {
            row = at / uniforms.rowQuads${m};
            let column = 4 * (at - row * uniforms.rowQuads${m});
            ${blocks.map((_, b) => blockSource(`${m}_${b}`)).join("")}
          }
          at -= uniforms.quads${m};`;
  return `
      fn main(index : i32) {
        for (var quad = index; quad < uniforms.numQuads; quad += uniforms.step) {
          let unit = quad / uniforms.unitQuads;
          let first = unit * uniforms.numValues;
          var at = quad - unit * uniforms.unitQuads;
          var row = 0;
          var four = vec4<f32>(0.0);
          ${maps.map(mapSource).join("")}
          let words = bitcast<vec4<i32>>(four);
          ${each(4, (d) => `result[4 * quad + ((row & 3) ^ ${d})] = words[${d}];`)}
        }
      }`;
}

/** How much of a block's gradient an invocation computes. */
interface Tile {
  readonly rows: number;
  readonly columns: number;
  readonly workgroupSize: number;
}

/** Without barriers every read counts, so that tiles are large; GPUs want many invocations. */
const tiles: Readonly<Record<"shared" | "registers", Tile>> = {
  shared: { rows: 2, columns: 4, workgroupSize: 64 },
  registers: { rows: 8, columns: 8, workgroupSize: 4 },
};

/** dYᵀ X of each block, and the sums of dY's columns for biases; each sum goes row by row, in an order that never changes. */
function gradient({ backend, traits }: GpuContext, inputs: KernelInputs, attributes: KernelAttributes): TensorInfo {
  const { numValues, numRows } = attributes as { readonly numValues: number; readonly numRows: number };
  const maps = readMaps(attributes.maps as number[]);
  const { variant } = traits();
  const tile = tiles[variant];
  const integers: Record<string, number> = { numTokens: numRows };
  const numbers: Record<string, number> = {};
  let end = 0;
  maps.forEach(({ numIn, numOut, blocks }, m) => {
    Object.assign(integers, { [`numIn${m}`]: numIn, [`numOut${m}`]: numOut });
    blocks.forEach(({ factor, ...places }, b) => {
      const across = Math.ceil(places.numColumns / tile.columns);
      for (const [name, value] of Object.entries({ ...places, across, first: end })) integers[`${name}${m}_${b}`] = value;
      numbers[`factor${m}_${b}`] = factor;
      end += across * Math.ceil(places.numRows / tile.rows);
    });
    integers[`end${m}`] = end;
  });
  maps.forEach(({ bias }, m) => {
    if (bias === null) return;
    Object.assign(integers, { [`biasFirst${m}`]: end, [`biasStart${m}`]: bias.start, [`biasSize${m}`]: bias.size });
    end += bias.size;
  });
  const operands = maps.flatMap((_, m) => [`x${m}`, `dy${m}`]);
  return runFlat(backend, {
    key: ["blockGradient", variant, ...maps.map(({ blocks, bias }) => `${blocks.length}${bias !== null}`)].join("_"),
    inputs: Object.fromEntries(operands.map((name) => [name, given(inputs, name)])),
    isWide: false,
    integers,
    numbers,
    workgroupSize: tile.workgroupSize,
    numWorkgroups: Math.ceil(end / tile.workgroupSize),
    shape: [numValues],
    source: `
      ${maps.map((map, m) => (map.blocks.length === 0 ? "" : tileSource(m, tile))).join("")}
      fn main(index : i32) {
        ${maps.map(chooseSource).join("")}
        ${maps.map(biasSource).join("")}
      }`,
  });
}

const each = (count: number, line: (i: number) => string): string => Array.from({ length: count }, (_, i) => line(i)).join("\n");

/** `tileM(…)`: a tile of a block of map m. */
function tileSource(m: number, { rows, columns }: Tile): string {
  const write = (i: number, j: number) =>
    `if (row + ${i} < numRows && column + ${j} < numColumns) { result[at + ${i} * numColumns + ${j}] = factor * sum${i}_${j}; }`;
  return `
      fn tile${m}(tile : i32, across : i32, start : i32, firstRow : i32, firstColumn : i32, numRows : i32, numColumns : i32, factor : f32) {
        let row = tile / across * ${rows};
        let column = tile % across * ${columns};
        let at = start + row * numColumns + column;
        ${each(rows, (i) => each(columns, (j) => `var sum${i}_${j} = 0.0;`))}
        var left = firstRow + row;
        var right = firstColumn + column;
        for (var n = 0; n < uniforms.numTokens; n++) {
          ${each(columns, (j) => `let value${j} = x${m}[right + ${j}];`)}
          ${each(rows, (i) => `let d${i} = dy${m}[left + ${i}]; ${each(columns, (j) => `sum${i}_${j} += d${i} * value${j};`)}`)}
          left += uniforms.numOut${m};
          right += uniforms.numIn${m};
        }
        ${each(rows, (i) => each(columns, (j) => write(i, j)))}
      }`;
}

/** Which block of map m an invocation works on. */
function chooseSource({ blocks }: BlockMap, m: number): string {
  if (blocks.length === 0) return "";
  const names = ["first", "across", "start", "row", "column", "numRows", "numColumns", "factor"];
  const take = (b: number) => names.map((name) => `${name} = uniforms.${name}${m}_${b};`).join(" ");
  return `
        if (index < uniforms.end${m}) {
          ${names.map((name) => `var ${name} = uniforms.${name}${m}_0;`).join(" ")}
          ${blocks.map((_, b) => (b === 0 ? "" : `if (index >= uniforms.first${m}_${b}) { ${take(b)} }`)).join("\n")}
          tile${m}(index - first, across, start, row, column, numRows, numColumns, factor);
          return;
        }`;
}

function biasSource({ bias }: BlockMap, m: number): string {
  if (bias === null) return "";
  return `
        if (index >= uniforms.biasFirst${m} && index < uniforms.biasFirst${m} + uniforms.biasSize${m}) {
          let column = index - uniforms.biasFirst${m};
          var sum = 0.0;
          for (var n = 0; n < uniforms.numTokens; n++) { sum += dy${m}[n * uniforms.numOut${m} + column]; }
          result[uniforms.biasStart${m} + column] = sum;
          return;
        }`;
}
