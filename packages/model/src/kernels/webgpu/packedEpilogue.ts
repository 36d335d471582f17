import type { Epilogue, GradientEpilogue } from "../packedLinear.ts";

/** What happens to a product before it is written. */
export interface Finish {
  readonly isGradient: boolean;
  readonly epilogue: Epilogue | GradientEpilogue;
  readonly hasTail: boolean;
  readonly hasBias: boolean;
  readonly hasResidual: boolean;
  /** Whether the first rows of W are multiplied by a factor. */
  readonly hasScaledRows: boolean;
}

/** Distinguishes the sources of `finishSource`. */
export function finishKey({ isGradient, epilogue, hasTail, hasBias, hasResidual, hasScaledRows }: Finish): string {
  return [isGradient ? "gradient" : "forward", epilogue, hasTail, hasBias, hasResidual, hasScaledRows].join("_");
}

/**
 * WGSL that brings one product, or two neighbouring ones of a `swiglu`, to its place in the result:
 * `finish(row, column, product)`, `finishPair(row, column, gate, up)` with an even column. What lies outside is not written.
 */
export function finishSource(finish: Finish): string {
  return finish.isGradient ? gradientFinish(finish) : forwardFinish(finish);
}

function forwardFinish({ epilogue, hasTail, hasBias, hasResidual, hasScaledRows }: Finish): string {
  const completed = `
    fn completed(row : i32, column : i32, product : f32) -> f32 {
      var value = product;
      ${hasScaledRows ? "value *= select(1.0, uniforms.rowScale, column < uniforms.numScaledRows);" : ""}
      ${hasBias ? "value += bias[uniforms.firstBias + column];" : ""}
      ${hasResidual ? "value += residual[row * uniforms.numOut + column];" : ""}
      return value;
    }`;
  if (epilogue === "swiglu") {
    return `
    ${completed}
    ${activationSource("silu")}
    fn finishPair(row : i32, column : i32, gate : f32, up : f32) {
      let f = activation(completed(row, column, gate));
      let value = completed(row, column + 1, up);
      if (row >= uniforms.numRows || column >= uniforms.numOut) { return; }
      let at = row * uniforms.numOut + column;
      result[at >> 1u] = f.x * value;
      ${hasTail ? "let tail = uniforms.numRows * uniforms.numOut / 2 + at; result[tail] = value * f.y; result[tail + 1] = f.x;" : ""}
    }`;
  }
  const write =
    epilogue === "none"
      ? "result[at] = value;"
      : `let f = activation(value); result[at] = f.x; ${hasTail ? "result[uniforms.numRows * uniforms.numOut + at] = f.y;" : ""}`;
  return `
    ${completed}
    ${epilogue === "none" ? "" : activationSource(epilogue as keyof typeof activations)}
    fn finish(row : i32, column : i32, product : f32) {
      if (row >= uniforms.numRows || column >= uniforms.numOut) { return; }
      let at = row * uniforms.numOut + column;
      let value = completed(row, column, product);
      ${write}
    }`;
}

function gradientFinish({ epilogue, hasResidual }: Finish): string {
  const write = (at: string, slope: string) => `result[${at}] = product${slope}${hasResidual ? ` + residual[${at}]` : ""};`;
  const size = "uniforms.numRows * uniforms.numIn";
  const writes = {
    none: write("at", ""),
    activation: write("at", ` * kept[${size} + at]`),
    swiglu: `let pair = 2 * at; ${write("pair", ` * kept[${size} + pair]`)} ${write("pair + 1", ` * kept[${size} + pair + 1]`)}`,
  };
  return `
    fn finish(row : i32, column : i32, product : f32) {
      if (row >= uniforms.numRows || column >= uniforms.numIn) { return; }
      let at = row * uniforms.numIn + column;
      ${writes[epilogue as GradientEpilogue]}
    }`;
}

/** `activation(x)`: f(x) and f′(x). */
function activationSource(kind: keyof typeof activations): string {
  return `
    fn sigmoid(x : f32) -> f32 { return 1.0 / (1.0 + exp(min(-x, 80.0))); }
    ${kind === "gelu" ? cumulativeSource : ""}
    fn activation(x : f32) -> vec2<f32> {
      ${activations[kind]}
    }`;
}

const activations = {
  silu: "let s = sigmoid(x); return vec2<f32>(x * s, s * (1.0 + x * (1.0 - s)));",
  // ½ (1 + tanh u) = σ(2u), u = √(2/π) (x + 0.044715 x³)
  geluTanh: `
      let s = sigmoid(x * (${2 * Math.sqrt(2 / Math.PI)} + ${2 * Math.sqrt(2 / Math.PI) * 0.044715} * x * x));
      let slope = ${2 * Math.sqrt(2 / Math.PI)} + ${6 * Math.sqrt(2 / Math.PI) * 0.044715} * x * x;
      return vec2<f32>(x * s, s * (1.0 + x * (1.0 - s) * slope));`,
  gelu: `
      let bell = exp(-0.5 * x * x);
      let c = cumulative(x, bell);
      return vec2<f32>(x * c, c + x * bell * ${1 / Math.sqrt(2 * Math.PI)});`,
};

/**
 * Φ(x) = ½ erfc(−x/√2) with erfc(z) = t P(t) exp(−z²), t = 1/(1 + 0.4 z), the form of Abramowitz and Stegun 7.1.26 with a polynomial of
 * degree 7, through erfc(z) exp(z²) / t at the Chebyshev points of 0 ≤ z ≤ 7: off by at most 5e-8 before rounding, and relatively exact in the tail.
 */
const cumulativeSource = `
    fn cumulative(x : f32, bell : f32) -> f32 {
      let t = 1.0 / (1.0 + ${0.4 * Math.SQRT1_2} * abs(x));
      var p = 0.0689210594;
      ${[-0.369132847, 0.634107292, -0.320184022, 0.375264347, 0.151817217, 0.234063104, 0.22514382].map((c) => `p = p * t + ${c};`).join(" ")}
      let tail = 0.5 * t * p * bell;
      return select(1.0 - tail, tail, x < 0.0);
    }`;
