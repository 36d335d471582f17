import {
  acrossLanes,
  type Code,
  type FunctionBuilder,
  type FunctionDefinition,
  f32,
  f32x4,
  get,
  i32,
  type Local,
  set,
} from "./assembler.ts";
import { exponential } from "./pointwise.ts";

const { add, subtract, multiply } = f32x4;
const zero = f32x4.constant(0);

/**
 * Softmax of rows in place; columns that a row does not see become 0. Row t sees min(most, first + t · growth) columns.
 * Parameters: x, rows, stride, bytes of a row (a multiple of 16), first, growth, most; the last three in bytes too.
 */
export const softmax: FunctionDefinition = {
  name: "softmax",
  parameters: ["i32", "i32", "i32", "i32", "i32", "i32", "i32"],
  build(f, [x, numRows, stride, numBytes, first, growth, most]) {
    const [row, at, base, seen] = [f.local("i32"), f.local("i32"), f.local("i32"), f.local("i32")];
    const [value, sum, power, n, r, largest] = Array.from({ length: 6 }, () => f.local("v128"));
    f.loop(row, { start: i32.constant(0), end: get(numRows), step: 1 }, () => {
      f.emit(set(base, i32.add(get(x), i32.multiply(get(row), get(stride)))));
      f.emit(set(seen, i32.add(get(first), i32.multiply(get(row), get(growth)))), set(seen, i32.smaller(seen, most)));
      f.loop(at, { start: get(seen), end: get(numBytes), step: 4 }, () => {
        f.emit(f32.store(i32.add(get(base), get(at)), f32.constant(-1e30)));
      });
      const here = i32.add(get(base), get(at));
      f.emit(set(largest, f32x4.constant(-1e30)));
      eachVector(f, at, numBytes, () => f.emit(set(largest, f32x4.larger(get(largest), f32x4.load(here)))));
      f.emit(set(largest, f32x4.splat(acrossLanes(largest, f32.larger))), set(sum, zero));
      eachVector(f, at, numBytes, () => {
        f.emit(set(value, subtract(f32x4.load(here), get(largest))), exponential(value, power, n, r));
        f.emit(f32x4.store(here, get(power)), set(sum, add(get(sum), get(power))));
      });
      f.emit(set(sum, f32x4.splat(f32.divide(f32.constant(1), acrossLanes(sum, f32.add)))));
      eachVector(f, at, numBytes, () => f.emit(f32x4.store(here, multiply(f32x4.load(here), get(sum)))));
    });
  },
};

/**
 * dScores = w ∘ (dW − Σ w ∘ dW) per row, in place of dW, whose columns from `most` on may hold anything.
 * Parameters: w, dW, rows, stride, bytes of a row (a multiple of 16), most.
 */
export const softmaxGradient: FunctionDefinition = {
  name: "softmaxGradient",
  parameters: ["i32", "i32", "i32", "i32", "i32", "i32"],
  build(f, [w, dw, numRows, stride, numBytes, most]) {
    const [row, at, wRow, dwRow] = [f.local("i32"), f.local("i32"), f.local("i32"), f.local("i32")];
    const sum = f.local("v128");
    f.loop(row, { start: i32.constant(0), end: get(numRows), step: 1 }, () => {
      f.emit(set(wRow, i32.add(get(w), i32.multiply(get(row), get(stride)))));
      f.emit(set(dwRow, i32.add(get(dw), i32.multiply(get(row), get(stride)))), set(sum, zero));
      f.loop(at, { start: get(most), end: get(numBytes), step: 4 }, () => f.emit(f32.store(i32.add(get(dwRow), get(at)), f32.constant(0))));
      const [weight, gradient] = [i32.add(get(wRow), get(at)), i32.add(get(dwRow), get(at))];
      eachVector(f, at, numBytes, () => addTo(f, sum, multiply(f32x4.load(weight), f32x4.load(gradient))));
      f.emit(set(sum, f32x4.splat(acrossLanes(sum, f32.add))));
      eachVector(f, at, numBytes, () => {
        f.emit(f32x4.store(gradient, multiply(f32x4.load(weight), subtract(f32x4.load(gradient), get(sum)))));
      });
    });
  },
};

/**
 * y = x̂ ∘ weight (+ bias), x̂ and 1/σ kept for the gradient; LayerNorm, or RMSNorm when not `centred` (bias is then not read).
 * Parameters: x, weight, bias, y, x̂, 1/σ, rows, bytes of a row, 1 / width, ε.
 */
export function norm(name: string, centred: boolean): FunctionDefinition {
  return {
    name,
    parameters: ["i32", "i32", "i32", "i32", "i32", "i32", "i32", "i32", "f32", "f32"],
    build(f, [x, weight, bias, y, standard, inverse, numRows, numBytes, perWidth, epsilon]) {
      const [row, at, base] = [f.local("i32"), f.local("i32"), f.local("i32")];
      const [sum, mean, value] = [f.local("v128"), f.local("v128"), f.local("v128")];
      const shareOf = (local: Local) => f32.multiply(acrossLanes(local, f32.add), get(perWidth));
      const offset = i32.add(get(base), get(at));
      f.loop(row, { start: i32.constant(0), end: get(numRows), step: 1 }, () => {
        f.emit(set(base, i32.multiply(get(row), get(numBytes))), set(mean, zero), set(sum, zero));
        if (centred) {
          eachVector(f, at, numBytes, () => addTo(f, sum, f32x4.load(i32.add(get(x), offset))));
          f.emit(set(mean, f32x4.splat(shareOf(sum))), set(sum, zero));
        }
        const difference = subtract(f32x4.load(i32.add(get(x), offset)), get(mean));
        eachVector(f, at, numBytes, () => {
          f.emit(set(value, difference));
          addTo(f, sum, multiply(get(value), get(value)));
        });
        const deviation = f32.root(f32.add(shareOf(sum), get(epsilon)));
        f.emit(set(sum, f32x4.splat(f32.divide(f32.constant(1), deviation))));
        f.emit(f32.store(i32.add(get(inverse), i32.multiply(get(row), i32.constant(4))), f32x4.lane(get(sum), 0)));
        eachVector(f, at, numBytes, () => {
          f.emit(set(value, multiply(difference, get(sum))), f32x4.store(i32.add(get(standard), offset), get(value)));
          const scaled = multiply(get(value), f32x4.load(i32.add(get(weight), get(at))));
          const shifted = centred ? add(scaled, f32x4.load(i32.add(get(bias), get(at)))) : scaled;
          f.emit(f32x4.store(i32.add(get(y), offset), shifted));
        });
      });
    },
  };
}

/** dX = (g − mean g − x̂ mean(g ∘ x̂)) / σ with g = dY ∘ weight. Parameters: dY, weight, x̂, 1/σ, dX, rows, bytes of a row, 1 / width. */
export function normGradient(name: string, centred: boolean): FunctionDefinition {
  return {
    name,
    parameters: ["i32", "i32", "i32", "i32", "i32", "i32", "i32", "f32"],
    build(f, [dy, weight, standard, inverse, dx, numRows, numBytes, perWidth]) {
      const [row, at, base] = [f.local("i32"), f.local("i32"), f.local("i32")];
      const [sum, along, value, scale] = [f.local("v128"), f.local("v128"), f.local("v128"), f.local("v128")];
      const meanOf = (local: Local) => f32x4.splat(f32.multiply(acrossLanes(local, f32.add), get(perWidth)));
      const offset = i32.add(get(base), get(at));
      const scaled = multiply(f32x4.load(i32.add(get(dy), offset)), f32x4.load(i32.add(get(weight), get(at))));
      const normal = f32x4.load(i32.add(get(standard), offset));
      f.loop(row, { start: i32.constant(0), end: get(numRows), step: 1 }, () => {
        f.emit(set(base, i32.multiply(get(row), get(numBytes))), set(sum, zero), set(along, zero));
        eachVector(f, at, numBytes, () => {
          f.emit(set(value, scaled));
          if (centred) addTo(f, sum, get(value));
          addTo(f, along, multiply(get(value), normal));
        });
        f.emit(set(sum, meanOf(sum)), set(along, meanOf(along)));
        f.emit(set(scale, f32x4.loadSplat(i32.add(get(inverse), i32.multiply(get(row), i32.constant(4))))));
        eachVector(f, at, numBytes, () => {
          const rest = subtract(subtract(scaled, get(sum)), multiply(normal, get(along)));
          f.emit(f32x4.store(i32.add(get(dx), offset), multiply(rest, get(scale))));
        });
      });
    },
  };
}

function eachVector(f: FunctionBuilder, at: Local, numBytes: Local, body: () => void): void {
  f.loop(at, { start: i32.constant(0), end: get(numBytes), step: 16 }, body);
}

function addTo(f: FunctionBuilder, sum: Local, value: Code): void {
  f.emit(set(sum, add(get(sum), value)));
}
