/** How a language writes numbers, sizes and times; English is in `en.ts`, with the words of packages/core. */
export interface Formats {
  /** A whole number with its thousands apart. */
  readonly whole: (value: number) => string;
  /** A value of any size with four significant digits. */
  readonly number: (value: number) => string;
  /** A value with as many significant digits as are asked for. */
  readonly digits: (value: number, numDigits: number) => string;
  /** A value with as many decimals as are asked for. */
  readonly fixed: (value: number, numDecimals: number) => string;
  /** A fraction of 1 with one decimal. */
  readonly percent: (fraction: number) => string;
  /** A fraction of 1 as a person sets it: whole where it is. */
  readonly share: (fraction: number) => string;
  /** A score with three decimals, a dash where it was not measured. */
  readonly score: (score: number | null) => string;
  /** Bytes with three significant digits. */
  readonly bytes: (numBytes: number) => string;
  /** Seconds, minutes and hours, parts of 0 left out. */
  readonly seconds: (seconds: number) => string;
  /** A moment, in milliseconds since 1970, with its day. */
  readonly dateTime: (ms: number) => string;
  /** A moment of this day. */
  readonly time: (ms: number) => string;
  /** The same to the second. */
  readonly timeWithSeconds: (ms: number) => string;
  /** Items as a sentence reads them, the last after an `and`. */
  readonly list: (items: readonly string[]) => string;
}

/** A noun by the plural forms that a language has (https://cldr.unicode.org/index/cldr-spec/plural-rules). */
export type Forms = { readonly other: string } & Partial<Readonly<Record<Intl.LDMLPluralRule, string>>>;

/** What a language calls bytes, thousand times as large each. */
export type ByteUnits = readonly [Forms, string, string, string, string];

/** A count with its noun: the form follows the number. */
export function countsIn(language: string): (count: number, forms: Forms) => string {
  const rules = new Intl.PluralRules(language);
  const number = new Intl.NumberFormat(language, { maximumFractionDigits: 0 });
  return (count, forms) => `${number.format(count)}\u00a0${forms[rules.select(count)] ?? forms.other}`;
}

/** The form of a noun or verb that a number asks for, without the number. */
export function formsIn(language: string): (count: number, forms: Forms) => string {
  const rules = new Intl.PluralRules(language);
  return (count, forms) => forms[rules.select(count)] ?? forms.other;
}

/** How a language writes what English does with packages/core's units: the same digits and units, its own signs. */
export function formatsIn(language: string, units: ByteUnits): Formats {
  const written = (options: Intl.NumberFormatOptions) => {
    const format = new Intl.NumberFormat(language, options);
    return (value: number) => format.format(value);
  };
  const whole = written({ maximumFractionDigits: 0 });
  const oneDecimal = written({ maximumFractionDigits: 1 });
  const count = countsIn(language);
  const digits = (value: number, numDigits: number) =>
    written({ minimumSignificantDigits: numDigits, maximumSignificantDigits: numDigits, useGrouping: false })(value);
  const fixed = (value: number, numDecimals: number) =>
    written({ minimumFractionDigits: numDecimals, maximumFractionDigits: numDecimals, useGrouping: false })(value);
  const dateTime = new Intl.DateTimeFormat(language, { dateStyle: "medium", timeStyle: "short" });
  const time = new Intl.DateTimeFormat(language, { timeStyle: "short" });
  const timeWithSeconds = new Intl.DateTimeFormat(language, { timeStyle: "medium" });
  const list = new Intl.ListFormat(language, { type: "conjunction" });
  return {
    whole,
    digits,
    fixed,
    number: (value) =>
      Math.abs(value) >= 1e4 || (value !== 0 && Math.abs(value) < 1e-3)
        ? powerOfTen(value, digits)
        : written({ maximumSignificantDigits: 4, useGrouping: false })(value),
    percent: written({ style: "percent", minimumFractionDigits: 1, maximumFractionDigits: 1 }),
    share: written({ style: "percent", maximumFractionDigits: 1 }),
    score: (score) => (score === null ? "–" : fixed(score, 3)),
    bytes: (numBytes) => {
      const [rounded, unit] = inUnits(numBytes);
      if (unit === 0) return count(rounded, units[0]);
      return `${rounded >= 999.5 ? whole(rounded) : digits(rounded, 3)}\u00a0${units[unit]}`;
    },
    seconds: (seconds) => secondsIn(seconds, { whole, oneDecimal }),
    dateTime: (ms) => dateTime.format(ms),
    time: (ms) => time.format(ms),
    timeWithSeconds: (ms) => timeWithSeconds.format(ms),
    list: (items) => list.format(items),
  };
}

function powerOfTen(value: number, digits: (value: number, numDigits: number) => string): string {
  const [mantissa, power] = value.toExponential(2).split("e");
  return `${digits(Number(mantissa), 3)}e${power}`;
}

/** The value and its unit, in steps of 1000; bytes alone are whole. */
function inUnits(numBytes: number): [value: number, unit: number] {
  let value = numBytes;
  let unit = 0;
  while (value >= 999.5 && unit < 4) {
    value /= 1000;
    unit++;
  }
  return [unit === 0 ? Math.round(value) : value, unit];
}

type Written = (value: number) => string;

function secondsIn(seconds: number, { whole, oneDecimal }: { readonly whole: Written; readonly oneDecimal: Written }): string {
  const rounded = Math.max(0, Math.round(seconds));
  if (rounded < 10) return `${oneDecimal(Math.max(0, seconds))}\u00a0s`;
  if (rounded < 60) return `${rounded}\u00a0s`;
  const [value, large, small] = rounded < 3600 ? [rounded, "min", "s"] : [Math.round(rounded / 60), "h", "min"];
  const rest = value % 60;
  return `${whole(Math.floor(value / 60))}\u00a0${large}${rest === 0 ? "" : ` ${rest}\u00a0${small}`}`;
}
