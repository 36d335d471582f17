import { backendErrors } from "../webgpu/gpuErrors.ts";
import type { KernelVariant } from "../webgpu/gpuKernel.ts";
import { gpuTraits, setGpuTraits, withVariant } from "../webgpu/traits.ts";
import { adamWCases } from "./adamW.ts";
import { attentionCases } from "./attention.ts";
import { blockCases } from "./blockMaps.ts";
import { crossEntropyCases } from "./crossEntropy.ts";
import { inputDropoutCases } from "./inputDropout.ts";
import { normCases } from "./norm.ts";
import { packedLinearCases } from "./packedLinear.ts";
import type { ParityCase } from "./parityCase.ts";
import { rotaryCases } from "./rotary.ts";
import { rowCases } from "./rows.ts";
import { weightCases } from "./weights.ts";

/** Every comparison of a WebGPU kernel with its plain twin. */
const allParityCases: readonly ParityCase[] = [
  ...normCases,
  ...rotaryCases,
  ...crossEntropyCases,
  ...adamWCases,
  ...rowCases,
  ...blockCases,
  ...inputDropoutCases,
  ...attentionCases,
  ...packedLinearCases,
  ...weightCases,
];

/** How a device can run the kernels: a variant, with its subgroups or as if it had none. */
interface ParityWay {
  readonly variant: KernelVariant;
  readonly hasSubgroups: boolean;
}

/** What one comparison came to. */
export interface ParityResult extends ParityWay {
  readonly name: string;
  readonly tolerance: number;
  /** The worst relative error; null where the case failed otherwise. */
  readonly error: number | null;
  /** What was thrown, or what the GPU refused. */
  readonly failure: string | null;
  readonly seconds: number;
}

/**
 * The ways in which the running device can run the kernels: both variants, and the one with workgroup memory as if there were no subgroups too.
 * Without subgroups the other one has no program that these two lack.
 */
function parityWays(): readonly ParityWay[] {
  const { hasSubgroups } = gpuTraits();
  const without: ParityWay = { variant: "shared", hasSubgroups: false };
  return [{ variant: "registers", hasSubgroups }, without, ...(hasSubgroups ? [{ ...without, hasSubgroups }] : [])];
}

/** What to compare. */
export interface ParityOptions {
  readonly cases?: readonly ParityCase[];
  /** With workgroup memory, leaves out what a software adapter needs seconds to compile. */
  readonly isQuick?: boolean;
}

/** Compares on the WebGPU backend that runs, case after case in every way. */
export async function runParity({ cases = allParityCases, isQuick = false }: ParityOptions = {}): Promise<readonly ParityResult[]> {
  const results: ParityResult[] = [];
  for (const way of parityWays())
    for (const parityCase of cases)
      if (!(isQuick && way.variant === "shared" && parityCase.isSlowShared === true)) results.push(await compare(parityCase, way));
  return results;
}

async function compare({ name, tolerance, worstError }: ParityCase, way: ParityWay): Promise<ParityResult> {
  const traits = gpuTraits();
  const start = performance.now();
  const result = (error: number | null, failure: string | null): ParityResult => ({
    ...way,
    name,
    tolerance,
    error,
    failure,
    seconds: (performance.now() - start) / 1000,
  });
  setGpuTraits({ ...traits, hasSubgroups: way.hasSubgroups });
  try {
    const { value, errors } = await backendErrors(() => withVariant(way.variant, worstError));
    return result(Number.isFinite(value) ? value : null, errors[0] ?? (Number.isFinite(value) ? null : `error ${value}`));
  } catch (error) {
    return result(null, error instanceof Error ? error.message : String(error));
  } finally {
    setGpuTraits(traits);
  }
}
