import { type Code, type FunctionDefinition, f32x4, get, i32, i32x4, type Local, set } from "./assembler.ts";

/** x ← x xor (x >> places), unsigned. */
const folded = (x: Local, places: number): Code => set(x, i32.xor(get(x), i32.shiftRight(get(x), i32.constant(places))));

/** The bijection of @tutti/core's `signWord`. */
const mixed = (x: Local): Code => [
  ...folded(x, 16),
  ...set(x, i32.multiply(get(x), i32.constant(0x7feb352d | 0))),
  ...folded(x, 15),
  ...set(x, i32.multiply(get(x), i32.constant(0x846ca68b | 0))),
  ...folded(x, 16),
];

/**
 * values += amount × sign, 32 values to a word of signs. Parameters: values, bytes (a multiple of 128), the first word, seed, key, amount. A sign is a float's highest
 * bit: a lane gets its own where its bit of the word is set.
 */
export const moveSigns: FunctionDefinition = {
  name: "moveSigns",
  parameters: ["i32", "i32", "i32", "i32", "i32", "f32"],
  build(f, [values, numBytes, word, seed, key, amount]) {
    const [at, hash, here] = [f.local("i32"), f.local("i32"), f.local("i32")];
    const [bits, plus] = [f.local("v128"), f.local("v128")];
    const highest = i32x4.constant([-(2 ** 31), -(2 ** 31), -(2 ** 31), -(2 ** 31)]);
    f.emit(set(plus, f32x4.splat(get(amount))));
    f.loop(at, { start: i32.constant(0), end: get(numBytes), step: 128 }, () => {
      f.emit(set(hash, i32.add(get(word), get(key))), mixed(hash), set(hash, i32.xor(get(hash), get(seed))), mixed(hash));
      f.emit(set(bits, i32x4.splat(get(hash))), set(here, i32.add(get(values), get(at))), set(word, i32.add(get(word), i32.constant(1))));
      for (let four = 0; four < 8; four++) {
        const lanes = i32x4.constant([0, 1, 2, 3].map((lane) => 1 << (4 * four + lane)));
        const minus = f32x4.and(i32x4.equal(f32x4.and(get(bits), lanes), lanes), highest);
        f.emit(f32x4.store(get(here), f32x4.add(f32x4.load(get(here), 16 * four), f32x4.xor(get(plus), minus)), 16 * four));
      }
    });
  },
};
