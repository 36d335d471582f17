/**
 * WGSL `signBits(index)`: the signs of a seed from value `index` on, the first in the lowest bit, as far as their word goes (@tutti/core's `signWord`). The seed and its key
 * are the uniforms `seed` and `key`, as 32-bit patterns.
 */
export const signSource = `
    fn mixed(value : u32) -> u32 {
      var x = value ^ (value >> 16u);
      x *= 0x7feb352du;
      x ^= x >> 15u;
      x *= 0x846ca68bu;
      return x ^ (x >> 16u);
    }
    fn signBits(index : i32) -> u32 {
      let word = mixed(mixed(u32(index >> 5u) + bitcast<u32>(uniforms.key)) ^ bitcast<u32>(uniforms.seed));
      return word >> u32(index & 31);
    }
    fn signOf(bits : u32) -> f32 { return 1.0 - 2.0 * f32(bits & 1u); }`;
