import * as tf from "@tensorflow/tfjs";
import { createRandom } from "@tutti/core";
import { relativeError } from "../../verify/relativeError.ts";
import { chooseKernels } from "../fusedKernels.ts";
import { inputDropout } from "../inputDropout.ts";
import type { ParityCase } from "./parityCase.ts";
import { readTwice } from "./readTwice.ts";

const sizes = [
  { numRows: 5, width: 20, rate: 0.1, hasResidual: false },
  { numRows: 13, width: 67, rate: 0.6, hasResidual: true }, // a threshold above 2³¹
  { numRows: 700, width: 384, rate: 0.99, hasResidual: false }, // more values than invocations
];

/** Dropout with the draws of the plain operations; one more row lies behind what counts. */
export const inputDropoutCases: readonly ParityCase[] = sizes.map(({ numRows, width, rate, hasResidual }) => ({
  name: `dropout of ${rate} in ${numRows} rows of ${width}${hasResidual ? " with a residual" : ""}`,
  tolerance: hasResidual ? 1e-7 : 0, // a factor and a sum may be rounded once
  async worstError() {
    const random = createRandom(15).stream({ purpose: "input dropout" });
    const draw = (rows: number) =>
      tf.tensor2d(
        Float32Array.from({ length: rows * width }, () => random.normal()),
        [rows, width],
      );
    const [x, residual] = [draw(numRows + 1), hasResidual ? draw(numRows) : null];
    const drop = () => inputDropout([0xfedcba98, 7], 11, rate)(x, numRows, residual);
    const found = await readTwice(drop);
    chooseKernels("plain");
    const plain = tf.tidy(drop);
    chooseKernels("fast");
    const expected = await plain.data<"float32">();
    tf.dispose([x, plain, ...(residual === null ? [] : [residual])]);
    return relativeError(found, expected);
  },
}));
