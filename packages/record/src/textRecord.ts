import { addTextSums, type Contribution, noText, type TextResult, type TextSums, textScores } from "@tutti/core";
import { z } from "zod";
import { listOf, measured, protocolField, splitField } from "./fields.ts";

/** A score of texts; null where nothing was counted. */
const score = z.number().nullable();

const measuresShape = {
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
};

/** The scores of answers that are texts, and how much they are of. */
export const textMeasuresSchema = z.object(measuresShape).readonly();

/** Answer tokens of each device's own examples, all lists in the same order; losses are means over them. */
const byDeviceSchema = z
  .object({ deviceIds: listOf(z.number()), numRightTokens: listOf(z.number()), numTokens: listOf(z.number()), loss: listOf(measured) })
  .readonly();

/** The scores of a text task's answers under one protocol on one split, all devices together. */
export const textRecordSchema = z
  .object({
    protocol: protocolField,
    split: splitField,
    ...measuresShape,
    /** Devices that answered. */
    numDevices: z.number(),
    /** Devices that answered / N. */
    coverage: z.number(),
    /** Of the personalised protocol, where every device answers its own share; absent for others and in records from before it was kept. */
    byDevice: byDeviceSchema.exactOptional(),
  })
  .readonly();

/** The scores of answers that are texts, and how much they are of. */
export type TextMeasures = z.infer<typeof textMeasuresSchema>;

/** The scores of a text task's answers under one protocol on one split. */
export type TextRecord = z.infer<typeof textRecordSchema>;

interface DeviceText {
  readonly deviceId: number;
  readonly result: TextResult;
}

/** The sums of all devices as scores, in the order in which the first device gives them; none of a classification task, nor of no example. */
export function poolTexts(contributions: readonly Contribution[], numDevices: number): TextRecord[] {
  const groups = new Map<string, DeviceText[]>();
  for (const { deviceId, body } of contributions) {
    for (const result of body.kind === "evaluate" ? body.results : []) {
      if (!("text" in result)) continue;
      const key = `${result.protocol}/${result.split}`;
      groups.set(key, [...(groups.get(key) ?? []), { deviceId, result }]);
    }
  }
  return [...groups.values()].flatMap((answers) => {
    const results = answers.map(({ result }) => result);
    const text = results.map((result) => result.text).reduce(addTextSums, noText);
    const [first] = results;
    if (first === undefined || text.numExamples === 0) return [];
    const lossSum = results.reduce((sum, result) => sum + result.lossSum, 0);
    const { protocol, split } = first;
    const answered = { numDevices: results.length, coverage: results.length / numDevices };
    const record = { protocol, split, ...measureTexts(text, lossSum), ...answered };
    return [protocol === "personalised" ? { ...record, byDevice: listByDevice(answers) } : record];
  });
}

/** Sums as scores, with what they are of. */
export function measureTexts(text: TextSums, lossSum: number): TextMeasures {
  const { numExamples, numTokens, numBytes, generated } = text;
  return { ...textScores(text, lossSum), numExamples, numTokens, numBytes, numGenerated: generated?.numExamples ?? 0 };
}

/** The devices that had tokens to predict, in the order of the contributions; losses with four digits, since every step is kept. */
function listByDevice(answers: readonly DeviceText[]): NonNullable<TextRecord["byDevice"]> {
  const found = answers.filter(({ result }) => result.text.numTokens > 0);
  return {
    deviceIds: found.map(({ deviceId }) => deviceId),
    numRightTokens: found.map(({ result }) => result.text.numRightTokens),
    numTokens: found.map(({ result }) => result.text.numTokens),
    loss: found.map(({ result: { lossSum, text } }) => Number((lossSum / text.numTokens).toFixed(4))),
  };
}
