import * as tf from "@tensorflow/tfjs";
import { createRandom } from "@tutti/core";
import { relativeError } from "../../verify/relativeError.ts";
import { runFused } from "../fusedKernels.ts";
import type { ParityCase } from "./parityCase.ts";
import { readTwice } from "./readTwice.ts";

const sizes = [
  { rows: [5, 0, 3], numRows: 7, width: 20 },
  { rows: [12], numRows: 13, width: 67 },
  { rows: [31, 2, 30, 4, 17], numRows: 32, width: 260 },
];

/** Rows put where a list says. */
export const scatterRowsCases: readonly ParityCase[] = sizes.map(({ rows, numRows, width }) => ({
  name: `${rows.length} rows of ${width} among ${numRows}`,
  tolerance: 0, // copies
  async worstError() {
    const random = createRandom(15).stream({ purpose: "scatter parity" });
    const numbers = Float32Array.from({ length: rows.length * width }, () => random.normal());
    const [d, at] = [tf.tensor2d(numbers, [rows.length, width]), tf.tensor1d(rows, "int32")];
    const result = await readTwice(() => runFused("TuttiScatterRows", { d, rows: at }, { numRows })[0]);
    tf.dispose([d, at]);
    const expected = new Float32Array(numRows * width);
    rows.forEach((row, i) => {
      expected.set(numbers.subarray(i * width, (i + 1) * width), row * width);
    });
    return relativeError(result, expected);
  },
}));
