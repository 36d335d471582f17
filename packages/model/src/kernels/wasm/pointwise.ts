import type { Activation } from "../activation.ts";
import { type Code, type FunctionBuilder, type FunctionDefinition, f32x4, get, i32, type Local, set } from "./assembler.ts";

const { add, subtract, multiply, divide, constant } = f32x4;

/** Added to a number below 2²² it leaves the nearest whole one in the lowest bits, ties to even. */
const rounding = 1.5 * 2 ** 23;

/** eˣ to about one unit in the last place, 0 below −87 (Cephes' expf) and for NaN. Statements that leave the result in `result`; x must be a local. */
export function exponential(x: Local, result: Local, n: Local, r: Local): Code {
  const log2e = Math.LOG2E;
  const [high, low] = [0.693359375, -2.1219444e-4]; // ln 2 in two parts
  const whole = subtract(get(n), constant(rounding));
  const series = [0.5, 1.6666665459e-1, 4.1665795894e-2, 8.3334519073e-3, 1.3981999507e-3, 1.98756915e-4];
  return [
    ...set(result, f32x4.atMost(f32x4.atLeast(get(x), constant(-87)), constant(88))),
    ...set(n, add(multiply(get(result), constant(log2e)), constant(rounding))),
    ...set(r, subtract(subtract(get(result), multiply(whole, constant(high))), multiply(whole, constant(low)))),
    ...set(result, add(add(multiply(multiply(f32x4.polynomial(get(r), series), get(r)), get(r)), get(r)), constant(1))),
    ...set(result, f32x4.and(multiply(get(result), f32x4.powerOfTwo(get(n))), f32x4.above(get(x), constant(-87)))),
  ];
}

/** y = f(x) and, with a gradient, d = f′(x). Parameters: x, y, d, bytes (a multiple of 16). */
export function activation(name: string, kind: Activation, hasGradient: boolean): FunctionDefinition {
  return {
    name,
    parameters: ["i32", "i32", "i32", "i32"],
    build(f, [x, y, d, numBytes]) {
      const at = f.local("i32");
      const value = f.local("v128");
      const parts = functions[kind](f, value);
      f.loop(at, { start: i32.constant(0), end: get(numBytes), step: 16 }, () => {
        f.emit(set(value, f32x4.load(i32.add(get(x), get(at)))), ...parts.prepare);
        f.emit(f32x4.store(i32.add(get(y), get(at)), parts.value));
        if (hasGradient) f.emit(f32x4.store(i32.add(get(d), get(at)), parts.derivative));
      });
    },
  };
}

/** erf(z) ≈ z P(z²) / Q(z²) for |z| ≤ 4, from Eigen's generic_fast_erf_float. */
const erfNumerator = [
  -1.60960333262415e-2, -2.95459980854025e-3, -7.34990630326855e-4, -5.69250639462346e-5, -2.10102402082508e-6, 2.77068142495902e-8,
  -2.72614225801306e-10,
];
const erfDenominator = [-1.42647390514189e-2, -7.37332916720468e-3, -1.68282697438203e-3, -2.13374055278905e-4, -1.45660718464996e-5];

interface Parts {
  readonly prepare: readonly Code[];
  readonly value: Code;
  readonly derivative: Code;
}

const functions: Readonly<Record<Activation, (f: FunctionBuilder, x: Local) => Parts>> = {
  /** x Φ(x); Φ(x) + x φ(x), Φ(x) = (1 + erf(x/√2))/2 with Eigen's rational approximation of erf (error below 1e-7). */
  gelu(f, x) {
    const [exponent, bell, n, r, z, phi] = Array.from({ length: 6 }, () => f.local("v128"));
    const square = multiply(get(z), get(z));
    return {
      prepare: [
        set(exponent, multiply(multiply(get(x), get(x)), constant(-0.5))),
        exponential(exponent, bell, n, r),
        set(z, f32x4.atLeast(f32x4.atMost(multiply(get(x), constant(Math.SQRT1_2)), constant(4)), constant(-4))),
        set(n, square),
        set(phi, divide(multiply(get(z), f32x4.polynomial(get(n), erfNumerator)), f32x4.polynomial(get(n), erfDenominator))),
        set(phi, add(constant(0.5), multiply(get(phi), constant(0.5)))),
      ],
      value: multiply(get(x), get(phi)),
      derivative: add(get(phi), multiply(get(x), multiply(get(bell), constant(1 / Math.sqrt(2 * Math.PI))))),
    };
  },
  /** x σ(2u), u = √(2/π) (x + 0.044715 x³), since (1 + tanh u)/2 = σ(2u). */
  geluTanh(f, x) {
    const [exponent, power, n, r, sigma, square] = Array.from({ length: 6 }, () => f.local("v128"));
    const scale = -2 * Math.sqrt(2 / Math.PI);
    const inner = multiply(get(x), add(constant(1), multiply(get(square), constant(0.044715))));
    const slope = multiply(constant(-scale), add(constant(1), multiply(get(square), constant(3 * 0.044715))));
    return {
      prepare: [
        set(square, multiply(get(x), get(x))),
        set(exponent, multiply(inner, constant(scale))),
        exponential(exponent, power, n, r),
        set(sigma, divide(constant(1), add(constant(1), get(power)))),
      ],
      value: multiply(get(x), get(sigma)),
      derivative: multiply(get(sigma), add(constant(1), multiply(multiply(get(x), slope), subtract(constant(1), get(sigma))))),
    };
  },
  /** x σ(x); σ(x) (1 + x (1 − σ(x))). */
  silu(f, x) {
    const [exponent, power, n, r, sigma] = Array.from({ length: 5 }, () => f.local("v128"));
    return {
      prepare: [
        set(exponent, subtract(constant(0), get(x))),
        exponential(exponent, power, n, r),
        set(sigma, divide(constant(1), add(constant(1), get(power)))),
      ],
      value: multiply(get(x), get(sigma)),
      derivative: multiply(get(sigma), add(constant(1), multiply(get(x), subtract(constant(1), get(sigma))))),
    };
  },
};
