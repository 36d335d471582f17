import type { AttentionShape } from "../attentionShape.ts";
import type { WasmProgram } from "./program.ts";

/** Addresses in bytes. */
interface AttendAddresses {
  /** (B·T, H + 2W). */
  readonly qkv: number;
  /** (2, P, W); anything when P is 0. */
  readonly prefix: number;
  /** (B, heads, T, columns). */
  readonly weights: number;
  /** (B·T, H). */
  readonly y: number;
  /** (headSize, columns), zeroed. */
  readonly scratch: number;
}

/** Byte addresses of the gradient kernel's operands in the module's memory. */
interface AttendGradientAddresses extends Omit<AttendAddresses, "y"> {
  /** (B·T, H). */
  readonly dy: number;
  /** (T, columns). */
  readonly dWeights: number;
  /** (2, P, W), zeroed. */
  readonly dPrefix: number;
  /** (B·T, H + 2W), zeroed; null when it is not wanted. */
  readonly dQkv: number | null;
}

/** Length of a row of weights: P + T, up to whole blocks of eight. */
export function weightColumns(numPrefix: number, numTokens: number): number {
  return eights(numPrefix + numTokens);
}

/** Attention of every example and head, one after the other: fixed order, so the same bits however many threads there are. */
export function attendOnWasm(program: WasmProgram, at: AttendAddresses, shape: AttentionShape, numPrefix: number): void {
  const { numTokens, headSize, isCausal } = shape;
  const plan = layoutOf(shape, numPrefix);
  const { qkvRow, yRow, prefixRow, weightRow } = plan;
  eachHead(shape, plan, ({ example, length, query, key, value, prefixKey, prefixValue, weights, row }) => {
    const numKeys = numPrefix + length;
    const columns = eights(numKeys);
    const w = at.weights + weights;
    program.transpose(at.prefix + prefixKey, prefixRow, at.scratch, weightRow, numPrefix, headSize);
    program.transpose(at.qkv + key, qkvRow, at.scratch + 4 * numPrefix, weightRow, length, headSize);
    program.product(at.qkv + query, qkvRow, 4, at.scratch, weightRow, w, weightRow, numTokens, columns, headSize, 32, 0);
    const firstSeen = isCausal ? numPrefix + 1 : numKeys;
    program.softmax(w, numTokens, weightRow, 4 * columns, 4 * firstSeen, isCausal ? 4 : 0, 4 * numKeys);
    const y = at.y + example * numTokens * yRow + row;
    program.product(w, weightRow, 4, at.prefix + prefixValue, prefixRow, y, yRow, numTokens, headSize, numPrefix, 32, 0);
    program.productAdded(w + 4 * numPrefix, weightRow, 4, at.qkv + value, qkvRow, y, yRow, numTokens, headSize, length, 32, 0);
  });
}

/** Gradients of `attendOnWasm`. Padded tokens have none: nothing reads them, so their rows stay zero. */
export function attendGradientOnWasm(program: WasmProgram, at: AttendGradientAddresses, shape: AttentionShape, numPrefix: number): void {
  const { numTokens, headSize } = shape;
  const plan = layoutOf(shape, numPrefix);
  const { qkvRow, yRow, prefixRow, weightRow } = plan;
  const { dQkv, dWeights } = at;
  eachHead(shape, plan, ({ example, length, query, key, value, prefixKey, prefixValue, weights, row }) => {
    const columns = eights(numPrefix + length);
    const w = at.weights + weights;
    const dy = at.dy + example * numTokens * yRow + row;
    // dV = Wᵀ · dY
    program.productAdded(w, 4, weightRow, dy, yRow, at.dPrefix + prefixValue, prefixRow, numPrefix, headSize, length, 32, 0);
    if (dQkv !== null)
      program.productAdded(w + 4 * numPrefix, 4, weightRow, dy, yRow, dQkv + value, qkvRow, length, headSize, length, 32, 0);
    // dW = dY · Vᵀ
    program.transpose(at.prefix + prefixValue, prefixRow, at.scratch, weightRow, numPrefix, headSize);
    program.transpose(at.qkv + value, qkvRow, at.scratch + 4 * numPrefix, weightRow, length, headSize);
    program.product(dy, yRow, 4, at.scratch, weightRow, dWeights, weightRow, length, columns, headSize, 32, 0);
    program.softmaxGradient(w, dWeights, length, weightRow, 4 * columns);
    // dK = dScoresᵀ · Q
    program.productAdded(
      dWeights,
      4,
      weightRow,
      at.qkv + query,
      qkvRow,
      at.dPrefix + prefixKey,
      prefixRow,
      numPrefix,
      headSize,
      length,
      32,
      0,
    );
    if (dQkv === null) return;
    const tokens = dWeights + 4 * numPrefix;
    program.productAdded(tokens, 4, weightRow, at.qkv + query, qkvRow, dQkv + key, qkvRow, length, headSize, length, 32, 0);
    // dQ = dScores · K
    program.product(dWeights, weightRow, 4, at.prefix + prefixKey, prefixRow, dQkv + query, qkvRow, length, headSize, numPrefix, 32, 0);
    program.productAdded(tokens, weightRow, 4, at.qkv + key, qkvRow, dQkv + query, qkvRow, length, headSize, length, 32, 0);
  });
}

/** Strides in bytes. */
interface Layout {
  readonly qkvRow: number;
  readonly yRow: number;
  readonly prefixRow: number;
  readonly weightRow: number;
  readonly numPrefix: number;
}

/** Offsets in bytes of one head of one example. */
interface Head {
  readonly example: number;
  readonly length: number;
  readonly query: number;
  readonly key: number;
  readonly value: number;
  readonly prefixKey: number;
  readonly prefixValue: number;
  readonly weights: number;
  /** Within a row of y. */
  readonly row: number;
}

function layoutOf({ numHeads, numKeyValueHeads, headSize, numTokens }: AttentionShape, numPrefix: number): Layout {
  const [h, w] = [4 * numHeads * headSize, 4 * numKeyValueHeads * headSize];
  return { qkvRow: h + 2 * w, yRow: h, prefixRow: w, weightRow: 4 * weightColumns(numPrefix, numTokens), numPrefix };
}

function eachHead(shape: AttentionShape, { qkvRow, yRow, prefixRow, weightRow, numPrefix }: Layout, act: (head: Head) => void): void {
  const { numHeads, numKeyValueHeads, headSize, numTokens, lengths } = shape;
  const group = numHeads / numKeyValueHeads;
  lengths.forEach((length, example) => {
    const start = example * numTokens * qkvRow;
    for (let head = 0; head < numHeads; head++) {
      const row = 4 * head * headSize;
      const shared = 4 * Math.floor(head / group) * headSize;
      act({
        example,
        length,
        query: start + row,
        key: start + yRow + shared,
        value: start + yRow + prefixRow + shared,
        prefixKey: shared,
        prefixValue: numPrefix * prefixRow + shared,
        weights: (example * numHeads + head) * numTokens * weightRow,
        row,
      });
    }
  });
}

function eights(count: number): number {
  return Math.ceil(count / 8) * 8;
}
