/** A number that a JavaScript number would change, such as 1234567890123456789: its digits are kept as text. */
export class ExactNumber {
  /** As `numberText` writes it. */
  readonly digits: string;
  constructor(digits: string) {
    this.digits = digits;
  }
  toString(): string {
    return this.digits;
  }
}

/** Above this many places a number is written with an exponent. */
const maxPlaces = 400;

/**
 * The one text of a decimal literal's value: `1.0`, `1` and `10e-1` are `1`, `-0` is `0`, and whole numbers are written out. What is not a
 * number, such as `Infinity`, is given back.
 */
export function numberText(literal: string): string {
  const [, sign = "", whole = "", fraction = "", exponent = "0"] = /^([-+]?)(\d*)(?:\.(\d*))?(?:[eE]([-+]?\d+))?$/.exec(literal) ?? [];
  if (`${whole}${fraction}` === "") return literal;
  const digits = `${whole}${fraction}`.replace(/^0+/, "");
  if (/^0*$/.test(digits)) return "0";
  const significant = digits.replace(/0+$/, "");
  const power = BigInt(exponent) - BigInt(fraction.length) + BigInt(digits.length - significant.length);
  return `${sign === "-" ? "-" : ""}${placed(significant, power)}`;
}

/** A literal's value: as a number where that holds it exactly, up to how its digits are written, else with its digits. */
export function exactNumber(literal: string): number | ExactNumber {
  const value = Number(literal);
  const text = numberText(literal);
  if (numberText(String(value)) === text) return value === 0 ? 0 : value;
  return new ExactNumber(text);
}

/** The text of a number in a row, as labels and owners are written; null for any other value, also for NaN, which stands for a missing one. */
export function textOfNumber(value: unknown): string | null {
  if (typeof value === "number") return Number.isFinite(value) ? numberText(String(value)) : null;
  return value instanceof ExactNumber ? value.digits : null;
}

/** Significant digits times ten to a power, written out where that is not too long. */
function placed(significant: string, power: bigint): string {
  if (power >= 0n && power <= maxPlaces) return significant + "0".repeat(Number(power));
  if (power >= 0n || power < -maxPlaces) return `${significant}e${power}`;
  const numFraction = Number(-power);
  const padded = significant.padStart(numFraction + 1, "0");
  return `${padded.slice(0, -numFraction)}.${padded.slice(-numFraction)}`;
}
