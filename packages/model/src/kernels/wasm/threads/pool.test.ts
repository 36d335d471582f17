import { MessageChannel, type Worker } from "node:worker_threads";
import { createRandom } from "@tutti/core";
import { startThread } from "@tutti/data/node";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { AttentionShape } from "../../attentionShape.ts";
import { numWeights, scratchFloats } from "../attention.ts";
import { compileProgram } from "../program.ts";
import { activationJob, normJob, productJob } from "../rowJobs.ts";
import type { Job } from "./board.ts";
import { attentionJob } from "./jobs.ts";
import { type Pool, singleThread, startPool } from "./pool.ts";

const workers: Worker[] = [];
const memory = new WebAssembly.Memory({ initial: 64, maximum: 256, shared: true });
let pools: Pool[] = [];

beforeAll(async () => {
  const compiled = await compileProgram(memory);
  if (compiled === null) throw new Error("this Node has no vector instructions");
  const start = (numMore: number) => startPool({ ...compiled, memory, ports: Array.from({ length: numMore }, thread) });
  pools = [singleThread(compiled.program), ...(await Promise.all([start(1), start(2)]))];
});

afterAll(() => Promise.all(workers.map((worker) => worker.terminate())));

function thread() {
  const worker = startThread(new URL("../../../testing/kernelThread.ts", import.meta.url).href, "kernelThread", null);
  const { port1, port2 } = new MessageChannel();
  worker.postMessage(port1, [port1]);
  workers.push(worker);
  return port2 as object as MessagePort;
}

/** What a job works on: drawn inputs, then results, then scratch, as numbers of floats. */
interface Case {
  readonly name: string;
  readonly inputs: readonly number[];
  readonly results: readonly number[];
  readonly scratch?: readonly number[];
  /** From the addresses of all of them. */
  jobOn(at: readonly number[]): Job;
}

/** What a job leaves in its results. */
function resultsOf(pool: Pool, { inputs, results, scratch = [], jobOn }: Case): Uint8Array {
  const random = createRandom(3).stream({ purpose: "threads" });
  let end = 0;
  const arrays = [...inputs, ...results, ...scratch].map((size, index) => {
    const values = new Float32Array(memory.buffer, end, size).fill(0);
    if (index < inputs.length) for (let i = 0; i < size; i++) values[i] = random.normal();
    end += 16 * Math.ceil(size / 4);
    return values;
  });
  const job = jobOn(arrays.map(({ byteOffset }) => byteOffset));
  expect(job.numParts).toBeGreaterThan(2);
  for (let run = 0; run < 20; run++) pool.run(job); // often, so that threads come early and late
  const [first, behind] = [arrays[inputs.length].byteOffset, arrays[inputs.length + results.length]?.byteOffset ?? end];
  return new Uint8Array(memory.buffer).slice(first, behind);
}

const shape: AttentionShape = { numHeads: 6, numKeyValueHeads: 3, headSize: 8, lengths: [40, 3, 57, 11], isCausal: true };
const [rows, h, w, numPrefix] = [111, 48, 24, 5];
const allWeights = shape.lengths.reduce((sum, length) => sum + numWeights(length, shape.numHeads, numPrefix), 0);
const [qkvSize, prefixSize] = [rows * (h + 2 * w), 2 * numPrefix * w];
const scratch = [3 * scratchFloats(shape, numPrefix), 3 * numWeights(57, 1, numPrefix)];

test.each<Case>([
  {
    name: "a product of many rows",
    inputs: [150 * 96, 96 * 80, 80],
    results: [150 * 80],
    jobOn: ([x, panels, bias, y]) => productJob({ x, panels, bias, y }, { rows: 150, numIn: 96, numOut: 80, numThreads: 3 }),
  },
  {
    name: "a product of few rows",
    inputs: [7 * 640, 640 * 640],
    results: [7 * 640],
    jobOn: ([x, panels, y]) => productJob({ x, panels, bias: null, y }, { rows: 7, numIn: 640, numOut: 640, numThreads: 3 }),
  },
  {
    name: "an activation with its derivative",
    inputs: [110_004],
    results: [110_004, 110_004],
    jobOn: (at) => activationJob("geluWithGradient", at, 110_004, 3),
  },
  {
    name: "a norm",
    inputs: [1200 * 100, 100, 100],
    results: [1200 * 100, 1200 * 100, 1200],
    jobOn: ([x, weight, bias, y, standard, inverse]) => {
      const operands = [rowsAt(x), weight, bias, rowsAt(y), rowsAt(standard), { address: inverse, perRow: 1 }];
      return normJob("layerNorm", operands, { rows: 1200, width: 100, more: [1e-5], numThreads: 3 });
    },
  },
  {
    name: "a norm's gradient",
    inputs: [1200 * 100, 100, 1200 * 100, 1200],
    results: [1200 * 100],
    jobOn: ([dy, weight, standard, inverse, dx]) => {
      const operands = [rowsAt(dy), weight, rowsAt(standard), { address: inverse, perRow: 1 }, rowsAt(dx)];
      return normJob("layerNormGradient", operands, { rows: 1200, width: 100, numThreads: 3 });
    },
  },
  {
    name: "attention",
    inputs: [qkvSize, prefixSize],
    results: [allWeights, rows * h],
    scratch,
    jobOn: ([qkv, prefix, weights, y, at]) =>
      attentionJob({ isGradient: false, at: { qkv, prefix, weights, y, scratch: at }, shape, numPrefix, numThreads: 3 }),
  },
  {
    name: "attention's gradient",
    inputs: [qkvSize, prefixSize, allWeights, rows * h],
    results: [prefixSize, qkvSize],
    scratch,
    jobOn: ([qkv, prefix, weights, dy, dPrefix, dQkv, at, dWeights]) =>
      attentionJob({
        isGradient: true,
        at: { qkv, prefix, weights, dy, dPrefix, dQkv, scratch: at, dWeights },
        shape,
        numPrefix,
        numThreads: 3,
      }),
  },
])("1, 2 and 3 threads give the same bits: $name", (given) => {
  const [one, ...more] = pools.map((pool) => resultsOf(pool, given));
  const isZero = new Float32Array(one.buffer).filter((value) => value === 0).length;
  expect(isZero / (one.byteLength / 4)).toBeLessThan(0.5); // a causal text's weights are zero in nearly half
  for (const results of more) expect(Buffer.from(results).equals(Buffer.from(one))).toBe(true);
});

function rowsAt(address: number) {
  return { address, perRow: 100 };
}
