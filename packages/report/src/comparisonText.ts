import { type ComparedCell, type Comparison, hasEnoughSeeds } from "@tutti/record";
import { alignColumns } from "@tutti/terminal";
import { noDifference, remarkText, verdictText } from "./sentences/comparison.ts";
import { differenceText, scoreText, textsText } from "./text.ts";

/** A comparison as plain text for a terminal. */
export function renderComparison({ first, second, settings, cells, remarks }: Comparison): string {
  const notes = remarks.map(remarkText);
  const heading = `first: ${first}\nsecond: ${second}`;
  const differing =
    settings.length === 0
      ? [noDifference]
      : alignColumns([["setting", "first", "second"], ...settings.map((setting) => [setting.path, setting.first, setting.second])]);
  const table = alignColumns([
    ["task", "method", "protocol", "first", "second", "second − first", "95 % interval", "", "texts"],
    ...cells.flatMap(cellLines),
  ]);
  const blocks = cells.length === 0 ? [[heading], notes] : [[heading], differing, table, notes];
  return blocks
    .filter(({ length }) => length > 0)
    .map((lines) => lines.join("\n"))
    .join("\n\n");
}

function cellLines(cell: ComparedCell): string[][] {
  const { task, firstLabel, secondLabel, scores, paired } = cell;
  const name = firstLabel === secondLabel ? firstLabel : `${firstLabel} / ${secondLabel}`;
  return scores.map(({ protocol, first, second, difference, texts }) => {
    const isTested = protocol === "global" && paired !== null;
    const interval = isTested ? `${differenceText(paired.low)} to ${differenceText(paired.high)}` : "";
    const verdict = isTested && hasEnoughSeeds(cell) ? verdictText(cell) : "";
    return [
      task,
      name,
      protocol,
      scoreText(first),
      scoreText(second),
      differenceText(difference),
      interval,
      verdict,
      textsText(texts) ?? "–",
    ];
  });
}
