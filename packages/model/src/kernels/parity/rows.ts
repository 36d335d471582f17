import * as tf from "@tensorflow/tfjs";
import { createRandom } from "@tutti/core";
import { relativeError } from "../../verify/relativeError.ts";
import { runFused } from "../fusedKernels.ts";
import { smallProduct, sumRows } from "../smallProduct.ts";
import type { ParityCase } from "./parityCase.ts";
import { readTwice } from "./readTwice.ts";

const sizes = [
  { rows: [5, 0, 3], numRows: 7, width: 20 },
  { rows: [12], numRows: 13, width: 67 },
  { rows: [31, 2, 30, 4, 17], numRows: 32, width: 260 },
];

/** Numbers that the case's name decides. */
function drawer(name: string): (size: number) => Float32Array {
  const random = createRandom(15).stream({ purpose: name });
  return (size) => Float32Array.from({ length: size }, () => random.normal());
}

/** Rows put where a list says. */
const scatterCases: readonly ParityCase[] = sizes.map(({ rows, numRows, width }) => ({
  name: `${rows.length} rows of ${width} among ${numRows}`,
  tolerance: 0, // copies
  async worstError() {
    const numbers = drawer("scatter")(rows.length * width);
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

/** Rows taken where a list says, one of them twice. */
const pickCases: readonly ParityCase[] = sizes.map(({ rows, numRows, width }) => ({
  name: `${rows.length + 1} rows of ${width} out of ${numRows}`,
  tolerance: 0, // copies
  async worstError() {
    const list = [...rows, rows[0]];
    const numbers = drawer("pick")(numRows * width);
    const [x, at] = [tf.tensor2d(numbers, [numRows, width]), tf.tensor1d(list, "int32")];
    const result = await readTwice(() => runFused("TuttiPickRows", { x, rows: at }, {})[0]);
    tf.dispose([x, at]);
    return relativeError(
      result,
      list.flatMap((row) => [...numbers.subarray(row * width, (row + 1) * width)]),
    );
  },
}));

/** (numRows, numInner) · (numInner, numColumns), each factor as it lies or turned; one more row lies behind A's where A is not turned. */
const products = [
  { numRows: 3, numInner: 37, numColumns: 5, turnsA: false, turnsB: false, hasBias: false },
  { numRows: 1, numInner: 67, numColumns: 4, turnsA: false, turnsB: true, hasBias: true },
  { numRows: 9, numInner: 2, numColumns: 33, turnsA: true, turnsB: false, hasBias: false },
];

const productCases: readonly ParityCase[] = products.map(({ numRows, numInner, numColumns, turnsA, turnsB, hasBias }) => ({
  name: `small product (${numRows}, ${numInner}) · (${numInner}, ${numColumns})${turnsA ? ", A turned" : ""}${turnsB ? ", B turned" : ""}`,
  tolerance: 1e-6, // sums of at most 67 terms in f32
  async worstError() {
    const draw = drawer("small product");
    const [aRows, aColumns] = turnsA ? [numInner + 1, numRows] : [numRows + 1, numInner];
    const [aNumbers, bNumbers, biasNumbers] = [draw(aRows * aColumns), draw(numInner * numColumns), draw(numColumns)];
    const [a, b] = [
      tf.tensor2d(aNumbers, [aRows, aColumns]),
      tf.tensor2d(bNumbers, turnsB ? [numColumns, numInner] : [numInner, numColumns]),
    ];
    const bias = tf.tensor1d(biasNumbers);
    const result = await readTwice(() => smallProduct(a, turnsA ? numInner : numRows, b, { turnsA, turnsB, ...(hasBias ? { bias } : {}) }));
    tf.dispose([a, b, bias]);
    const expected = Array.from({ length: numRows * numColumns }, (_, i) => {
      const [row, column] = [Math.floor(i / numColumns), i % numColumns];
      let sum = hasBias ? biasNumbers[column] : 0;
      for (let k = 0; k < numInner; k++) {
        sum +=
          aNumbers[turnsA ? k * aColumns + row : row * aColumns + k] * bNumbers[turnsB ? column * numInner + k : k * numColumns + column];
      }
      return sum;
    });
    return relativeError(result, expected);
  },
}));

const sumCases: readonly ParityCase[] = [
  {
    name: "sums of the first 3 of 4 rows of 5, and of the values that follow them",
    tolerance: 1e-6,
    async worstError() {
      const numbers = drawer("sums")(20);
      const x = tf.tensor2d(numbers, [4, 5]);
      const columns = await readTwice(() => sumRows(x, 3));
      const rest = await readTwice(() => runFused("TuttiSumRange", { x }, { start: 15, count: 3 })[0]);
      x.dispose();
      const expected = Array.from({ length: 5 }, (_, column) => numbers[column] + numbers[5 + column] + numbers[10 + column]);
      return Math.max(relativeError(columns, expected), relativeError(rest, [numbers[15] + numbers[16] + numbers[17]]));
    },
  },
  {
    name: "two rows of 7 times the two that lie behind others",
    tolerance: 0, // one multiplication
    async worstError() {
      const draw = drawer("tail");
      const [numbers, kept] = [draw(14), draw(28)];
      const [d, tail] = [tf.tensor2d(numbers, [2, 7]), tf.tensor2d(kept, [4, 7])];
      const result = await readTwice(() => runFused("TuttiTimesTail", { d, kept: tail }, {})[0]);
      tf.dispose([d, tail]);
      return relativeError(
        result,
        [...numbers].map((value, i) => Math.fround(value * kept[14 + i])),
      );
    },
  },
];

/** What happens to the rows that a head reads. */
export const rowCases: readonly ParityCase[] = [...scatterCases, ...pickCases, ...productCases, ...sumCases];
