/** One after the other, 1000 times as large. */
const byteUnits = ["bytes", "kB", "MB", "GB", "TB"] as const;

/** Bytes for people, three significant digits: `1 byte`, `750 bytes`, `50.4 kB`, `2.46 MB` (1 kB is 1000 bytes). */
export function formatBytes(numBytes: number): string {
  let value = numBytes;
  let unit = 0;
  while (value >= 999.5 && unit < byteUnits.length - 1) {
    value /= 1000;
    unit++;
  }
  if (unit === 0) return formatCount(Math.round(value), "byte");
  return `${value >= 999.5 ? formatWhole(value) : value.toPrecision(3)} ${byteUnits[unit]}`;
}

/** Seconds for people, parts that are 0 left out: `0.4 s`, `42 s`, `3 min 5 s`, `1 h 2 min`, `2 h`. Below 10 s with one decimal. */
export function formatSeconds(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  if (whole < 10) return `${Number(Math.max(0, seconds).toFixed(1))} s`;
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return twoParts(whole, "min", "s");
  return twoParts(Math.round(whole / 60), "h", "min");
}

/** `small` is a 60th of `large`. */
function twoParts(value: number, large: string, small: string): string {
  const rest = value % 60;
  return `${formatWhole(Math.floor(value / 60))} ${large}${rest === 0 ? "" : ` ${rest} ${small}`}`;
}

/** A count with its noun: `1 round`, `12 rounds`, `1,440 rows`. The plural is given where it is more than an s: `2 classes`. */
export function formatCount(count: number, noun: string, plural = `${noun}s`): string {
  return `${formatWhole(count)} ${count === 1 ? noun : plural}`;
}

/** A whole number with its thousands apart: `1,440`. */
export function formatWhole(value: number): string {
  return value.toLocaleString("en-US", { maximumFractionDigits: 0 });
}

/** A fraction of 1 as a percentage with one decimal: `61.5 %`. */
export function formatPercent(fraction: number): string {
  return `${(100 * fraction).toFixed(1)} %`;
}

/** An accuracy or F1 with three decimals, a dash where it was not measured. */
export function formatScore(score: number | null): string {
  return score === null ? "–" : score.toFixed(3);
}

/** A value of any size with four significant digits; three, with a power of ten, from 10,000 and below 0.001. */
export function formatNumber(value: number): string {
  return Math.abs(value) >= 1e4 || (value !== 0 && Math.abs(value) < 1e-3) ? value.toExponential(2) : String(Number(value.toPrecision(4)));
}
