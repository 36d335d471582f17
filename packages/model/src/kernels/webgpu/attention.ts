import type { TensorInfo } from "@tensorflow/tfjs-core";
import { type AttentionProgram, type AttentionSizes, attentionProgram, sizesOf, uniformsOf } from "./attentionForm.ts";
import * as quads from "./attentionQuads.ts";
import * as quadsGradient from "./attentionQuadsGradient.ts";
import * as tiles from "./attentionTiles.ts";
import * as tilesGradient from "./attentionTilesGradient.ts";
import { type GpuContext, type GpuKernel, given, type KernelAttributes, type KernelInputs, listed, notFlat } from "./gpuKernel.ts";

/** Attention with a prefix, and its gradient in at most three dispatches; scores stay in registers or workgroup memory. */
export function attentionKernels(context: GpuContext): { readonly TuttiAttend: GpuKernel; readonly TuttiAttendGradient: GpuKernel } {
  return {
    TuttiAttend: (inputs, attributes) => [attend(context, inputs, attributes)],
    TuttiAttendGradient: (inputs, attributes) =>
      (hasTiles(context) ? gradientInTiles : gradientInQuads)(context, sizesOf(inputs, attributes), gradientInputs(inputs, attributes)),
  };
}

/** Quads need subgroups; without them a software adapter runs the tiles as well. */
function hasTiles({ traits }: GpuContext): boolean {
  const { variant, hasSubgroups } = traits();
  return variant === "shared" || !hasSubgroups;
}

const widthOf = ({ numHeads, headSize }: AttentionSizes): number => numHeads * headSize;
const keyWidthOf = ({ numKeyValueHeads, headSize }: AttentionSizes): number => numKeyValueHeads * headSize;

/** Rows that follow a result (rows, H) and hold a number of each (row, head). */
const numTailRows = (sizes: AttentionSizes): number => Math.ceil(sizes.numRows / sizes.headSize);

/** Blocks of queries that stand in one line for each key/value head of the longest text; those beyond a text's end do nothing. */
function numQueryBlocks({ longest, numHeads, numKeyValueHeads }: AttentionSizes, blockSize: number): number {
  return Math.ceil(((numHeads / numKeyValueHeads) * longest) / blockSize);
}

function attend(context: GpuContext, inputs: KernelInputs, attributes: KernelAttributes): TensorInfo {
  const sizes = sizesOf(inputs, attributes);
  const { headSize, numKeyValueHeads, numTexts } = sizes;
  const hasTail = attributes.hasTail === true;
  const [qkv, starts] = [given(inputs, "qkv"), given(inputs, "starts")];
  const tiled = tiles.tilesForm(headSize);
  const [form, queryBlock, source] = hasTiles(context)
    ? [tilesForm(tiled), tiles.blockSize, tiles.attendSource(tiled)]
    : [quadsForm(headSize), quads.heldQueries, quads.attendSource(headSize)];
  const program: FormedProgram = {
    ...form,
    key: ["attend"],
    inputs: { qkv, prefix: inputs.prefix ?? qkv, starts },
    outputShape: [sizes.numRows + (hasTail ? numTailRows(sizes) : 0), widthOf(sizes)],
    dispatch: notFlat([numQueryBlocks(sizes, queryBlock), numKeyValueHeads, numTexts]),
    source,
  };
  return runProgram(context, sizes, program, hasTail ? sizes.numRows * widthOf(sizes) : -1);
}

interface GradientInputs {
  readonly dy: TensorInfo;
  readonly qkv: TensorInfo;
  /** Without a prefix something that takes its place and is never read. */
  readonly prefix: TensorInfo;
  readonly attended: TensorInfo;
  readonly starts: TensorInfo;
  readonly hasInputGradient: boolean;
}

function gradientInputs(inputs: KernelInputs, attributes: KernelAttributes): GradientInputs {
  return {
    dy: given(inputs, "dy"),
    qkv: given(inputs, "qkv"),
    prefix: inputs.prefix ?? given(inputs, "qkv"),
    attended: given(inputs, "attended"),
    starts: given(inputs, "starts"),
    hasInputGradient: attributes.hasInputGradient === true,
  };
}

type Form = Pick<AttentionProgram, "components" | "workgroupSize"> & { readonly variant: string };

const quadsForm = (headSize: number): Form => ({ variant: `quads_${headSize}`, components: 1, workgroupSize: quads.quadSize });

function tilesForm({ numPieces, components }: tiles.TilesForm): Form {
  return { variant: `tiles_${numPieces}_${components}`, components, workgroupSize: tiles.numInvocations };
}

/** dq with the inner products of dy and y, then the prefix's gradient where there is one, then dQkv that takes dq over. */
function gradientInQuads(context: GpuContext, sizes: AttentionSizes, given: GradientInputs): TensorInfo[] {
  const { numTexts, longest, headSize, numPrefix, numKeyValueHeads } = sizes;
  const { dy, qkv, prefix, attended, starts, hasInputGradient } = given;
  const statsStart = hasInputGradient ? sizes.numRows * widthOf(sizes) : 0;
  const run = (program: Omit<FormedProgram, keyof Form>) => runProgram(context, sizes, { ...quadsForm(headSize), ...program }, statsStart);
  const inners = run({
    key: ["query", Number(hasInputGradient)],
    inputs: { dy, attended, starts, ...(hasInputGradient ? { qkv, prefix } : {}) },
    outputShape: [(hasInputGradient ? sizes.numRows : 0) + numTailRows(sizes), widthOf(sizes)],
    dispatch: notFlat([numQueryBlocks(sizes, quads.heldQueries), numKeyValueHeads, numTexts]),
    source: quadsGradient.queryGradientSource(headSize, hasInputGradient),
  });
  const results: TensorInfo[] = [];
  if (numPrefix > 0) {
    const dPrefix = run({
      key: ["prefix"],
      inputs: { dy, qkv, attended, inners, prefix, starts },
      outputShape: [2, numPrefix, keyWidthOf(sizes)],
      dispatch: [Math.ceil(numPrefix / quads.heldKeys), numKeyValueHeads, 1],
      source: quadsGradient.prefixGradientSource(headSize),
    });
    results.push(dPrefix);
  }
  if (hasInputGradient) {
    const dQkv = run({
      key: ["key"],
      inputs: { dy, qkv, attended, inners, starts },
      outputShape: [sizes.numRows, widthOf(sizes) + 2 * keyWidthOf(sizes)],
      dispatch: notFlat([Math.ceil(longest / quads.heldKeys), numKeyValueHeads, numTexts]),
      source: quadsGradient.keyGradientSource(headSize),
    });
    results.push(dQkv);
  }
  context.backend.disposeData(inners.dataId);
  return results;
}

/** The prefix's gradient of each text and their sum, where there is a prefix, and dQkv. */
function gradientInTiles(context: GpuContext, sizes: AttentionSizes, given: GradientInputs): TensorInfo[] {
  const { numTexts, longest, headSize, numPrefix, numKeyValueHeads } = sizes;
  const { hasInputGradient, ...inputs } = given;
  const tiled = tiles.tilesForm(headSize);
  const form = tilesForm(tiled);
  const numBlocks = (numKeys: number) => Math.ceil(numKeys / tiles.blockSize);
  const [width, keyWidth] = [widthOf(sizes), keyWidthOf(sizes)];
  const results: TensorInfo[] = [];
  if (numPrefix > 0) {
    const parts = runProgram(context, sizes, {
      ...form,
      key: ["parts"],
      inputs,
      outputShape: [numTexts * 2, numPrefix, keyWidth],
      dispatch: notFlat([numBlocks(numPrefix), numKeyValueHeads, numTexts]),
      source: tilesGradient.prefixPartsSource(tiled),
    });
    const dPrefix = runProgram(context, sizes, {
      ...form,
      components: 1,
      key: ["sum"],
      inputs: { parts },
      outputShape: [2, numPrefix, keyWidth],
      dispatch: [Math.ceil((2 * numPrefix * keyWidth) / form.workgroupSize), 1, 1],
      source: tilesGradient.sumPartsSource,
    });
    context.backend.disposeData(parts.dataId);
    results.push(dPrefix);
  }
  if (!hasInputGradient) return results;
  const dQkv = runProgram(context, sizes, {
    ...form,
    key: ["input"],
    inputs,
    outputShape: [sizes.numRows, width + 2 * keyWidth],
    dispatch: notFlat([numQueryBlocks(sizes, tiles.blockSize) + numBlocks(longest), numKeyValueHeads, numTexts]),
    source: tilesGradient.inputGradientSource(tiled),
  });
  return [...results, dQkv];
}

type FormedProgram = AttentionProgram & Form;

function runProgram(
  { backend }: GpuContext,
  sizes: AttentionSizes,
  program: FormedProgram,
  statsStart = sizes.numRows * widthOf(sizes),
): TensorInfo {
  const { variant, key, inputs, outputShape } = program;
  const form = attentionProgram({ ...program, key: [variant, ...key] });
  const result = backend.runWebGPUProgram(form, Object.values(inputs).map(listed), "float32", uniformsOf(sizes, statsStart));
  return { ...result, shape: outputShape };
}
