import type { TensorInfo } from "@tensorflow/tfjs";
import { type AttentionProgram, type AttentionSizes, attentionProgram, sizesOf, uniformsOf } from "./attentionForm.ts";
import * as quads from "./attentionQuads.ts";
import { type GpuContext, type GpuKernel, given, type KernelAttributes, type KernelInputs } from "./gpuKernel.ts";

/** Attention with a prefix, and its gradient; scores stay in registers or workgroup memory. */
export function attentionKernels(context: GpuContext): { readonly TuttiAttend: GpuKernel; readonly TuttiAttendGradient: GpuKernel } {
  return {
    TuttiAttend: (inputs, attributes) => [attend(context, inputs, attributes)],
    TuttiAttendGradient: (inputs, attributes) => gradient(context, inputs, attributes),
  };
}

const rowsOf = ({ batch, numTokens }: AttentionSizes): number => batch * numTokens;
const widthOf = ({ numHeads, headSize }: AttentionSizes): number => numHeads * headSize;
const keyWidthOf = ({ numKeyValueHeads, headSize }: AttentionSizes): number => numKeyValueHeads * headSize;

/** Rows that follow a result (rows, H) and hold a number of each (b, head, t). */
const numTailRows = (sizes: AttentionSizes): number => Math.ceil(rowsOf(sizes) / sizes.headSize);

function attend(context: GpuContext, inputs: KernelInputs, attributes: KernelAttributes): TensorInfo {
  const sizes = sizesOf(inputs, attributes);
  const hasTail = attributes.hasTail === true;
  const [qkv, lengths] = [given(inputs, "qkv"), given(inputs, "lengths")];
  return runProgram(context, sizes, {
    key: ["attend", Number(hasTail)],
    inputs: { qkv, prefix: inputs.prefix ?? qkv, lengths },
    outputShape: [rowsOf(sizes) + (hasTail ? numTailRows(sizes) : 0), widthOf(sizes)],
    dispatch: queryBlocks(sizes),
    source: quads.attendSource(sizes.headSize, hasTail),
  });
}

function gradient(context: GpuContext, inputs: KernelInputs, attributes: KernelAttributes): TensorInfo[] {
  const sizes = sizesOf(inputs, attributes);
  const { batch, numTokens, headSize, numPrefix, numKeyValueHeads } = sizes;
  const hasQueries = attributes.hasInputGradient === true;
  const [dy, qkv, prefix] = [given(inputs, "dy"), given(inputs, "qkv"), given(inputs, "prefix")];
  const [attended, lengths] = [given(inputs, "attended"), given(inputs, "lengths")];
  const run = (program: AttentionProgram) => runProgram(context, sizes, program, hasQueries ? undefined : 0);
  const inners = run({
    key: ["query", Number(hasQueries)],
    inputs: { dy, attended, lengths, ...(hasQueries ? { qkv, prefix } : {}) },
    outputShape: [(hasQueries ? rowsOf(sizes) : 0) + numTailRows(sizes), widthOf(sizes)],
    dispatch: queryBlocks(sizes),
    source: quads.queryGradientSource(headSize, hasQueries),
  });
  const results = [
    run({
      key: ["prefix"],
      inputs: { dy, qkv, attended, inners, prefix },
      outputShape: [2, numPrefix, keyWidthOf(sizes)],
      dispatch: [Math.ceil(numPrefix / quads.heldKeys), numKeyValueHeads, 1],
      source: quads.prefixGradientSource(headSize),
    }),
  ];
  if (hasQueries) {
    const program = {
      key: ["key"],
      inputs: { dy, qkv, attended, inners, lengths },
      outputShape: [rowsOf(sizes), widthOf(sizes) + 2 * keyWidthOf(sizes)],
      dispatch: [Math.ceil(numTokens / quads.heldKeys), numKeyValueHeads, batch] as const,
      source: quads.keyGradientSource(headSize),
    };
    results.push(run(program));
  }
  context.backend.disposeData(inners.dataId);
  return results;
}

function queryBlocks({ batch, numTokens, numHeads, numKeyValueHeads, headSize }: AttentionSizes): [number, number, number] {
  const numQueries = (numHeads / numKeyValueHeads) * numTokens;
  return [Math.ceil(numQueries / quads.heldQueries(headSize)), numKeyValueHeads, batch];
}

function runProgram(
  { backend }: GpuContext,
  sizes: AttentionSizes,
  program: AttentionProgram,
  statsStart = rowsOf(sizes) * widthOf(sizes),
): TensorInfo {
  const form = attentionProgram({ ...program, key: [sizes.headSize, ...program.key] }, [quads.quadSize, 1, 1]);
  return backend.runWebGPUProgram(form, Object.values(program.inputs), "float32", uniformsOf(sizes, statsStart));
}
