import * as tf from "@tensorflow/tfjs-core";
import type { Attended, AttentionGradient, AttentionShape, Visibility } from "./attentionShape.ts";
import { hasFused, runFused } from "./fusedKernels.ts";
import { plainAttend, plainAttendGradient } from "./plainAttention.ts";

/**
 * softmax(q [P; k]ᵀ) [V_P; v] per head and text. `qkv` (rows, H + 2W) holds queries, already divided by √headSize, then keys, then values;
 * `seen` is what `visibility` made.
 */
export function attend(
  qkv: tf.Tensor2D,
  prefix: tf.Tensor3D | null,
  seen: Visibility,
  { shape, hasGradient }: { readonly shape: AttentionShape; readonly hasGradient: boolean },
): Attended {
  if (!isFused(shape)) return plainAttend(qkv, prefix, seen.masks, shape);
  const inputs = { qkv, ...(prefix === null ? {} : { prefix }), ...startsOf(seen) };
  const [y, ...weights] = runFused("TuttiAttend", inputs, { ...attributesOf(shape), hasTail: hasGradient });
  return { y: y as tf.Tensor2D, qkv, weights, prefix };
}

/** Gradients of `attend`; without `hasInputGradient` only the prefix's, as the lowest layer of a pass with prefixes needs. */
export function attendGradient(
  dy: tf.Tensor2D,
  attended: Attended,
  seen: Visibility,
  { shape, hasInputGradient }: { readonly shape: AttentionShape; readonly hasInputGradient: boolean },
): AttentionGradient {
  const { y, qkv, prefix, weights } = attended;
  if (prefix === null && !hasInputGradient) return { dPrefix: null, dQkv: null };
  if (!isFused(shape)) return plainAttendGradient(dy, attended, shape, hasInputGradient);
  const read = weights.length === 0 ? { attended: y, ...startsOf(seen) } : { weights: weights[0] };
  const inputs = { dy, qkv, ...(prefix === null ? {} : { prefix }), ...read };
  const results = runFused("TuttiAttendGradient", inputs, { ...attributesOf(shape), hasInputGradient });
  const [dPrefix, dQkv] = prefix === null ? [null, ...results] : results;
  return { dPrefix: dPrefix as tf.Tensor3D | null, dQkv: hasInputGradient ? (dQkv as tf.Tensor2D) : null };
}

/** Whether the current backend computes this attention in one kernel, which then needs no mask. */
function isFused({ headSize, seenLengths }: AttentionShape): boolean {
  return seenLengths === undefined && hasFused("TuttiAttend") && (tf.getBackend() === "webgpu" || headSize % 8 === 0);
}

function attributesOf({ lengths, numHeads, numKeyValueHeads, headSize, isCausal }: AttentionShape) {
  return { numHeads, numKeyValueHeads, headSize, isCausal, lengths: [...lengths] };
}

function startsOf({ starts }: Visibility) {
  return starts === null ? {} : { starts };
}

/** Which keys each query sees, as the attention that will run here wants to be told; once for all layers of a pass. */
export function visibility(shape: AttentionShape, numPrefix: number): Visibility {
  if (!isFused(shape)) return { masks: attentionMasks(shape, numPrefix), starts: null };
  return { masks: [], starts: tf.getBackend() === "webgpu" ? tf.tensor1d(rowStarts(shape.lengths), "int32") : null };
}

/** The row that each text begins with, then the number of rows. */
export function rowStarts(lengths: readonly number[]): number[] {
  const starts = [0];
  for (const length of lengths) starts.push(starts[starts.length - 1] + length);
  return starts;
}

/** The masks of `Visibility`; texts of one shape share theirs. */
function attentionMasks({ lengths, seenLengths = lengths, isCausal }: AttentionShape, numPrefix: number): (tf.Tensor2D | null)[] {
  const known = new Map<string, tf.Tensor2D>();
  return lengths.map((length, text) => {
    const numSeen = seenLengths[text];
    if (!isCausal && numSeen === length) return null;
    const key = `${length} ${numSeen}`;
    const mask = known.get(key) ?? attentionMask(length, numSeen, { numPrefix, isCausal });
    known.set(key, mask);
    return mask;
  });
}

function attentionMask(
  length: number,
  numSeen: number,
  { numPrefix, isCausal }: { readonly numPrefix: number; readonly isCausal: boolean },
): tf.Tensor2D {
  const numQueries = isCausal ? length : 1;
  const numKeys = numPrefix + length;
  const mask = new Float32Array(numQueries * numKeys);
  for (let query = 0; query < numQueries; query++) {
    const seen = numPrefix + (isCausal ? Math.min(numSeen, query + 1) : numSeen);
    mask.fill(-1e9, query * numKeys + seen, (query + 1) * numKeys);
  }
  return tf.tensor2d(mask, [numQueries, numKeys]);
}
