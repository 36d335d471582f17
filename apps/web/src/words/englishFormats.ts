import { formatBytes, formatNumber, formatPercent, formatScore, formatSeconds, formatWhole } from "@tutti/core";
import type { Formats } from "./formats.ts";

/** How English writes numbers, sizes and times: as the command line does, too. */
export const formats: Formats = {
  whole: formatWhole,
  number: formatNumber,
  digits: (value, numDigits) => value.toPrecision(numDigits),
  fixed: (value, numDecimals) => value.toFixed(numDecimals),
  percent: formatPercent,
  share: (fraction) => `${Math.round(1000 * fraction) / 10} %`,
  score: formatScore,
  bytes: formatBytes,
  seconds: formatSeconds,
  dateTime: (ms) => new Intl.DateTimeFormat("en-GB", { dateStyle: "medium", timeStyle: "short" }).format(ms),
  time: (ms) => new Intl.DateTimeFormat("en-GB", { timeStyle: "short" }).format(ms),
  timeWithSeconds: (ms) => new Intl.DateTimeFormat("en-GB", { timeStyle: "medium" }).format(ms),
  list: (items) => new Intl.ListFormat("en-GB", { type: "conjunction" }).format(items),
};
