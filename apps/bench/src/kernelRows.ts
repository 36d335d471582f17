import type { KernelMeasurement, MemoryMeasurement, ProductMeasurement, StepCounts, StepMeasurement } from "@tutti/model/bench";
import { type BenchRow, type Goal, row } from "./rows.ts";

/** Our training step against the yardstick, with the best plain operations beside it. */
export function stepRow(name: string, step: StepMeasurement, goal: Goal): BenchRow {
  const { timesStock, timesPlain, ownMs, stockMs, plainMs, numRounds, lossDifference } = step;
  const times = `${round(ownMs)} ms; stock ${round(stockMs)} ms, plain twin ${round(plainMs)} ms`;
  const note = `plain twin ${round(timesPlain)} ×; ${times}; median of ${numRounds}; losses differ by ${lossDifference.toExponential(0)}`;
  return { ...row(`${name}: stock / ours`, timesStock, "×", goal), note };
}

/** What a family's step asks of the GPU. */
export function countRows(family: string, { own, stock }: { own: StepCounts; stock: StepCounts }, atMost: number): BenchRow[] {
  return [
    { ...row(`dispatches per layer and step, ${family}`, own.perLayer, "", { atMost }), note: `stock ${stock.perLayer}` },
    {
      ...row(`pipelines compiled after the first step, ${family}`, own.pipelines, "", { atMost: 0 }),
      note: `readbacks within a step: ${own.readbacks}`,
    },
  ];
}

/** What the weights take on the GPU beside what they take on disk. */
export function weightRow(name: string, memory: MemoryMeasurement): BenchRow {
  const { packedBytes, weightBytes, allocatedBytes } = memory;
  const note = `${megabytes(weightBytes)} of ${megabytes(packedBytes)} packed; with all buffers of a step ${megabytes(allocatedBytes)}`;
  return { ...row(`GPU bytes of the weights, ${name}`, weightBytes / packedBytes, "× packed", { atMost: 1.1 }), note };
}

/** One kind of dispatch with its roofline. */
export function kernelRow(prefix: string, kernel: KernelMeasurement): BenchRow {
  const { name, operations, bytes, ms, fractionOfRoofline, reason } = kernel;
  const size = `${round(operations / 1e6)} MFLOP, ${megabytes(bytes)}`;
  if (ms === null) return { name: `${prefix} ${name}`, value: null, unit: "ms", goal: null, holds: null, note: `${size}; ${reason ?? ""}` };
  const rates = `${round(operations / ms / 1e6)} GFLOP/s, ${round(bytes / ms / 1e6)} GB/s`;
  const share = fractionOfRoofline === null ? "" : `, ${Math.round(100 * fractionOfRoofline)} % of the roofline`;
  return { ...row(`${prefix} ${name}`, ms, "ms"), note: `${size}; ${rates}${share}` };
}

/** A product of jax-js beside ours. */
export function productRow(width: number, numRows: number, product: ProductMeasurement): BenchRow {
  const { timesJax, timesStock, ownMs, jaxMs, stockMs, int8Ms } = product;
  const times = `jax-js ${round(jaxMs)} ms, ours ${round(ownMs)} ms (int8 ${round(int8Ms)} ms), tfjs ${round(stockMs)} ms = ${round(timesStock)} ×`;
  return { ...row(`product (${numRows}, ${width}) · (${width}, ${width}): jax-js / ours`, timesJax, "×"), note: times };
}

/** Three digits. */
export function round(value: number): string {
  return String(Number(value.toPrecision(3)));
}

/** Bytes in MB. */
export function megabytes(bytes: number): string {
  return `${round(bytes / 1e6)} MB`;
}
