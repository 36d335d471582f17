import type { AttentionShape } from "../attentionShape.ts";
import type { WasmProgram } from "./functions.ts";

/** Addresses in bytes. */
export interface AttendAddresses {
  /** (R, H + 2W). */
  readonly qkv: number;
  /** (2, P, W); anything when P is 0. */
  readonly prefix: number;
  /** Of each text (heads, length, columns), end to end. */
  readonly weights: number;
  /** (R, H). */
  readonly y: number;
  /** For each thread `scratchFloats`. */
  readonly scratch: number;
}

/** Which heads are computed, and by which thread, numbered from 0. */
interface AttendPlace {
  readonly numPrefix: number;
  /** Head of keys and values; all heads of queries that share it are computed. */
  readonly keyHead: number;
  readonly thread: number;
}

/** Byte addresses of the gradient kernel's operands in the module's memory. */
export interface AttendGradientAddresses extends Omit<AttendAddresses, "y"> {
  /** (R, H). */
  readonly dy: number;
  /** For each thread, of the longest text (length, columns). */
  readonly dWeights: number;
  /** (2, P, W). */
  readonly dPrefix: number;
  /** (R, H + 2W); null when it is not wanted. */
  readonly dQkv: number | null;
}

/** Length of a row of weights: prefix and text, up to whole blocks of eight. */
function weightColumns(numPrefix: number, length: number): number {
  return Math.ceil((numPrefix + length) / 8) * 8;
}

/** How many weights a text has. */
export function numWeights(length: number, numHeads: number, numPrefix: number): number {
  return numHeads * length * weightColumns(numPrefix, length);
}

/** Size of the scratch that holds the prefix's keys or values, turned once for all texts, and behind them in each row a text's. */
export function scratchFloats({ headSize, lengths }: AttentionShape, numPrefix: number): number {
  return headSize * weightColumns(numPrefix, Math.max(...lengths));
}

/** Attention of every text and of the heads with these keys, one after the other. */
export function attendOnWasm(program: WasmProgram, at: AttendAddresses, shape: AttentionShape, place: AttendPlace): void {
  const { headSize, isCausal } = shape;
  const { numPrefix, thread } = place;
  const scratch = at.scratch + 4 * thread * scratchFloats(shape, numPrefix);
  const { qkvRow, yRow, prefixRow } = rowsOf(shape);
  const turnedRow = (4 * scratchFloats(shape, numPrefix)) / headSize;
  eachHead(shape, place, (head) => {
    const { length, query, key, value, prefixKey, prefixValue, weightRow } = head;
    const w = at.weights + head.weights;
    const y = at.y + head.y;
    const keys = 4 * (numPrefix + length);
    if (head.isFirst) turn(program, at.prefix + prefixKey, prefixRow, scratch, turnedRow, numPrefix, headSize);
    if (head.isFirstOfText) turn(program, at.qkv + key, qkvRow, scratch + 4 * numPrefix, turnedRow, length, headSize);
    program.product(at.qkv + query, qkvRow, 4, scratch, turnedRow, w, weightRow, length, weightRow / 4, headSize, 32, 0);
    program.softmax(w, length, weightRow, weightRow, isCausal ? 4 * (numPrefix + 1) : keys, isCausal ? 4 : 0, keys);
    program.product(w, weightRow, 4, at.prefix + prefixValue, prefixRow, y, yRow, length, headSize, numPrefix, 32, 0);
    program.productAdded(w + 4 * numPrefix, weightRow, 4, at.qkv + value, qkvRow, y, yRow, length, headSize, length, 32, 0);
  });
}

/** Gradients of `attendOnWasm`. */
export function attendGradientOnWasm(program: WasmProgram, at: AttendGradientAddresses, shape: AttentionShape, place: AttendPlace): void {
  const { headSize } = shape;
  const { numPrefix, thread } = place;
  const scratch = at.scratch + 4 * thread * scratchFloats(shape, numPrefix);
  const { qkvRow, yRow, prefixRow } = rowsOf(shape);
  const turnedRow = (4 * scratchFloats(shape, numPrefix)) / headSize;
  const { dQkv, dPrefix } = at;
  const dw = at.dWeights + 4 * thread * numWeights(Math.max(...shape.lengths), 1, numPrefix);
  eachHead(shape, place, (head) => {
    const { length, query, key, value, prefixKey, prefixValue, weightRow } = head;
    const w = at.weights + head.weights;
    const dy = at.dy + head.y;
    // what heads share is begun by their first
    const intoPrefix = head.isFirst ? program.product : program.productAdded;
    const intoText = head.isFirstOfText ? program.product : program.productAdded;
    // dV = Wᵀ · dY
    intoPrefix(w, 4, weightRow, dy, yRow, dPrefix + prefixValue, prefixRow, numPrefix, headSize, length, 32, 0);
    if (dQkv !== null) intoText(w + 4 * numPrefix, 4, weightRow, dy, yRow, dQkv + value, qkvRow, length, headSize, length, 32, 0);
    // dW = dY · Vᵀ
    if (head.isFirst) turn(program, at.prefix + prefixValue, prefixRow, scratch, turnedRow, numPrefix, headSize);
    if (head.isFirstOfText) turn(program, at.qkv + value, qkvRow, scratch + 4 * numPrefix, turnedRow, length, headSize);
    program.product(dy, yRow, 4, scratch, turnedRow, dw, weightRow, length, weightRow / 4, headSize, 32, 0);
    program.softmaxGradient(w, dw, length, weightRow, weightRow, 4 * (numPrefix + length));
    // dK = dScoresᵀ · Q
    const queries = at.qkv + query;
    intoPrefix(dw, 4, weightRow, queries, qkvRow, dPrefix + prefixKey, prefixRow, numPrefix, headSize, length, 32, 0);
    if (dQkv === null) return;
    const tokens = dw + 4 * numPrefix;
    intoText(tokens, 4, weightRow, queries, qkvRow, dQkv + key, qkvRow, length, headSize, length, 32, 0);
    // dQ = dScores · K
    program.product(dw, weightRow, 4, at.prefix + prefixKey, prefixRow, dQkv + query, qkvRow, length, headSize, numPrefix, 32, 0);
    program.productAdded(tokens, weightRow, 4, at.qkv + key, qkvRow, dQkv + query, qkvRow, length, headSize, length, 32, 0);
  });
}

/** B (columns, rows) = Aᵀ as `transpose` takes it, of a multiple of four columns: four rows at a time. */
function turn(
  program: WasmProgram,
  ...[a, aRow, b, bRow, numRows, numColumns]: readonly [number, number, number, number, number, number]
): void {
  const inFours = numRows - (numRows % 4);
  program.turnFours(a, aRow, b, bRow, inFours, numColumns);
  if (inFours < numRows) program.transpose(a + aRow * inFours, aRow, b + 4 * inFours, bRow, numRows - inFours, numColumns);
}

/** Offsets in bytes of one head of one text. */
interface Head {
  readonly length: number;
  /** Of those with its keys, in this text and in all. */
  readonly isFirstOfText: boolean;
  readonly isFirst: boolean;
  readonly query: number;
  readonly key: number;
  readonly value: number;
  readonly prefixKey: number;
  readonly prefixValue: number;
  readonly y: number;
  readonly weights: number;
  /** From one row of weights to the next. */
  readonly weightRow: number;
}

/** Bytes of a row of qkv, of y and of the prefix. */
function rowsOf({ numHeads, numKeyValueHeads, headSize }: AttentionShape) {
  const [h, w] = [4 * numHeads * headSize, 4 * numKeyValueHeads * headSize];
  return { qkvRow: h + 2 * w, yRow: h, prefixRow: w };
}

function eachHead(shape: AttentionShape, { numPrefix, keyHead }: AttendPlace, act: (head: Head) => void): void {
  const { numHeads, numKeyValueHeads, headSize, lengths } = shape;
  const { qkvRow, yRow, prefixRow } = rowsOf(shape);
  const group = numHeads / numKeyValueHeads;
  const shared = 4 * keyHead * headSize;
  let [start, weights] = [0, 0];
  for (const length of lengths) {
    const weightRow = 4 * weightColumns(numPrefix, length);
    for (let head = keyHead * group; head < (keyHead + 1) * group; head++) {
      const row = 4 * head * headSize;
      act({
        length,
        isFirstOfText: head === keyHead * group,
        isFirst: start === 0 && head === keyHead * group,
        query: start * qkvRow + row,
        key: start * qkvRow + yRow + shared,
        value: start * qkvRow + yRow + prefixRow + shared,
        prefixKey: shared,
        prefixValue: numPrefix * prefixRow + shared,
        y: start * yRow + row,
        weights: weights + head * length * weightRow,
        weightRow,
      });
    }
    weights += numHeads * length * weightRow;
    start += length;
  }
}
