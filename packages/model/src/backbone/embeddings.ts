import * as tf from "@tensorflow/tfjs-core";
import type { Tensor } from "@tutti/core";
import type { TokenBatch } from "./batch.ts";
import { keptRows } from "./keptRows.ts";
import type { PackedBackbone } from "./packed.ts";

/** What a family adds up in front of its embeddings' norm: words, and where it has them positions and types. */
export interface Embeddings {
  /** Word, position and type summed, (rows, H). */
  embed(batch: TokenBatch, firstPosition: number): tf.Tensor2D;
  /** What position and type add to `numRows` rows without words, (numRows, H); rows at negative positions have none. Null where a family adds neither. */
  rowAddition(numRows: number, firstPosition: number): tf.Tensor2D | null;
}

/** The embeddings of a backbone; the table of words is read row by row, as texts need it. */
export function createEmbeddings(backbone: PackedBackbone): Embeddings {
  const { config } = backbone;
  const positions = backbone.has("embeddings.position") ? backbone.tensor("embeddings.position") : null;
  const type = backbone.has("embeddings.type") ? backbone.rows("embeddings.type", [0]) : null;
  const wordRows = keptRows(backbone, "embeddings.word");
  return {
    embed(batch, firstPosition) {
      const rows = wordRows(batch.ids);
      if (positions !== null) addPositions(rows, batch, positions, { firstPosition, offset: config.positionOffset });
      if (type !== null) addToRows(rows, type);
      return tf.tensor2d(rows, [batch.numRows, config.hiddenSize]);
    },
    rowAddition(numRows, firstPosition) {
      if (positions === null && type === null) return null;
      const width = config.hiddenSize;
      const rows = new Float32Array(numRows * width);
      for (let i = 0; i < rows.length; i++) {
        const position = firstPosition + Math.floor(i / width);
        const added = positions === null || position < 0 ? 0 : positions.data[(position + config.positionOffset) * width + (i % width)];
        rows[i] = added + (type === null ? 0 : type[i % width]);
      }
      return tf.tensor2d(rows, [numRows, width]);
    },
  };
}

function addToRows(rows: Float32Array, row: Float32Array): void {
  for (let start = 0; start < rows.length; start += row.length) for (let j = 0; j < row.length; j++) rows[start + j] += row[j];
}

/**
 * Adds the position rows in place. With an offset (RoBERTa) a padding token within a text has the row in front of the first position and is
 * not counted; padding behind a text and beyond the table takes its last row, which nothing attends to.
 */
function addPositions(
  rows: Float32Array,
  { ids, starts, lengths, seenLengths = lengths }: TokenBatch,
  table: Tensor,
  { firstPosition, offset }: { readonly firstPosition: number; readonly offset: number },
): void {
  const width = table.shape[1];
  const lastRow = table.shape[0] - 1;
  starts.forEach((start, text) => {
    let numPads = 0;
    for (let token = 0; token < lengths[text]; token++) {
      const isPad = offset > 0 && ids[start + token] === offset - 1 && token < seenLengths[text];
      if (isPad) numPads++;
      const from = isPad ? (offset - 1) * width : Math.min(firstPosition + offset + token - numPads, lastRow) * width;
      const to = (start + token) * width;
      for (let j = 0; j < width; j++) rows[to + j] += table.data[from + j];
    }
  });
}
