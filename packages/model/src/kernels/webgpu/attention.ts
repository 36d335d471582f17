import type { TensorInfo } from "@tensorflow/tfjs";
import { type AttentionProgram, type AttentionSizes, attentionProgram, headVectors, sizesOf, uniformsOf } from "./attentionForm.ts";
import {
  attendSource,
  keyGradientSource,
  numLanes,
  prefixGradientSource,
  queryGradientSource,
  type RegisterTile,
} from "./attentionRegisters.ts";
import { type GpuContext, type GpuKernel, given, type KernelAttributes, type KernelInputs } from "./gpuKernel.ts";

/** Attention with a prefix, and its gradient; scores stay in registers or workgroup memory. */
export function attentionKernels(context: GpuContext): { readonly TuttiAttend: GpuKernel; readonly TuttiAttendGradient: GpuKernel } {
  return {
    TuttiAttend: (inputs, attributes) => [attend(context, inputs, attributes)],
    TuttiAttendGradient: (inputs, attributes) => gradient(context, inputs, attributes),
  };
}

/** Rows that follow a result (rows, H) and hold a number of each (b, head, t). */
const numTailRows = ({ batch, numTokens, headSize }: AttentionSizes): number => Math.ceil((batch * numTokens) / headSize);

const widthOf = ({ numHeads, headSize }: AttentionSizes): number => numHeads * headSize;
const keyWidthOf = ({ numKeyValueHeads, headSize }: AttentionSizes): number => numKeyValueHeads * headSize;

function attend(context: GpuContext, inputs: KernelInputs, attributes: KernelAttributes): TensorInfo {
  const sizes = sizesOf(inputs, attributes);
  const { batch, numTokens, headSize } = sizes;
  const hasTail = attributes.hasTail === true;
  const rows = batch * numTokens;
  const vectors = headVectors(headSize);
  const tile = tileFor("attend", sizes);
  const [qkv, lengths] = [given(inputs, "qkv"), given(inputs, "lengths")];
  const program: AttentionProgram = {
    key: ["attend", headSize, tile.held, tile.taken, Number(hasTail)],
    inputs: { qkv: vectors.components, prefix: vectors.components, lengths: 1 },
    outputShape: [rows + (hasTail ? numTailRows(sizes) : 0), widthOf(sizes)],
    dispatch: queryBlocks(sizes, tile),
    workgroupSize: [numLanes, 1, 1],
    source: attendSource(vectors, tile, hasTail),
  };
  return runProgram(context, program, [qkv, inputs.prefix ?? qkv, lengths], uniformsOf(sizes, rows * widthOf(sizes)));
}

function gradient(context: GpuContext, inputs: KernelInputs, attributes: KernelAttributes): TensorInfo[] {
  const sizes = sizesOf(inputs, attributes);
  const { batch, numTokens, headSize, numPrefix, numKeyValueHeads } = sizes;
  const hasInputGradient = attributes.hasInputGradient === true;
  const rows = batch * numTokens;
  const vectors = headVectors(headSize);
  const { components } = vectors;
  const [dy, qkv, prefix] = [given(inputs, "dy"), given(inputs, "qkv"), given(inputs, "prefix")];
  const [attended, lengths] = [given(inputs, "attended"), given(inputs, "lengths")];
  const workgroupSize: [number, number, number] = [numLanes, 1, 1];
  const keyBlocks = (numKeys: number, { held }: RegisterTile) => Math.ceil(numKeys / (numLanes * held));

  const queryTile = tileFor("query", sizes);
  const uniforms = uniformsOf(sizes, hasInputGradient ? rows * widthOf(sizes) : 0);
  const queryInputs = { dy: components, attended: 1, lengths: 1 } as const;
  const inners = runProgram(
    context,
    {
      key: ["query", headSize, queryTile.held, queryTile.taken, Number(hasInputGradient)],
      inputs: hasInputGradient ? { ...queryInputs, qkv: components, prefix: components } : queryInputs,
      outputShape: [(hasInputGradient ? rows : 0) + numTailRows(sizes), widthOf(sizes)],
      dispatch: queryBlocks(sizes, queryTile),
      workgroupSize,
      source: queryGradientSource(vectors, queryTile, hasInputGradient),
    },
    hasInputGradient ? [dy, attended, lengths, qkv, prefix] : [dy, attended, lengths],
    uniforms,
  );
  const keyInputs = { dy: components, qkv: components, attended: 1, inners: 1 } as const;
  const prefixTile = tileFor("prefix", sizes);
  const results = [
    runProgram(
      context,
      {
        key: ["prefix", headSize, prefixTile.held, prefixTile.taken],
        inputs: { ...keyInputs, prefix: components },
        outputShape: [2, numPrefix, keyWidthOf(sizes)],
        dispatch: [keyBlocks(numPrefix, prefixTile), numKeyValueHeads, 1],
        workgroupSize,
        source: prefixGradientSource(vectors, prefixTile),
      },
      [dy, qkv, attended, inners, prefix],
      uniforms,
    ),
  ];
  if (hasInputGradient) {
    const keyTile = tileFor("key", sizes);
    results.push(
      runProgram(
        context,
        {
          key: ["key", headSize, keyTile.held, keyTile.taken],
          inputs: { ...keyInputs, lengths: 1 },
          outputShape: [rows, widthOf(sizes) + 2 * keyWidthOf(sizes)],
          dispatch: [keyBlocks(numTokens, keyTile), numKeyValueHeads, batch],
          workgroupSize,
          source: keyGradientSource(vectors, keyTile),
        },
        [dy, qkv, attended, inners, lengths],
        uniforms,
      ),
    );
  }
  context.backend.disposeData(inners.dataId);
  return results;
}

function queryBlocks({ batch, numTokens, numHeads, numKeyValueHeads }: AttentionSizes, { held }: RegisterTile): [number, number, number] {
  const numQueries = (numHeads / numKeyValueHeads) * numTokens;
  return [Math.ceil(numQueries / (numLanes * held)), numKeyValueHeads, batch];
}

const tuned = (globalThis as { tuttiTiles?: Record<string, RegisterTile> }).tuttiTiles;
function tileFor(kind: string, _sizes: AttentionSizes): RegisterTile {
  return tuned?.[kind] ?? { held: 2, taken: 2 };
}

function runProgram(
  { backend }: GpuContext,
  program: AttentionProgram,
  inputs: TensorInfo[],
  uniforms: { type: string; data: number[] }[],
): TensorInfo {
  return backend.runWebGPUProgram(attentionProgram(program), inputs, "float32", uniforms);
}
