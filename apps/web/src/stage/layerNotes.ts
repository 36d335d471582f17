import type { LiveRound } from "@tutti/protocol";

/** A layer in a round, as a note of the score. */
export interface LayerNote {
  /** Of the round among those shown. */
  readonly column: number;
  readonly layer: number;
  /** 0 to 1 among the notes of its kind: the score, or how far the layer moved. */
  readonly weight: number;
  /** Whether the layer travelled in the round; a note that did not was scored. */
  readonly travels: boolean;
}

/** A round of the score sheet. */
export interface LayerColumn {
  readonly stage: LiveRound["stage"];
  readonly round: number;
}

/** The score sheet: rounds that scored layers or trained them, the latest of them where there are more than fit. */
export interface LayerSheet {
  readonly columns: readonly LayerColumn[];
  readonly notes: readonly LayerNote[];
  readonly numLayers: number;
}

/** More columns than these are no longer told apart from the back of a room. */
export const maxColumns = 48;

/** Every layer that was scored or travelled, by round. */
export function layerSheet(rounds: readonly LiveRound[], maxColumns: number): LayerSheet {
  const shown = rounds.filter(({ scores, movement }) => scores !== undefined || movement !== undefined).slice(-maxColumns);
  const scoreWeight = weigher(shown.flatMap(({ scores = [] }) => scores.flatMap((score) => score ?? [])));
  const moveWeight = weigher(shown.flatMap(({ movement }) => movement?.layers.flatMap((norm) => norm ?? []) ?? []));
  const notes = shown.flatMap(({ scores = [], movement }, column) => {
    const travelling = (movement?.layers ?? []).flatMap((norm, layer): LayerNote[] =>
      norm === null ? [] : [{ column, layer, weight: moveWeight(norm), travels: true }],
    );
    const scored = scores.flatMap((score, layer): LayerNote[] =>
      score === null || movement?.layers[layer] != null ? [] : [{ column, layer, weight: scoreWeight(score), travels: false }],
    );
    return [...travelling, ...scored];
  });
  const numLayers = Math.max(0, ...shown.map(({ scores = [], movement }) => Math.max(scores.length, movement?.layers.length ?? 0)));
  return { columns: shown.map(({ stage, round }) => ({ stage, round })), notes, numLayers };
}

/** Where a value lies between the least and the most; the middle where all are the same. */
function weigher(values: readonly number[]): (value: number) => number {
  const [low, high] = [Math.min(...values), Math.max(...values)];
  return (value) => (high > low ? (value - low) / (high - low) : 0.5);
}
