/** Upload bytes of one round of Stage C beside what all layers would have taken in the same encoding. */
export interface RoundUploads {
  readonly selected: number;
  readonly allLayers: number;
}

/**
 * The first round (from 1) at which the smaller uploads have saved at least what Stages A and B cost, or null when the run ends before.
 * Both sides travel in the same encoding, so that compression is not credited to the selection of layers.
 */
export function breakEvenRound(stagesABBytes: number, rounds: readonly RoundUploads[]): number | null {
  let saved = 0;
  for (const [index, { selected, allLayers }] of rounds.entries()) {
    saved += allLayers - selected;
    if (saved >= stagesABBytes && saved > 0) return index + 1;
  }
  return null;
}

/** The break-even round if the run had gone on with its mean saving; null when nothing is saved. */
export function expectedBreakEvenRound(stagesABBytes: number, rounds: readonly RoundUploads[]): number | null {
  const saved = rounds.reduce((sum, { selected, allLayers }) => sum + allLayers - selected, 0);
  return saved > 0 ? Math.max(1, Math.ceil((stagesABBytes * rounds.length) / saved)) : null;
}
