/**
 * Natural logarithm and exponential from IEEE additions, multiplications and divisions alone, so that every engine gives the same bits.
 * `Math.log` and `Math.exp` may differ between browsers in the last bit, and each tab derives its own share of the data from the seed.
 * Method and constants: fdlibm, e_log.c and e_exp.c (https://www.netlib.org/fdlibm/).
 */
const LN2_HIGH = 0.6931471803691238;
const LN2_LOW = 1.9082149292705877e-10;

const bits = new DataView(new ArrayBuffer(8));

/** ln x for positive, finite x; −∞ at 0. */
export function portableLog(x: number): number {
  if (x === 0) return Number.NEGATIVE_INFINITY;
  if (!(x > 0) || x === Number.POSITIVE_INFINITY) throw new Error(`portableLog: needs a positive finite number, received ${x}`);
  if (x < 2.2250738585072014e-308) return portableLog(x * 18014398509481984) - 54 * (LN2_HIGH + LN2_LOW); // subnormal: times 2⁵⁴
  bits.setFloat64(0, x);
  const high = bits.getUint32(0);
  let exponent = (high >>> 20) - 1023;
  bits.setUint32(0, (high & 0xfffff) | 0x3ff00000);
  let mantissa = bits.getFloat64(0); // in [1, 2)
  if (mantissa > Math.SQRT2) {
    mantissa /= 2;
    exponent += 1;
  }
  const f = mantissa - 1;
  const s = f / (2 + f);
  const z = s * s;
  const series =
    z *
    (0.6666666666666735 +
      z *
        (0.3999999999940942 +
          z *
            (0.2857142874366239 +
              z * (0.22222198432149784 + z * (0.1818357216161805 + z * (0.15313837699209373 + z * 0.14798198605116586))))));
  const half = 0.5 * f * f;
  return exponent * LN2_HIGH - (half - (s * (half + series) + exponent * LN2_LOW) - f);
}

/** eˣ; 0 below −745 and ∞ above 709.78. */
export function portableExp(x: number): number {
  if (x < -745) return 0;
  if (x > 709.78) return Number.POSITIVE_INFINITY;
  const k = Math.round(x / (LN2_HIGH + LN2_LOW));
  const high = x - k * LN2_HIGH;
  const low = k * LN2_LOW;
  const r = high - low;
  const t = r * r;
  const c =
    r -
    t *
      (0.16666666666666602 +
        t * (-0.0027777777777015593 + t * (6.613756321437934e-5 + t * (-1.6533902205465252e-6 + t * 4.1381367970572385e-8))));
  const y = 1 - (low - (r * c) / (2 - c) - high);
  return k < -1000 ? y * powerOfTwo(k + 100) * powerOfTwo(-100) : y * powerOfTwo(k - 1) * 2;
}

/** 2ᵏ for −1022 ≤ k ≤ 1023. */
function powerOfTwo(k: number): number {
  bits.setUint32(0, (k + 1023) << 20);
  bits.setUint32(4, 0);
  return bits.getFloat64(0);
}
