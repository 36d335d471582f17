import { expect, test } from "vitest";
import { chooseVariant, type MeasureVariant } from "./chooseVariant.ts";
import type { KernelVariant } from "./gpuKernel.ts";

/** A device on which each variant takes the given milliseconds, and what it was asked to measure. */
function device(ms: Record<KernelVariant, number>): { measure: MeasureVariant; asked: string[] } {
  const asked: string[] = [];
  return {
    asked,
    async measure(variant, { width }) {
      asked.push(`${variant} ${width}`);
      return ms[variant];
    },
  };
}

test("the measurement decides against the first guess, both ways", async () => {
  const gpu = device({ shared: 9, registers: 3 });
  expect(await chooseVariant(false, gpu.measure)).toEqual({
    variant: "registers",
    reason: "kernels without barriers, 3.0 ms for a matrix product (with workgroup memory: 9.0 ms)",
  });
  const software = device({ shared: 3, registers: 9 });
  expect((await chooseVariant(true, software.measure)).variant).toBe("shared");
});

test("a difference that may be noise leaves the guess that the adapter's kind suggests", async () => {
  const ms = { shared: 4.2, registers: 4.9 };
  expect((await chooseVariant(true, device(ms).measure)).variant).toBe("registers");
  expect((await chooseVariant(false, device(ms).measure)).variant).toBe("shared");
});

test("a product that takes next to no time is measured larger, on a software adapter never", async () => {
  const fast = device({ shared: 0.4, registers: 0.9 });
  await chooseVariant(false, fast.measure);
  expect(fast.asked).toEqual(["shared 256", "shared 512", "shared 1024", "registers 1024", "shared 1024", "registers 1024"]);
  const software = device({ shared: 1.1, registers: 0.3 });
  await chooseVariant(true, software.measure);
  expect(software.asked).toEqual(["registers 256", "shared 256", "registers 256", "shared 256"]);
});

test("a difference beyond doubt is measured once", async () => {
  const { measure, asked } = device({ shared: 30, registers: 2 });
  expect((await chooseVariant(true, measure)).variant).toBe("registers");
  expect(asked).toEqual(["registers 256", "shared 256"]);
});

test("a variant that fails on a device is not chosen, and the sentence says so", async () => {
  const { measure } = device({ shared: Number.POSITIVE_INFINITY, registers: 60 });
  expect(await chooseVariant(false, measure)).toEqual({
    variant: "registers",
    reason: "kernels without barriers, 60 ms for a matrix product (with workgroup memory: it fails)",
  });
});
