import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { findKeepRatio } from "./layerCount.ts";
import { scoreLayers } from "./layerScores.ts";
import { numLayersToKeep } from "./selectLayers.ts";

interface GoldenCase {
  readonly ids: number[][];
  readonly positionsAfterPrefix: boolean;
  readonly withPrompt: { readonly hidden: number[][] };
  readonly layerScores: { readonly paddingZeroed: number[] };
  readonly spectrum: {
    readonly ritzValues: number[];
    readonly ritzWeights: number[];
    readonly keepAbsolute: number;
    readonly keepRelative: number;
  };
}

const families = ["roberta", "bert", "gpt2", "llama", "llama3"];
const goldenCases = families.flatMap((family) => {
  const file = new URL(`../../../model/golden/${family}/golden.json`, import.meta.url);
  const { cases }: { cases: GoldenCase[] } = JSON.parse(readFileSync(file, "utf8"));
  return cases.map((golden) => ({ name: `${family}, ${golden.positionsAfterPrefix ? "after" : "beside"} the prefix`, golden }));
});

describe.each(goldenCases)("independent reference: $name", ({ golden }) => {
  test("layer scores agree with PyTorch in float64", () => {
    const [, ...outputs] = golden.withPrompt.hidden;
    const states = outputs.map((values) => Float32Array.from(values));
    const scores = scoreLayers("score", { numExamples: golden.ids.length, states, numLayers: states.length, scoreLastLayer: false });
    expect(scores?.at(-1)).toBeNull();
    for (const [layer, expected] of golden.layerScores.paddingZeroed.entries()) {
      // the reference sees float64 states, here they are f32: 6e-8 in a cosine, times 1/λ² of at most a few hundred
      expect(Math.abs((scores?.[layer] ?? Number.NaN) / expected - 1)).toBeLessThan(1e-5);
    }
  });

  test("the share of layers to keep agrees for both scales", () => {
    const { ritzValues, ritzWeights, keepAbsolute, keepRelative } = golden.spectrum;
    // the reference searched with Ritz values of sixteen digits and stored nine of them: measured up to 2e-8
    const difference = (scale: "absolute" | "relative", expected: number) =>
      Math.abs(findKeepRatio(ritzValues, ritzWeights, scale).ratio - expected);
    expect(difference("absolute", keepAbsolute)).toBeLessThan(5e-8);
    expect(difference("relative", keepRelative)).toBeLessThan(5e-8);
  });
});

test("at least four of the reference spectra ask for another share than one half", () => {
  const ratios = goldenCases.flatMap(({ golden: { spectrum } }) =>
    (["absolute", "relative"] as const).map((scale) => findKeepRatio(spectrum.ritzValues, spectrum.ritzWeights, scale).ratio),
  );
  expect(ratios.filter((ratio) => Math.abs(ratio - 0.5) > 0.1).length).toBeGreaterThanOrEqual(4);
  const counts = new Set(ratios.map((ratio) => numLayersToKeep(ratio, 24)));
  expect(counts.size).toBeGreaterThanOrEqual(4);
});
