import type { WasmProgram } from "./functions.ts";
import type { Job } from "./threads/board.ts";
import { rangeJob } from "./threads/jobs.ts";

// A part should take tens of microseconds: handing one over takes one or two. How a job is split changes no bits.
const valuesPerPart = 32_768;
const [fewestRows, mostRows] = [16, 64];
const productsPerPart = 500_000;

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

/** (x (rows, numIn) · panels + bias + residual) · factor → y (rows, numOut): in two parts of rows for each thread, or where rows are few, of columns. */
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
  const bias = at.bias ?? 0;
  const [xRow, yRow, panel] = [4 * numIn, 4 * numOut, 32 * numIn];
  const isSmall = rows * numIn * numOut < 2 * productsPerPart;
  if (rows < 2 * fewestRows) {
    const columns = 8 * Math.ceil(productsPerPart / (8 * rows * numIn));
    const [b, c, biases] = [at.panels, at.y, bias].map((from, i) => ({ from, perUnit: i === 0 ? xRow : 4 }));
    const parameters = [at.x, xRow, 4, b, 32, c, yRow, rows, "count" as const, numIn, panel, biases, ...behind];
    return rangeJob({ name, parameters, numUnits: numOut, unitsPerPart: columns, isSmall });
  }
  const unitsPerPart = Math.min(mostRows, Math.max(fewestRows, 4 * Math.ceil(rows / (8 * numThreads))));
  const [a, c] = [
    { from: at.x, perUnit: xRow },
    { from: at.y, perUnit: yRow },
  ];
  const parameters = [a, xRow, 4, at.panels, 32, c, yRow, "count" as const, numOut, numIn, panel, bias, ...behind];
  return rangeJob({ name, parameters, numUnits: rows, unitsPerPart, isSmall });
}

/** A function of the values at the addresses, which takes addresses and a number of bytes. */
export function valuesJob(name: keyof WasmProgram, addresses: readonly number[], numValues: number): Job {
  const parameters = [...addresses.map((from) => ({ from, perUnit: 1 })), "count" as const];
  return rangeJob({ name, parameters, numUnits: 4 * numValues, unitsPerPart: 4 * valuesPerPart, isSmall: numValues <= valuesPerPart });
}

/** Copies values, not shared. */
export function copyJob(from: number, to: number, numValues: number): Job {
  return rangeJob({ name: "copy", parameters: [from, to, "count"], numUnits: 4 * numValues, unitsPerPart: 4 * numValues, isSmall: true });
}

/** Softmax of rows in place. */
export function softmaxJob(x: number, rows: number, columns: number): Job {
  const row = 4 * columns;
  const unitsPerPart = Math.ceil(valuesPerPart / columns);
  const parameters = [{ from: x, perUnit: row }, "count" as const, row, row, row, 0, row];
  return rangeJob({ name: "softmax", parameters, numUnits: rows, unitsPerPart, isSmall: rows <= unitsPerPart });
}

/** An operand of a norm: the address of values that all rows share, or of `perRow` values for each row. */
type RowOperand = number | { readonly address: number; readonly perRow: number };

/** A norm, or its gradient, over rows of `width` values; `more` follows the bytes of a row and 1 / width. */
export function normJob(
  name: keyof WasmProgram,
  operands: readonly RowOperand[],
  { rows, width, more = [] }: { readonly rows: number; readonly width: number; readonly more?: readonly number[] },
): Job {
  const given = operands.map((operand) => (typeof operand === "number" ? operand : { from: operand.address, perUnit: 4 * operand.perRow }));
  const parameters = [...given, "count" as const, 4 * width, 1 / width, ...more];
  const unitsPerPart = Math.max(1, Math.ceil(valuesPerPart / width));
  return rangeJob({ name, parameters, numUnits: rows, unitsPerPart, isSmall: rows <= unitsPerPart });
}
