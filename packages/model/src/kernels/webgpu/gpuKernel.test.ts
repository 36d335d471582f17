import { expect, test } from "vitest";
import { checkBindable } from "./gpuKernel.ts";

test("an input beyond what the device binds is refused, with its size and the limit", () => {
  const info = (...shape: number[]) => ({ dataId: {}, shape, dtype: "float32" as const });
  const inputs = { x: info(3, 8), bias: undefined, words: info(5, 7, 2) };
  expect(() => checkBindable("TuttiPackedLinear", inputs, 280)).not.toThrow();
  expect(() => checkBindable("TuttiPackedLinear", inputs, 276)).toThrow(
    "TuttiPackedLinear: words (5, 7, 2) takes 280 bytes, and this GPU binds at most 276",
  );
});
