import { type Code, type FunctionBuilder, type FunctionDefinition, f32x4, get, i32, i32x4, type Local, set } from "./assembler.ts";

const { add, subtract, multiply, divide, splat } = f32x4;

/** c = (a + b) · scale. Parameters: a, b, c, bytes (a multiple of 16), scale. */
export const scaledSum: FunctionDefinition = {
  name: "scaledSum",
  parameters: ["i32", "i32", "i32", "i32", "f32"],
  build(f, [a, b, c, numBytes, scale]) {
    const at = f.local("i32");
    f.loop(at, { start: i32.constant(0), end: get(numBytes), step: 16 }, () => {
      f.emit(f32x4.store(here(c, at), multiply(add(f32x4.load(here(a, at)), f32x4.load(here(b, at))), splat(get(scale)))));
    });
  },
};

/** a = a · factor. Parameters: a, bytes (a multiple of 16), factor. */
export const scale: FunctionDefinition = {
  name: "scale",
  parameters: ["i32", "i32", "f32"],
  build(f, [a, numBytes, factor]) {
    const at = f.local("i32");
    f.loop(at, { start: i32.constant(0), end: get(numBytes), step: 16 }, () => {
      f.emit(f32x4.store(here(a, at), multiply(f32x4.load(here(a, at)), splat(get(factor)))));
    });
  },
};

/** Eight columns of A at a time, one eight under the other. Parameters: a, aRow, b, bPanel, rows, columns (a multiple of 8); strides in bytes. */
export const panels: FunctionDefinition = {
  name: "panels",
  parameters: ["i32", "i32", "i32", "i32", "i32", "i32"],
  build(f, [a, aRow, b, bPanel, numRows, numColumns]) {
    const [column, row, from, to] = [f.local("i32"), f.local("i32"), f.local("i32"), f.local("i32")];
    f.loop(column, { start: i32.constant(0), end: get(numColumns), step: 8 }, () => {
      f.emit(set(from, i32.add(get(a), i32.multiply(get(column), i32.constant(4)))), set(to, get(b)));
      f.loop(row, { start: i32.constant(0), end: get(numRows), step: 1 }, () => {
        f.emit(f32x4.store(get(to), f32x4.load(get(from))), f32x4.store(get(to), f32x4.load(get(from), 16), 16));
        f.emit(set(from, i32.add(get(from), get(aRow))), set(to, i32.add(get(to), i32.constant(32))));
      });
      f.emit(set(b, i32.add(get(b), get(bPanel))));
    });
  },
};

/** B (columns, rows) = Aᵀ by blocks of four. Parameters: a, aRow, b, bRow, rows, columns (both multiples of 4); strides in bytes. */
export const turnFours: FunctionDefinition = {
  name: "turnFours",
  parameters: ["i32", "i32", "i32", "i32", "i32", "i32"],
  build(f, [a, aRow, b, bRow, numRows, numColumns]) {
    const [column, row] = [f.local("i32"), f.local("i32")];
    const from = pointers(f);
    const to = pointers(f);
    const [x, y] = [vectors(f), vectors(f)];
    const step = (locals: readonly Local[], by: Code) => f.emit(...locals.map((local) => set(local, i32.add(get(local), by))));
    const begin = (locals: readonly Local[], start: Code, stride: Local) =>
      f.emit(...locals.map((local, i) => set(local, i === 0 ? start : i32.add(get(locals[i - 1]), get(stride)))));
    f.loop(column, { start: i32.constant(0), end: get(numColumns), step: 4 }, () => {
      begin(from, i32.add(get(a), i32.multiply(get(column), i32.constant(4))), aRow);
      begin(to, i32.add(get(b), i32.multiply(get(column), get(bRow))), bRow);
      f.loop(row, { start: i32.constant(0), end: get(numRows), step: 4 }, () => {
        f.emit(...x.map((local, i) => set(local, f32x4.load(get(from[i])))));
        for (const [i, [first, second]] of [
          [0, 1],
          [2, 3],
        ].entries()) {
          f.emit(set(y[2 * i], f32x4.shuffle(get(x[first]), get(x[second]), [0, 4, 1, 5])));
          f.emit(set(y[2 * i + 1], f32x4.shuffle(get(x[first]), get(x[second]), [2, 6, 3, 7])));
        }
        const lower = (i: number) => f32x4.shuffle(get(y[i]), get(y[i + 2]), [0, 1, 4, 5]);
        const upper = (i: number) => f32x4.shuffle(get(y[i]), get(y[i + 2]), [2, 3, 6, 7]);
        f.emit(...[lower(0), upper(0), lower(1), upper(1)].map((value, i) => f32x4.store(get(to[i]), value)));
        step(from, i32.multiply(get(aRow), i32.constant(4)));
        step(to, i32.constant(16));
      });
    });
  },
};

/** Σ over the rows of D, or of D ⊙ X. Parameters: d, x, sums, rows, stride of a row, bytes of the sums (a multiple of 16). */
export function columnSums(name: string, isWeighted: boolean): FunctionDefinition {
  return {
    name,
    parameters: ["i32", "i32", "i32", "i32", "i32", "i32"],
    build(f, [d, x, sums, numRows, stride, numBytes]) {
      const [at, row, offset] = [f.local("i32"), f.local("i32"), f.local("i32")];
      const sum = f.local("v128");
      f.loop(at, { start: i32.constant(0), end: get(numBytes), step: 16 }, () => {
        f.emit(set(offset, get(at)), set(sum, f32x4.constant(0)));
        f.loop(row, { start: i32.constant(0), end: get(numRows), step: 1 }, () => {
          const value = f32x4.load(here(d, offset));
          f.emit(set(sum, add(get(sum), isWeighted ? multiply(value, f32x4.load(here(x, offset))) : value)));
          f.emit(set(offset, i32.add(get(offset), get(stride))));
        });
        f.emit(f32x4.store(here(sums, at), get(sum)));
      });
    },
  };
}

/**
 * One step of AdamW of the values from byte `start` on. Parameters: state, gradient, result, bytes of a plane, start, end (both to the byte; a
 * multiple of 16 apart), clip, β₁, 1 − β₁, β₂, 1 − β₂, rate, ε, 1 − η · weight decay.
 */
export const adamW: FunctionDefinition = {
  name: "adamW",
  parameters: [...Array.from({ length: 6 }, () => "i32" as const), ...Array.from({ length: 8 }, () => "f32" as const)],
  build(f, [state, gradient, result, plane, start, end, clip, beta1, rest1, beta2, rest2, rate, epsilon, keep]) {
    const at = f.local("i32");
    const [g, m, v] = [f.local("v128"), f.local("v128"), f.local("v128")];
    const planeOf = (base: Local, index: number): Code =>
      index === 0 ? here(base, at) : i32.add(here(base, at), i32.multiply(get(plane), i32.constant(index)));
    const mixed = (index: number, [stays, comes]: readonly [Local, Local], value: Code) =>
      add(multiply(f32x4.load(planeOf(state, index)), splat(get(stays))), multiply(value, splat(get(comes))));
    f.loop(at, { start: get(start), end: get(end), step: 16 }, () => {
      f.emit(set(g, multiply(f32x4.load(here(gradient, at)), splat(get(clip)))));
      f.emit(set(m, mixed(1, [beta1, rest1], get(g))), set(v, mixed(2, [beta2, rest2], multiply(get(g), get(g)))));
      const moved = multiply(divide(get(m), add(f32x4.root(get(v)), splat(get(epsilon)))), splat(get(rate)));
      f.emit(f32x4.store(planeOf(result, 0), multiply(subtract(f32x4.load(planeOf(state, 0)), moved), splat(get(keep)))));
      f.emit(f32x4.store(planeOf(result, 1), get(m)), f32x4.store(planeOf(result, 2), get(v)));
    });
  },
};

/** y = x times each value's factor: its two bits are 1 for 1, 3 for the scale, else 0. Parameters: x, bits, y, bytes of the bits (sixteen values in four), scale. */
export const dropOut: FunctionDefinition = {
  name: "dropOut",
  parameters: ["i32", "i32", "i32", "i32", "f32"],
  build(f, [x, bits, y, numBytes, scale]) {
    const [at, values] = [f.local("i32"), f.local("i32")];
    const [word, found] = [f.local("v128"), f.local("v128")];
    f.loop(at, { start: i32.constant(0), end: get(numBytes), step: 4 }, () => {
      f.emit(set(word, f32x4.loadSplat(here(bits, at))), set(values, i32.multiply(get(at), i32.constant(16))));
      for (let quarter = 0; quarter < 4; quarter++) {
        const lanes = (code: number) => i32x4.constant([0, 2, 4, 6].map((bit) => code << (8 * quarter + bit)));
        const factorWhere = (code: number, factor: Code) => f32x4.and(i32x4.equal(get(found), lanes(code)), factor);
        f.emit(set(found, f32x4.and(get(word), lanes(3))));
        const factor = f32x4.or(factorWhere(3, splat(get(scale))), factorWhere(1, f32x4.constant(1)));
        f.emit(f32x4.store(here(y, values), multiply(f32x4.load(here(x, values), 16 * quarter), factor), 16 * quarter));
      }
    });
  },
};

function here(base: Local, at: Local): Code {
  return i32.add(get(base), get(at));
}

function pointers(f: FunctionBuilder): readonly Local[] {
  return Array.from({ length: 4 }, () => f.local("i32"));
}

function vectors(f: FunctionBuilder): readonly Local[] {
  return Array.from({ length: 4 }, () => f.local("v128"));
}
