import { type Code, type FunctionBuilder, type FunctionDefinition, f32, f32x4, get, i32, type Local, set } from "./assembler.ts";

/** Columns computed at once: two vectors of four. */
const columnsAtOnce = 8;
/** A row is summed in the same order whichever of these takes it. */
const rowsAtOnce = [4, 2, 1] as const;

/** What a product starts from: zero, what C holds, or a row that is added to all. */
type ProductStart = "zero" | "sum" | "bias";
/** What happens to a finished sum: nothing, or one more number is added to it or multiplied with it. */
type ProductEnd = "none" | "plus" | "times";

/**
 * C (M, N) = A (M, K) · B (K, N) + start. Parameters: a, aRow, aColumn, b, bRow, c, cRow, M, N, K, bPanel, bias, and with an end how far behind C its
 * numbers lie, in the same strides; strides in bytes.
 * A may be strided both ways, so its transpose costs nothing; N is a multiple of 8. bPanel leads from eight columns of B to the next
 * eight: 32 in a plain matrix, K · 32 in one packed in panels, and eight columns meet all rows before the next eight are read. The bias is read only by its kind of start.
 */
export function product(name: string, start: ProductStart, end: ProductEnd = "none"): FunctionDefinition {
  return {
    name,
    parameters: Array.from({ length: end === "none" ? 12 : 13 }, () => "i32" as const),
    build(f, [a, aRow, aColumn, b, bRow, c, cRow, numRows, numColumns, numInner, bPanel, bias, behind]) {
      const [row, column, inner] = [f.local("i32"), f.local("i32"), f.local("i32")];
      const aRows = Array.from({ length: rowsAtOnce[0] }, () => f.local("i32"));
      const cRows = Array.from({ length: rowsAtOnce[0] }, () => f.local("i32"));
      const [panel, bAt] = [f.local("i32"), f.local("i32")];
      const [b0, b1, factor] = [f.local("v128"), f.local("v128"), f.local("v128")];
      const sums = Array.from({ length: 2 * rowsAtOnce[0] }, () => f.local("v128"));

      const startOf = (r: number, half: number): Code => {
        if (start === "zero") return f32x4.constant(0);
        if (start === "sum") return f32x4.load(get(cRows[r]), 16 * half);
        return f32x4.load(i32.add(get(bias), i32.multiply(get(column), i32.constant(4))), 16 * half);
      };
      const endOf = (r: number, half: number): Code => {
        const sum = get(sums[2 * r + half]);
        if (end === "none") return sum;
        const other = f32x4.load(i32.add(get(cRows[r]), get(behind)), 16 * half);
        return end === "plus" ? f32x4.add(other, sum) : f32x4.multiply(sum, other);
      };
      const block = (height: number) => {
        const offset = i32.multiply(get(column), i32.constant(4));
        f.emit(set(bAt, get(panel)));
        startRows(f, { pointers: aRows.slice(0, height), base: a, row, stride: aRow });
        startRows(f, { pointers: cRows.slice(0, height), base: c, row, stride: cRow, offset });
        for (let r = 0; r < height; r++) {
          for (const half of [0, 1]) f.emit(set(sums[2 * r + half], startOf(r, half)));
        }
        f.loop(inner, { start: i32.constant(0), end: get(numInner), step: 1 }, () => {
          f.emit(set(b0, f32x4.load(get(bAt))), set(b1, f32x4.load(get(bAt), 16)), set(bAt, i32.add(get(bAt), get(bRow))));
          for (let r = 0; r < height; r++) {
            f.emit(set(factor, f32x4.loadSplat(get(aRows[r]))), set(aRows[r], i32.add(get(aRows[r]), get(aColumn))));
            f.emit(addProduct(sums[2 * r], factor, b0), addProduct(sums[2 * r + 1], factor, b1));
          }
        });
        for (let r = 0; r < height; r++) {
          for (const half of [0, 1]) f.emit(f32x4.store(get(cRows[r]), endOf(r, half), 16 * half));
        }
      };

      f.emit(set(panel, get(b)));
      f.loop(column, { start: i32.constant(0), end: get(numColumns), step: columnsAtOnce }, () => {
        f.emit(set(row, i32.constant(0)));
        for (const height of rowsAtOnce) {
          f.loopOn(row, { end: get(numRows), step: height, margin: height - 1 }, () => block(height));
        }
        f.emit(set(panel, i32.add(get(panel), get(bPanel))));
      });
    },
  };
}

/** B (columns, rows) = Aᵀ. Parameters: a, aRow, b, bRow, rows, columns; strides in bytes. */
export const transpose: FunctionDefinition = {
  name: "transpose",
  parameters: ["i32", "i32", "i32", "i32", "i32", "i32"],
  build(f, [a, aRow, b, bRow, numRows, numColumns]) {
    const [row, column, from, to] = [f.local("i32"), f.local("i32"), f.local("i32"), f.local("i32")];
    f.loop(row, { start: i32.constant(0), end: get(numRows), step: 1 }, () => {
      f.emit(set(from, i32.add(get(a), i32.multiply(get(row), get(aRow)))));
      f.emit(set(to, i32.add(get(b), i32.multiply(get(row), i32.constant(4)))));
      f.loop(column, { start: i32.constant(0), end: get(numColumns), step: 1 }, () => {
        f.emit(f32.store(get(to), f32.load(get(from))));
        f.emit(set(from, i32.add(get(from), i32.constant(4))), set(to, i32.add(get(to), get(bRow))));
      });
    });
  },
};

/** B = A, which shared memory copies faster than JavaScript does. Parameters: a, b, bytes (a multiple of 4). */
export const copy: FunctionDefinition = {
  name: "copy",
  parameters: ["i32", "i32", "i32"],
  build(f, [a, b, numBytes]) {
    const at = f.local("i32");
    const [from, to] = [i32.add(get(a), get(at)), i32.add(get(b), get(at))];
    f.emit(set(at, i32.constant(0)));
    f.loopOn(at, { end: get(numBytes), step: 16, margin: 15 }, () => f.emit(f32x4.store(to, f32x4.load(from))));
    f.loopOn(at, { end: get(numBytes), step: 4, margin: 0 }, () => f.emit(f32.store(to, f32.load(from))));
  },
};

function startRows(
  f: FunctionBuilder,
  { pointers, base, row, stride, offset }: { pointers: readonly Local[]; base: Local; row: Local; stride: Local; offset?: Code },
): void {
  pointers.forEach((pointer, r) => {
    const start = i32.add(get(base), i32.multiply(i32.add(get(row), i32.constant(r)), get(stride)));
    f.emit(set(pointer, offset === undefined ? start : i32.add(start, offset)));
  });
}

function addProduct(sum: Local, a: Local, b: Local): Code {
  return set(sum, f32x4.add(get(sum), f32x4.multiply(get(a), get(b))));
}
