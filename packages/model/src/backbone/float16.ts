const scratch = new DataView(new ArrayBuffer(4));

/** The half-precision bits nearest to a float (ties to even); magnitudes from 65520 on are an error. */
export function toF16Bits(value: number): number {
  scratch.setFloat32(0, value);
  const bits = scratch.getUint32(0);
  const sign = (bits >>> 16) & 0x8000;
  const magnitude = bits & 0x7fffffff;
  if (magnitude >= 0x477ff000) throw new RangeError(`${value} does not fit in f16, whose largest value is 65504`);
  if (magnitude < 0x38800000) return sign | roundToEven(Math.abs(value) * 2 ** 24); // subnormal: units of 2^-24
  const rounded = magnitude - 0x38000000 + 0xfff + ((magnitude >>> 13) & 1); // exponent bias 127 → 15
  return sign | (rounded >>> 13);
}

/** The float that half-precision bits stand for. */
export function fromF16Bits(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >>> 10) & 31;
  const fraction = bits & 1023;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  return sign * (1024 + fraction) * 2 ** (exponent - 25);
}

function roundToEven(value: number): number {
  const floor = Math.floor(value);
  const rest = value - floor;
  if (rest !== 0.5) return Math.round(value);
  return floor % 2 === 0 ? floor : floor + 1;
}
