import * as tf from "@tensorflow/tfjs";
import { packedSizes, packingFor, type TensorEncoding } from "@tutti/core";
import { rowStarts } from "../kernels/attention.ts";
import { runFused, type WebGpuKernel } from "../kernels/fusedKernels.ts";
import { promptTokens } from "./contestants.ts";

/** One layer's sizes and the batch it sees. */
export interface LayerSizes {
  readonly width: number;
  readonly intermediate: number;
  readonly numHeads: number;
  readonly numKeyValueHeads: number;
  readonly numTexts: number;
  readonly numTokens: number;
  readonly vocabSize: number;
  readonly encoding: TensorEncoding;
  readonly isGated: boolean;
}

/** One kind of dispatch: what it must compute and move, and a call of it. */
export interface KernelCase {
  readonly name: string;
  readonly kernel: WebGpuKernel;
  /** Multiplications, additions and function values. */
  readonly operations: number;
  /** Bytes that are read and written if each operand is touched once. */
  readonly bytes: number;
  /** Makes the operands; within a tidy the returned function can be called again and again. */
  prepare(): () => tf.Tensor[];
}

const floats = (...sizes: number[]) => 4 * sizes.reduce((sum, size) => sum + size, 0);

/** Every kind of dispatch in a training step of such a layer, in the order of the step. */
export function kernelCases(sizes: LayerSizes): KernelCase[] {
  const { width, intermediate, numHeads, numKeyValueHeads, numTexts, numTokens, vocabSize, encoding, isGated } = sizes;
  const rows = numTexts * numTokens;
  const size = width / numHeads;
  const qkvWidth = width + 2 * numKeyValueHeads * size;
  const product = (options: ProductOptions) => productCase({ rows, encoding, ...options });
  const widened = isGated ? 2 * intermediate : intermediate;
  const layer: KernelCase[] = [
    product({ name: "queries, keys, values", numIn: width, numOut: qkvWidth }),
    ...(isGated ? [rotateCase(sizes, rows, qkvWidth)] : []),
    ...attentionCases(sizes, rows, qkvWidth),
    product({ name: "attention's output + residual", numIn: width, numOut: width, hasResidual: true }),
    ...normCases(rows, width, isGated ? "rms" : "layer"),
    product({ name: isGated ? "gate and up, SwiGLU" : "up, GELU", numIn: width, numOut: widened, epilogue: isGated ? "swiglu" : "gelu" }),
    product({ name: "down + residual", numIn: intermediate, numOut: width, hasResidual: true }),
    gradientCase({
      rows,
      encoding,
      name: "down, through the activation",
      numIn: intermediate,
      numOut: width,
      through: isGated ? "swiglu" : "activation",
    }),
    gradientCase({
      rows,
      encoding,
      name: isGated ? "gate and up + residual" : "up + residual",
      numIn: width,
      numOut: widened,
      hasResidual: true,
    }),
    gradientCase({ rows, encoding, name: "attention's output", numIn: width, numOut: width }),
    gradientCase({ rows, encoding, name: "queries, keys, values + residual", numIn: width, numOut: qkvWidth, hasResidual: true }),
  ];
  return [...layer, ...stepCases({ numTexts, rows, width, vocabSize, numPrompt: 2 * promptTokens * numKeyValueHeads * size })];
}

interface ProductOptions {
  readonly name: string;
  readonly numIn: number;
  readonly numOut: number;
  readonly hasResidual?: boolean;
  readonly epilogue?: "gelu" | "swiglu";
}

interface Rows {
  readonly rows: number;
  readonly encoding: TensorEncoding;
}

/** x · Wᵀ + b with what follows it. */
export function productCase({ name, rows, encoding, numIn, numOut, hasResidual = false, epilogue }: ProductOptions & Rows): KernelCase {
  const written = epilogue === undefined ? numOut : epilogue === "swiglu" ? 1.5 * numOut : 2 * numOut;
  const form = formOf(encoding, numIn, numOut);
  return {
    name: `product ${numIn} → ${numOut}: ${name}`,
    kernel: "TuttiPackedLinear",
    operations: 2 * rows * numIn * numOut,
    bytes: form.numBytes + floats(rows * numIn, numOut, rows * written, hasResidual ? rows * numOut : 0),
    prepare() {
      const inputs = {
        x: random([rows, numIn]),
        words: words(form.numBytes),
        bias: random([numOut]),
        ...(hasResidual ? { residual: random([rows, numOut]) } : {}),
      };
      const attributes = { ...form.attributes, numRows: rows, epilogue: epilogue ?? "none", hasTail: epilogue !== undefined };
      return () => runFused("TuttiPackedLinear", inputs, attributes);
    },
  };
}

interface GradientOptions extends Rows {
  readonly name: string;
  readonly numIn: number;
  readonly numOut: number;
  readonly hasResidual?: boolean;
  readonly through?: "activation" | "swiglu";
}

/** dY · W with what follows it. */
function gradientCase({ name, rows, encoding, numIn, numOut, hasResidual = false, through }: GradientOptions): KernelCase {
  const factor = through === "swiglu" ? 2 : through === "activation" ? 1 : 0;
  const form = formOf(encoding, numIn, numOut);
  const written = rows * numIn * Math.max(1, factor);
  return {
    name: `gradient ${numOut} → ${numIn}: ${name}`,
    kernel: "TuttiPackedLinearGradient",
    operations: 2 * rows * numIn * numOut,
    bytes: form.numBytes + floats(rows * numOut, written, factor * rows * numIn, hasResidual ? rows * numIn : 0),
    prepare() {
      const inputs = {
        dy: random([rows, numOut]),
        words: words(form.numBytes),
        ...(factor === 0 ? {} : { kept: random([(1 + factor) * rows, numIn]) }),
        ...(hasResidual ? { residual: random([rows, numIn]) } : {}),
      };
      return () => runFused("TuttiPackedLinearGradient", inputs, { ...form.attributes, numRows: rows, epilogue: through ?? "none" });
    },
  };
}

function attentionCases(sizes: LayerSizes, rows: number, qkvWidth: number): KernelCase[] {
  const { width, numHeads, numKeyValueHeads, numTexts, numTokens, isGated } = sizes;
  const headSize = width / numHeads;
  const keyWidth = numKeyValueHeads * headSize;
  const pairs = numTexts * numHeads * numTokens * (promptTokens + numTokens);
  const lengths = new Array<number>(numTexts).fill(numTokens);
  const attributes = { numHeads, numKeyValueHeads, headSize, lengths, isCausal: isGated, hasTail: true };
  const prefix = 2 * promptTokens * keyWidth;
  const prepare = () => ({
    qkv: random([rows, qkvWidth]),
    prefix: random([2, promptTokens, keyWidth]),
    starts: tf.tensor1d(rowStarts(lengths), "int32"),
  });
  return [
    {
      name: "attention with prefix",
      kernel: "TuttiAttend",
      operations: 4 * pairs * headSize,
      bytes: floats(rows * qkvWidth, prefix, rows * width),
      prepare() {
        const inputs = prepare();
        return () => runFused("TuttiAttend", inputs, attributes);
      },
    },
    {
      name: "attention's gradients",
      kernel: "TuttiAttendGradient",
      operations: 10 * pairs * headSize,
      bytes: floats(2 * rows * width, 2 * rows * qkvWidth, 2 * prefix),
      prepare() {
        const inputs = prepare();
        const [attended] = runFused("TuttiAttend", inputs, attributes);
        const dy = random([rows, width]);
        return () => runFused("TuttiAttendGradient", { dy, attended, ...inputs }, { ...attributes, hasInputGradient: true });
      },
    },
  ];
}

function rotateCase({ width, numHeads, numKeyValueHeads }: LayerSizes, rows: number, qkvWidth: number): KernelCase {
  const headSize = width / numHeads;
  const numTurnedHeads = numHeads + numKeyValueHeads;
  return {
    name: "rotary positions",
    kernel: "TuttiRotate",
    operations: 3 * rows * numTurnedHeads * headSize,
    bytes: floats(2 * rows * qkvWidth, rows * headSize),
    prepare() {
      const inputs = { qkv: random([rows, qkvWidth]), angles: random([2, rows, headSize / 2]) };
      return () => runFused("TuttiRotate", inputs, { numRows: rows, headSize, numTurnedHeads, isGradient: false });
    },
  };
}

function normCases(rows: number, width: number, kind: "layer" | "rms"): KernelCase[] {
  const attributes = { kind, epsilon: 1e-5, numRows: rows };
  return [
    {
      name: "norm",
      kernel: "TuttiNormRows",
      operations: 8 * rows * width,
      bytes: floats(2 * rows * width, 2 * width),
      prepare() {
        const inputs = { x: random([rows, width]), weight: random([width]), ...(kind === "layer" ? { bias: random([width]) } : {}) };
        return () => runFused("TuttiNormRows", inputs, attributes);
      },
    },
    {
      name: "norm's gradient + residual",
      kernel: "TuttiNormRowsGradient",
      operations: 16 * rows * width,
      bytes: floats(4 * rows * width, width),
      prepare() {
        const inputs = { dy: random([rows, width]), x: random([rows, width]), weight: random([width]), residual: random([rows, width]) };
        return () => runFused("TuttiNormRowsGradient", inputs, attributes);
      },
    },
  ];
}

interface StepSizes {
  readonly numTexts: number;
  readonly rows: number;
  readonly width: number;
  readonly vocabSize: number;
  /** Trained values of one layer. */
  readonly numPrompt: number;
}

/** What a step does once, whatever the number of layers. */
function stepCases({ numTexts, rows, width, vocabSize, numPrompt }: StepSizes): KernelCase[] {
  return [
    {
      name: "cross-entropy at rows",
      kernel: "TuttiCrossEntropy",
      operations: 6 * numTexts * vocabSize,
      bytes: floats(2 * numTexts * vocabSize),
      prepare() {
        const targets = tf.zeros<tf.Rank.R1>([numTexts], "int32");
        const inputs = { logits: random([numTexts, vocabSize]), targets, weights: tf.ones([numTexts]) };
        return () => runFused("TuttiCrossEntropy", inputs, { numRows: numTexts });
      },
    },
    {
      name: "rows put back",
      kernel: "TuttiScatterRows",
      operations: 0,
      bytes: floats(numTexts * width, rows * width),
      prepare() {
        const inputs = { d: random([numTexts, width]), rows: tf.range(0, numTexts, 1, "int32") };
        return () => runFused("TuttiScatterRows", inputs, { numRows: rows });
      },
    },
    {
      name: "AdamW, the prompts of one layer",
      kernel: "TuttiAdamW",
      operations: 16 * numPrompt,
      bytes: floats(8 * numPrompt),
      prepare() {
        const inputs = { state: tf.abs(random([3, numPrompt])), gradient: random([numPrompt]) };
        const attributes = { learningRate: 0.01, weightDecay: 0.1, clipNorm: 1, step: 1, beta1: 0.9, beta2: 0.999, epsilon: 1e-8 };
        return () => runFused("TuttiAdamW", inputs, attributes);
      },
    },
  ];
}

function formOf(encoding: TensorEncoding, numIn: number, numOut: number) {
  const packing = packingFor(encoding);
  const { scaleOffset, numBytes } = packedSizes([numOut, numIn], packing);
  const attributes = { ...packing, numIn, numOut, scaleStart: scaleOffset / 4, numScaledRows: 0, rowScale: 1 };
  return { attributes, numBytes };
}

function random(shape: readonly number[]): tf.Tensor {
  return tf.sin(
    tf.reshape(
      tf.range(
        0,
        shape.reduce((a, b) => a * b, 1),
      ),
      [...shape],
    ),
  );
}

/** Words that are small numbers in every encoding's scales. */
function words(numBytes: number): tf.Tensor1D {
  return tf.fill([Math.ceil(numBytes / 4)], 0x1c001c00, "int32");
}
