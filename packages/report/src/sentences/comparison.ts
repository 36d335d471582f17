import { type ComparedCell, fewestSeeds, type Remark } from "@tutti/record";
import { listText } from "../text.ts";

/** What has to be known of a comparison, or why there is none. */
export function remarkText(remark: Remark): string {
  switch (remark.kind) {
    case "noRun":
      return `Nothing can be compared: the ${remark.side} experiment has no run.`;
    case "noTask":
      return `Nothing can be compared: the first has ${listText(remark.first)}, the second ${listText(remark.second)}.`;
    case "noLine": {
      const [first, second] = [remark.first, remark.second].map(({ lines, columns }) => `${listText(lines)} (${columns.join("; ")})`);
      return `Nothing can be compared: on ${listText(remark.tasks)} no method finished in both under the same conditions. The first has ${first}; the second has ${second}.`;
    }
    case "otherNames":
      return "Each side has one method on these tasks, so methods of different names are compared.";
    case "otherSeeds":
      return "The sides have different seeds, which may explain part of a difference.";
    case "otherData":
      return `The data files on ${listText(remark.tasks)} are not the same (their hashes differ): test rows are not paired, there is no interval, and the difference means little.`;
    case "otherRows":
      return `The test rows on ${listText(remark.tasks)} are not the same (another split or data file): there is no interval, and the difference means little.`;
    case "noAnswers":
      return "Without an interval, some run does not say its answers row by row.";
    case "fewSeeds":
      return `With fewer than ${fewestSeeds} seeds on a side, the variation between seeds is unknown: neither side is called better.`;
    case "onlyIn":
      return `Only in the ${remark.side}: ${listText(remark.lines)}.`;
  }
}

/** Which of two compared sides is better, where the test can tell. */
export function verdictText({ paired }: Pick<ComparedCell, "paired">): string {
  if (paired === null) return "";
  if (paired.isTie) return "tie";
  return paired.difference > 0 ? "second is better" : "first is better";
}

/** Of two experiments with the same settings. */
export const noDifference = "No setting differs.";
