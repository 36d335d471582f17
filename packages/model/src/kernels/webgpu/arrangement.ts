import { wordsPerRow } from "./packedWords.ts";

/** Where a map's or a norm's weight and bias begin. */
interface Places {
  readonly weightAt: number;
  readonly biasAt: number;
}

/** How weights in a vector lie as products and norms on the GPU read them: matrices as `arrangeWords` does, everything from a multiple of four on. */
export function arrangeOnGpu(place: (numWords: number) => number): {
  map(numOut: number, numIn: number): Places;
  norm(width: number): Places;
} {
  const fours = (count: number) => 4 * Math.ceil(count / 4);
  return {
    map: (numOut, numIn) => ({ weightAt: place(fours(numOut) * wordsPerRow("f32", numIn)), biasAt: place(fours(numOut)) }),
    norm: (width) => ({ weightAt: place(fours(width)), biasAt: place(fours(width)) }),
  };
}
