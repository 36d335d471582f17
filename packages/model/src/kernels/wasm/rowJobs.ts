import type { WasmProgram } from "./functions.ts";
import type { Job } from "./threads/board.ts";
import { numPartsOf, rangeJob } from "./threads/jobs.ts";

// Work that is worth a hand-over, which takes one or two microseconds: about ten.
const productsWorthwhile = 250_000;
const valuesWorthwhile = { activation: 2_048, norm: 8_192, softmax: 4_096 } as const;
/** Columns that a product computes at once. */
const columnsAtOnce = 8;

/** Addresses of a product's operands; null for what is not there. */
interface ProductAddresses {
  readonly x: number;
  readonly panels: number;
  readonly y: number;
  readonly bias: number | null;
  /** Of y's shape, added to it. */
  readonly residual?: number | null;
  /** Of y's shape, multiplied with it; then there is neither bias nor residual. */
  readonly factor?: number | null;
}

/**
 * (x (rows, numIn) · panels + bias + residual) · factor → y (rows, numOut), in parts of columns: so each panel is read once, by one thread, whatever
 * the number of rows.
 */
export function productJob(
  at: ProductAddresses,
  {
    rows,
    numIn,
    numOut,
    numThreads,
  }: { readonly rows: number; readonly numIn: number; readonly numOut: number; readonly numThreads: number },
): Job {
  const { residual = null, factor = null } = at;
  const name = factor !== null ? "productTimes" : (`product${at.bias === null ? "" : "Biased"}${residual === null ? "" : "Plus"}` as const);
  const other = factor ?? residual;
  const behind = other === null ? [] : [other - at.y];
  const [xRow, yRow, panel] = [4 * numIn, 4 * numOut, 32 * numIn];
  const [b, c, biases] = [
    { from: at.panels, perUnit: xRow },
    { from: at.y, perUnit: 4 },
    { from: at.bias ?? 0, perUnit: 4 },
  ];
  const parameters = [at.x, xRow, 4, b, 32, c, yRow, rows, "count" as const, numIn, panel, biases, ...behind];
  const numParts = numPartsOf(rows * numIn * numOut, productsWorthwhile, numThreads);
  return rangeJob({ name, parameters, numUnits: numOut, unitsAtOnce: columnsAtOnce, numParts });
}

/** An activation of the values at the addresses, with as many results as there are addresses behind the first. */
export function activationJob(name: keyof WasmProgram, addresses: readonly number[], numValues: number, numThreads: number): Job {
  const parameters = [...addresses.map((from) => ({ from, perUnit: 1 })), "count" as const];
  const numParts = numPartsOf(numValues, valuesWorthwhile.activation, numThreads);
  return rangeJob({ name, parameters, numUnits: 4 * numValues, unitsAtOnce: 16, numParts });
}

/** Copies values, not shared. */
export function copyJob(from: number, to: number, numValues: number): Job {
  return rangeJob({ name: "copy", parameters: [from, to, "count"], numUnits: 4 * numValues, unitsAtOnce: 4 * numValues, numParts: 1 });
}

/** Softmax of rows in place. */
export function softmaxJob(x: number, rows: number, columns: number, numThreads: number): Job {
  const row = 4 * columns;
  const parameters = [{ from: x, perUnit: row }, "count" as const, row, row, row, 0, row];
  const numParts = numPartsOf(rows * columns, valuesWorthwhile.softmax, numThreads);
  return rangeJob({ name: "softmax", parameters, numUnits: rows, unitsAtOnce: 1, numParts });
}

/** An operand of a norm: the address of values that all rows share, or of `perRow` values for each row. */
type RowOperand = number | { readonly address: number; readonly perRow: number };

interface NormedRows {
  readonly rows: number;
  readonly width: number;
  /** What follows the bytes of a row and 1 / width. */
  readonly more?: readonly number[];
  readonly numThreads: number;
}

/** A norm, or its gradient, over rows of `width` values. */
export function normJob(name: keyof WasmProgram, operands: readonly RowOperand[], { rows, width, more = [], numThreads }: NormedRows): Job {
  const given = operands.map((operand) => (typeof operand === "number" ? operand : { from: operand.address, perUnit: 4 * operand.perRow }));
  const parameters = [...given, "count" as const, 4 * width, 1 / width, ...more];
  const numParts = numPartsOf(rows * width, valuesWorthwhile.norm, numThreads);
  return rangeJob({ name, parameters, numUnits: rows, unitsAtOnce: 1, numParts });
}
