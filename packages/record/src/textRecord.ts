import { addTextSums, type Contribution, noText, type TextResult, textScores } from "@tutti/core";
import { z } from "zod";
import { protocolField, splitField } from "./fields.ts";

/** A score of texts; null where nothing was counted. */
const score = z.number().nullable();

/** The scores of a text task's answers under one protocol on one split, all devices together. */
export const textRecordSchema = z
  .object({
    protocol: protocolField,
    split: splitField,
    /** In nats. */
    lossPerToken: score,
    perplexityPerToken: score,
    /** In nats. */
    lossPerByte: score,
    perplexityPerByte: score,
    tokenAccuracy: score,
    /** Share of the generated answers that are their reference. */
    exactMatch: score,
    /** Mean F of ROUGE-L over the generated answers. */
    rougeL: score,
    numExamples: z.number(),
    numTokens: z.number(),
    numBytes: z.number(),
    numGenerated: z.number(),
    /** Devices that answered. */
    numDevices: z.number(),
    /** Devices that answered / N. */
    coverage: z.number(),
  })
  .readonly();

/** The scores of a text task's answers under one protocol on one split. */
export type TextRecord = z.infer<typeof textRecordSchema>;

/** The sums of all devices as scores, in the order in which the first device gives them; none of a classification task, nor of no example. */
export function poolTexts(contributions: readonly Contribution[], numDevices: number): TextRecord[] {
  const groups = new Map<string, TextResult[]>();
  for (const { body } of contributions) {
    for (const result of body.kind === "evaluate" ? body.results : []) {
      if (!("text" in result)) continue;
      const key = `${result.protocol}/${result.split}`;
      groups.set(key, [...(groups.get(key) ?? []), result]);
    }
  }
  return [...groups.values()].flatMap((results) => {
    const text = results.map((result) => result.text).reduce(addTextSums, noText);
    const [first] = results;
    if (first === undefined || text.numExamples === 0) return [];
    const lossSum = results.reduce((sum, result) => sum + result.lossSum, 0);
    const { protocol, split } = first;
    const { numExamples, numTokens, numBytes, generated } = text;
    const counts = { numExamples, numTokens, numBytes, numGenerated: generated?.numExamples ?? 0 };
    const answered = { numDevices: results.length, coverage: results.length / numDevices };
    return [{ protocol, split, ...textScores(text, lossSum), ...counts, ...answered }];
  });
}
