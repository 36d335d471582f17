import type { GpuTraits } from "./gpuKernel.ts";

/** How neighbouring invocations share a row. */
export interface RowLanes {
  /** Invocations per row, a power of two. */
  readonly lanes: number;
  readonly workgroupSize: number;
  /** Distinguishes the sources. */
  readonly key: string;
  /** Whether the sums go through four invocations side by side instead of through workgroup memory. */
  readonly isQuad: boolean;
  readonly hasSubgroups: boolean;
}

/** Lanes for rows of `numElements`: a workgroup that reduces in its memory, or four invocations (one, where they cannot exchange values). */
export function rowLanes(traits: GpuTraits, numElements: number): RowLanes {
  const { variant, hasSubgroups } = traits;
  if (variant === "registers") {
    const lanes = hasSubgroups ? 4 : 1;
    return { lanes, workgroupSize: 32, key: `registers${lanes}`, isQuad: true, hasSubgroups };
  }
  const lanes = numElements > 512 ? 256 : 64;
  return { lanes, workgroupSize: lanes, key: `shared${lanes}${hasSubgroups ? "subgroups" : ""}`, isQuad: false, hasSubgroups };
}

export interface Reduction {
  /** Name of the function in the source. */
  readonly name: string;
  readonly type: "f32" | "vec2<f32>" | "vec4<f32>";
  readonly operation: "add" | "max";
}

/**
 * `fn name(value : type, turn : i32) -> type`: the sum or maximum over the lanes of a row, the same in each, in an order that never changes.
 * All invocations call it, with turns 0 and 1 alternately.
 */
export function reductionSource({ name, type, operation }: Reduction, lanes: RowLanes): string {
  const both = (a: string, b: string) => (operation === "add" ? `${a} + ${b}` : `max(${a}, ${b})`);
  const head = `fn ${name}(value : ${type}, turn : i32) -> ${type}`;
  if (lanes.lanes === 1) return `${head} { return value; }`;
  if (lanes.isQuad) return `${head} { let pair = ${both("value", "quadSwapX(value)")}; return ${both("pair", "quadSwapY(pair)")}; }`;
  const size = lanes.workgroupSize;
  if (lanes.hasSubgroups) {
    return `
      var<workgroup> ${name}Kept : array<${type}, ${2 * size}>;
      ${head} {
        let first = turn * ${size};
        ${name}Kept[first + i32(localIndex)] = value;
        workgroupBarrier();
        let step = i32(subgroupAdd(1u));
        let lane = i32(subgroupExclusiveAdd(1u));
        var all = ${name}Kept[first + lane];
        for (var i = lane + step; i < ${size}; i += step) { all = ${both("all", `${name}Kept[first + i]`)}; }
        return ${operation === "add" ? "subgroupAdd" : "subgroupMax"}(all);
      }`;
  }
  const root = Math.sqrt(size);
  return `
    var<workgroup> ${name}Kept : array<${type}, ${size}>;
    var<workgroup> ${name}Parts : array<${type}, ${root}>;
    ${head} {
      let lane = i32(localIndex);
      ${name}Kept[lane] = value;
      workgroupBarrier();
      if (lane < ${root}) {
        var part = value;
        for (var i = lane + ${root}; i < ${size}; i += ${root}) { part = ${both("part", `${name}Kept[i]`)}; }
        ${name}Parts[lane] = part;
      }
      workgroupBarrier();
      var all = ${name}Parts[0];
      for (var i = 1; i < ${root}; i++) { all = ${both("all", `${name}Parts[i]`)}; }
      return all;
    }`;
}

/** What must stand before everything else in a program that uses the reduction. */
export function reductionHead({ hasSubgroups }: RowLanes): string {
  return hasSubgroups ? "enable subgroups;" : "";
}
