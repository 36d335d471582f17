/** Seconds as exact as an estimate is. */
export function roundedSeconds(seconds: number): number {
  if (seconds < 60) return Math.max(5, 5 * Math.round(seconds / 5));
  return seconds < 3600 ? 60 * Math.round(seconds / 60) : 600 * Math.round(seconds / 600);
}

/** Watt-hours with the digits that an estimate has. */
export function wattHours(value: number): string {
  if (value >= 10) return String(Math.round(value));
  return value >= 1 ? value.toFixed(1) : value.toFixed(2);
}

/** The bounds of a share within which the true one lies with 95 %, by Wilson's score interval, from `share` of `count` that were seen. */
export function shareBounds(share: number, count: number): readonly [from: number, to: number] {
  const z = 1.96;
  const middle = (share + (z * z) / (2 * count)) / (1 + (z * z) / count);
  const half = (z / (1 + (z * z) / count)) * Math.sqrt((share * (1 - share)) / count + (z * z) / (4 * count * count));
  return [Math.max(0, middle - half), Math.min(1, middle + half)];
}

/** Round numbers that divide an axis from `low` to `high` into about `count` parts. */
export function axisTicks(low: number, high: number, count: number): readonly number[] {
  const raw = (high - low) / count;
  if (!(raw > 0)) return [low];
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = power * ([1, 2, 5, 10].find((factor) => factor * power >= 0.7 * raw) ?? 10);
  const first = Math.ceil(low / step - 1e-9);
  const last = Math.floor(high / step + 1e-9);
  return Array.from({ length: last - first + 1 }, (_, i) => Number(((first + i) * step).toPrecision(12)));
}
