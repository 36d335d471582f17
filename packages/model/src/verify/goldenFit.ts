import { type BackboneConfig, keyValueWidth } from "../backbone/config.ts";
import type { GoldenCase } from "./goldenFile.ts";
import type { TextGolden } from "./textGoldenFile.ts";

/** Throws a sentence when a family's golden numbers are of a backbone of another shape. */
export function requireFit(golden: GoldenCase, config: BackboneConfig): void {
  const [numLayers, , promptTokens, width] = golden.promptShape;
  const numTexts = golden.ids.length;
  const { withoutPrompt, withPrompt, suffix } = golden;
  requireSame("layers", numLayers, config.numLayers);
  requireSame("layers", withPrompt.hidden.length - 1, config.numLayers);
  requireSame("values in a key", width, keyValueWidth(config));
  requireSame("tokens in the vocabulary", withoutPrompt.logitsAtMask.length / numTexts, config.vocabSize);
  requireSame("values in a hidden state", withoutPrompt.lastHidden.length / golden.ids.flat().length, config.hiddenSize);
  requireKind(suffix !== undefined, config);
  requireTokens([...golden.ids.flat(), ...golden.labelWords], config);
  const longest = golden.mask[0].length + (golden.positionsAfterPrefix ? promptTokens : 0);
  if (longest > config.maxPositions) throw misfit(`their texts need ${longest} positions, it has ${config.maxPositions}`, config);
}

/** The same for golden numbers of texts. */
export function requireTextFit(golden: TextGolden, config: BackboneConfig): void {
  for (const one of golden.cases) {
    const logits = one.logitsAtMask ?? one.logitsLastToken;
    if (logits !== undefined) requireSame("tokens in the vocabulary", logits.length, config.vocabSize);
    const means = one.meanHiddenByLayer;
    if (means !== undefined) requireSame("layers", means.length - 1, config.numLayers);
    requireKind(one.maskPosition === undefined, config);
    requireTokens(one.ids, config);
  }
  if (golden.greedyFromStart !== undefined) requireTokens(golden.greedyFromStart, config);
}

function requireSame(what: string, found: number, expected: number): void {
  if (found !== expected) throw new Error(`these golden numbers are of another backbone: ${found} ${what}, this one has ${expected}`);
}

function requireKind(isCausal: boolean, config: BackboneConfig): void {
  if (isCausal !== config.isCausal) throw misfit(`they are of ${isCausal ? "a causal one" : "an encoder"}`, config);
}

function requireTokens(ids: readonly number[], config: BackboneConfig): void {
  const largest = Math.max(...ids);
  if (largest >= config.vocabSize) throw misfit(`they use token ${largest}, its vocabulary has ${config.vocabSize}`, config);
}

function misfit(what: string, { family }: BackboneConfig): Error {
  return new Error(`these golden numbers are of another backbone than this ${family}: ${what}`);
}
