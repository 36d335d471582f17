import type { PackedBackbone } from "../backbone/packed.ts";
import { createTransformer, type Transformer } from "../backbone/transformer.ts";
import { chooseKernels, chosenKernels, type KernelChoice } from "../kernels/fusedKernels.ts";
import { backendErrors } from "../kernels/webgpu/gpuErrors.ts";
import type { Admission } from "../trainer.ts";
import { type AdmissionPasses, testAdmission } from "./admission.ts";

/** A transformer that has been tested, with the kernels that computed. */
export interface Admitted {
  readonly transformer: Transformer;
  readonly kernels: KernelChoice;
  readonly admission: Admission;
  /** Why plain kernels compute; null where that needs no word. */
  readonly notice: PlainKernels | null;
}

/** Why plain kernels compute: a sentence, and whether somebody asked for them. */
export interface PlainKernels {
  readonly sentence: string;
  readonly isAsked: boolean;
}

/** Puts a backbone on the current backend and tests it; where our own kernels give other numbers or fail, once more with plain ones. */
export async function admitTransformer(
  backbone: PackedBackbone,
  wanted: KernelChoice = "fast",
  passes: AdmissionPasses = "both",
): Promise<Admitted> {
  chooseKernels(wanted);
  if (chosenKernels() === "plain") {
    const notice =
      wanted === "plain" ? { sentence: "The fast kernels are turned off, as asked; the plain ones are used.", isAsked: true } : null;
    return { ...passedOrNot(await tryTransformer(backbone, passes)), kernels: "plain", notice };
  }
  const fast = await tryTransformer(backbone, passes);
  if (fast.transformer !== null && fast.admission.isPassed) return { ...fast, kernels: "fast", notice: null };
  fast.transformer?.dispose();
  chooseKernels("plain");
  const notice = { sentence: `This computer's fast kernels ${failureOf(fast)}, so the plain ones are used.`, isAsked: false };
  return { ...passedOrNot(await tryTransformer(backbone, passes)), kernels: "plain", notice };
}

type Tried = { readonly transformer: Transformer; readonly admission: Admission } | { readonly transformer: null; readonly failure: Error };

/** What is thrown and what the GPU refuses is a failure of the trial; then nothing of it stays. */
async function tryTransformer(backbone: PackedBackbone, passes: AdmissionPasses): Promise<Tried> {
  const { value: tried, errors } = await backendErrors(() => createAndTest(backbone, passes));
  if (errors.length === 0 || tried.transformer === null) return tried;
  tried.transformer.dispose();
  return { transformer: null, failure: new Error(`the GPU refused a call: ${errors[0]}`) };
}

async function createAndTest(backbone: PackedBackbone, passes: AdmissionPasses): Promise<Tried> {
  const made: Transformer[] = [];
  try {
    const transformer = createTransformer(backbone);
    made.push(transformer);
    return { transformer, admission: await testAdmission(transformer, backbone.manifest?.admission, passes) };
  } catch (error) {
    for (const transformer of made) transformer.dispose();
    return { transformer: null, failure: error instanceof Error ? error : new Error(String(error)) };
  }
}

function passedOrNot(tried: Tried): { readonly transformer: Transformer; readonly admission: Admission } {
  if (tried.transformer === null) throw tried.failure;
  return tried;
}

const maxFailure = 120;

function failureOf(tried: Tried): string {
  if (tried.transformer === null) return `failed (${tried.failure.message.replace(/\s+/g, " ").slice(0, maxFailure)})`;
  return `gave other numbers (relative error ${tried.admission.worstError.toExponential(0)})`;
}
