/** Neighbouring invocations that share a row. */
export interface Lanes {
  /** A power of two: all of a workgroup, or 1 for an invocation on its own, which needs no barrier. */
  readonly size: number;
  readonly hasSubgroups: boolean;
}

/** Distinguishes the sources of reductions. */
export function laneKey({ size, hasSubgroups }: Lanes): string {
  return size > 1 && hasSubgroups ? `${size}subgroups` : `${size}`;
}

interface Reduction {
  /** Name of the function in the source. */
  readonly name: string;
  readonly type: "f32" | "vec4<f32>";
  readonly operation: "add" | "max";
}

/**
 * `fn name(value : type, turn : i32) -> type`: the sum or maximum over the lanes, the same in each, in an order that never changes.
 * All invocations of a workgroup call it, with turns 0 and 1 alternately.
 */
export function reductionSource({ name, type, operation }: Reduction, { size, hasSubgroups }: Lanes): string {
  const both = (a: string, b: string) => (operation === "add" ? `${a} + ${b}` : `max(${a}, ${b})`);
  if (size === 1) return `fn ${name}(value : ${type}, turn : i32) -> ${type} { return value; }`;
  if (hasSubgroups) {
    // Every subgroup reduces all kept values. The two turns have places of their own: a barrier later nobody reads the ones before the last.
    return `
      enable subgroups;
      var<workgroup> ${name}Kept : array<${type}, ${2 * size}>;
      fn ${name}(value : ${type}, turn : i32) -> ${type} {
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
  const numParts = 2 ** Math.ceil(Math.log2(size) / 2);
  return `
    var<workgroup> ${name}Kept : array<${type}, ${size}>;
    var<workgroup> ${name}Parts : array<${type}, ${numParts}>;
    fn ${name}(value : ${type}, turn : i32) -> ${type} {
      let lane = i32(localIndex);
      ${name}Kept[lane] = value;
      workgroupBarrier();
      if (lane < ${numParts}) {
        var part = value;
        for (var i = lane + ${numParts}; i < ${size}; i += ${numParts}) { part = ${both("part", `${name}Kept[i]`)}; }
        ${name}Parts[lane] = part;
      }
      workgroupBarrier();
      var all = ${name}Parts[0];
      for (var i = 1; i < ${numParts}; i++) { all = ${both("all", `${name}Parts[i]`)}; }
      return all;
    }`;
}
