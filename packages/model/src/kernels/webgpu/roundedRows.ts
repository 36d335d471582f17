/** Rows of a tile of our products, so that up to there nothing is gained by fewer. */
const fewest = 32;
/** Sizes between a power of two and the next one. */
const sizesPerOctave = 8;

/**
 * How many rows stand for `numRows` on WebGPU: the next multiple of 32, and from 512 rows on of an eighth of the power of two below. The library keeps
 * released buffers by their exact size, so that memory is held for every size; programs do not depend on it.
 */
export function roundedRows(numRows: number): number {
  const multiple = Math.max(fewest, 2 ** Math.floor(Math.log2(numRows)) / sizesPerOctave);
  return Math.ceil(numRows / multiple) * multiple;
}
