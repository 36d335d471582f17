import type { RunSettings } from "@tutti/core";
import type { LiveRound, Traffic } from "@tutti/protocol";
import { trainRounds } from "./curves.ts";

/** Bytes of a round in both directions, beside what it would have cost with every layer in the same encodings. */
export interface ByteColumn {
  readonly round: number;
  readonly sent: number;
  readonly everything: number;
}

/** Of one value, by encoding; int8 has a scale for each row beside. */
const bytesPerValue = { f32: 4, f16: 2, int8: 1 } as const;

type Encodings = Pick<RunSettings, "contributionEncoding" | "paramsEncoding">;

/** What every layer would have cost as the run encodes what it sends; the coordinator counts it in f32. */
export function everyLayer({ up, down }: Traffic, { contributionEncoding, paramsEncoding }: Encodings): Traffic {
  return { up: (up * bytesPerValue[contributionEncoding]) / 4, down: (down * bytesPerValue[paramsEncoding]) / 4 };
}

/** Bytes by round of the train stage. */
export function byteColumns(rounds: readonly LiveRound[], encodings: Encodings): readonly ByteColumn[] {
  return trainRounds(rounds).map(({ round, bytes, allLayersF32 }) => {
    const all = everyLayer(allLayersF32, encodings);
    return { round, sent: bytes.up + bytes.down, everything: all.up + all.down };
  });
}

/** All rounds together. */
export function totalBytes(columns: readonly ByteColumn[]): Omit<ByteColumn, "round"> {
  return {
    sent: columns.reduce((sum, column) => sum + column.sent, 0),
    everything: columns.reduce((sum, column) => sum + column.everything, 0),
  };
}
