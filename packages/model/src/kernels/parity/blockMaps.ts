import * as tf from "@tensorflow/tfjs";
import { createRandom, packingFor, packTensor } from "@tutti/core";
import { relativeError } from "../../verify/relativeError.ts";
import { type BlockPlan, blockGradient, blockMaps } from "../blockMaps.ts";
import { chooseKernels } from "../fusedKernels.ts";
import { arrangeWords } from "../webgpu/packedWords.ts";
import type { ParityCase } from "./parityCase.ts";
import { readTwice } from "./readTwice.ts";

/** Three units of two maps: blocks above each other with rows between them, blocks one behind the other, biases shorter than their maps. */
const plan: BlockPlan = {
  numUnits: 3,
  numValues: 3 * 20 + 5 + 5 * 3 + 7 * 2 + 9,
  maps: [
    {
      numIn: 20,
      numOut: 8,
      blocks: [{ start: 0, row: 5, column: 0, numRows: 3, numColumns: 20, factor: 1.5 }],
      bias: { start: 60, size: 5 },
    },
    {
      numIn: 8,
      numOut: 17,
      blocks: [
        { start: 65, row: 0, column: 5, numRows: 5, numColumns: 3, factor: 1 },
        { start: 80, row: 9, column: 1, numRows: 7, numColumns: 2, factor: -0.5 },
      ],
      bias: { start: 94, size: 9 },
    },
  ],
};
const numRows = 13;

function draw(name: string, shape: readonly [number] | readonly [number, number]): tf.Tensor {
  const random = createRandom(15).stream({ purpose: name });
  return tf.tensor(
    Float32Array.from({ length: shape.reduce((a, b: number) => a * b, 1) }, () => random.normal()),
    [...shape],
  );
}

/** The gradient of a unit's values; one row more lies behind what counts. */
function gradient(): tf.Tensor {
  const [x, middle, dy] = [draw("x", [numRows + 1, 20]), draw("middle", [numRows + 1, 8]), draw("dy", [numRows + 1, 17])] as tf.Tensor2D[];
  const uses = [
    { x, dy: draw("dMiddle", [numRows + 1, 8]) as tf.Tensor2D },
    { x: middle, dy },
  ];
  return blockGradient(plan, uses, numRows);
}

/** The words of all matrices as the kernel arranges them. */
function arranged(): tf.Tensor {
  const [first] = blockMaps(draw("values", [plan.numUnits * plan.numValues]) as tf.Tensor1D, plan)[0];
  if (first.layout !== "packed") throw new Error(`packed maps were expected, found ${first.layout} ones`);
  return first.words;
}

/** The words of each matrix that the plain operations make, arranged on the CPU. */
async function expectedWords(): Promise<number[]> {
  const matrices = await readPlain(() =>
    blockMaps(draw("values", [plan.numUnits * plan.numValues]) as tf.Tensor1D, plan).flatMap((maps) =>
      maps.map((map) => {
        if (map.layout === "packed" || map.backward.layout === "panels") throw new Error("plain maps were expected");
        return map.backward.matrix;
      }),
    ),
  );
  return matrices.flatMap((matrix, i) => {
    const { numIn, numOut } = plan.maps[i % plan.maps.length];
    return [...arrangeWords(packTensor([numOut, numIn], matrix, packingFor("f32"))).words];
  });
}

async function readPlain(make: () => tf.Tensor[]): Promise<Float32Array[]> {
  chooseKernels("plain");
  const tensors = tf.tidy(make);
  chooseKernels("fast");
  const read = await Promise.all(tensors.map((tensor) => tensor.data<"float32">()));
  tf.dispose(tensors);
  return read;
}

/** Trained blocks as packed matrices, and their gradients. */
export const blockCases: readonly ParityCase[] = [
  {
    name: "trained blocks as packed matrices",
    tolerance: 0, // a product by a power of two, or 1.5 as both compute it
    async worstError() {
      const [found, expected] = [await readTwice(arranged), await expectedWords()];
      return found.length === expected.length && expected.every((word, i) => word === found[i]) ? 0 : 1;
    },
  },
  {
    name: "the gradients of trained blocks and their biases",
    tolerance: 1e-6, // sums of 13 terms in f32
    async worstError() {
      const [found, [expected]] = [await readTwice(gradient), await readPlain(() => [gradient()])];
      return relativeError(found, expected);
    },
  },
];
