import type { KernelTimes } from "./stepMessages.ts";

/** What a step consists of; the first pattern that a kernel's name fits says where it belongs. */
const parts = [
  { name: "products", kernels: /Linear|MatMul|Product|FeedForward/ },
  { name: "attention", kernels: /Attend|Rotate/ },
  { name: "activations", kernels: /Activat|Gelu|SwiGlu/i },
  { name: "norms", kernels: /Norm/ },
  { name: "other kernels", kernels: /./ },
] as const;

/** A part of a step, or what its kernels leave. */
export type StepPart = (typeof parts)[number]["name"] | "JavaScript";

/** The share of all time that each part took, over several trainings together. */
export function partShares(trainings: readonly KernelTimes[]): Record<StepPart, number> {
  const total = trainings.reduce((sum, { totalMs }) => sum + totalMs, 0);
  const shares: Record<StepPart, number> = { products: 0, attention: 0, activations: 0, norms: 0, "other kernels": 0, JavaScript: 1 };
  for (const { msByKernel } of trainings) {
    for (const [kernel, ms] of Object.entries(msByKernel)) {
      const part = parts.find(({ kernels }) => kernels.test(kernel))?.name ?? "other kernels";
      shares[part] += ms / total;
      shares.JavaScript -= ms / total;
    }
  }
  return shares;
}
