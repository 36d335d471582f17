import { signKey } from "@tutti/core";
import { signSource } from "./signs.ts";

/** Uniforms of a product whose W is moved, in the order of `movementValues`. */
export const movementUniforms =
  "inTurn : i32, second : i32, third : i32, start0 : i32, start1 : i32, start2 : i32, seed : i32, key : i32, amount : f32,";

/** What stands in them: `movement` as `packedLinear` hands it over. */
export function movementValues(movement: readonly number[]): { type: string; data: number[] }[] {
  const [inTurn, second, third, start0, start1, start2, seed, amount] = movement;
  const integers = [inTurn, second, third, start0, start1, start2, seed | 0, signKey(seed) | 0];
  return [...integers.map((value) => ({ type: "int32", data: [value] })), { type: "float32", data: [amount] }];
}

/**
 * WGSL `moved(row, quad)`: Δ + amount · z at the quad-th four of a row of W, the one of place d ^ (row mod 4) at d, as W's own come; 0 outside W. `moved` is added to W's
 * value last, so that both backends round the same two sums.
 */
export const movedSource = `
    ${signSource}
    fn movedAt(index : i32, column : i32) -> f32 {
      if (column >= uniforms.numIn) { return 0.0; }
      return delta[index + column] + uniforms.amount * signOf(signBits(index + column));
    }
    fn moved(row : i32, quad : i32) -> vec4<f32> {
      if (row >= uniforms.numOut) { return vec4<f32>(0.0); }
      var start = uniforms.start0 + row * uniforms.numIn;
      if (uniforms.inTurn != 0) { start = select(uniforms.start0, uniforms.start1, (row & 1) == 1) + (row >> 1u) * uniforms.numIn; }
      else if (row >= uniforms.third) { start = uniforms.start2 + (row - uniforms.third) * uniforms.numIn; }
      else if (row >= uniforms.second) { start = uniforms.start1 + (row - uniforms.second) * uniforms.numIn; }
      let first = 4 * quad + (row & 3);
      if (((start + 4 * quad) & 3) == 0 && 4 * quad + 3 < uniforms.numIn) { // all four of one word of signs
        let at = start + 4 * quad;
        let bits = signBits(at);
        let turn = row & 3;
        let d = vec4<i32>(0, 1, 2, 3) ^ vec4<i32>(turn);
        return vec4<f32>(delta[at + d.x], delta[at + d.y], delta[at + d.z], delta[at + d.w])
          + uniforms.amount * vec4<f32>(signOf(bits >> u32(d.x)), signOf(bits >> u32(d.y)), signOf(bits >> u32(d.z)), signOf(bits >> u32(d.w)));
      }
      return vec4<f32>(movedAt(start, first), movedAt(start, first ^ 1), movedAt(start, first ^ 2), movedAt(start, first ^ 3));
    }`;
