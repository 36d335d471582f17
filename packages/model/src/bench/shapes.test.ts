import { unpackTensor } from "@tutti/core";
import { expect, test } from "vitest";
import { kernelCases } from "./kernelCases.ts";
import { packedBytes, randomBackbone, stepOperations, threeBillion } from "./shapes.ts";

const sizes = { hiddenSize: 48, intermediateSize: 80, numLayers: 3, numHeads: 3, vocabSize: 70 } as const;

test.each(["roberta", "bert", "gpt2", "llama"] as const)(
  "random weights of a %s are the same at every call, and as large as weights are",
  (family) => {
    for (const encoding of ["f32", "f16", "int8", "int4", "nf4"] as const) {
      const backbone = randomBackbone({ family, ...sizes, numKeyValueHeads: family === "llama" ? 1 : 3 }, encoding);
      const bytes = (name: string) => backbone.packed(name).bytes;
      for (const name of backbone.names) expect(Buffer.compare(bytes(name), bytes(name))).toBe(0);
      expect(Buffer.compare(bytes("layers.0.attention.key.weight"), bytes("layers.1.attention.key.weight"))).not.toBe(0);
      const matrix = unpackTensor(backbone.packed("layers.1.attention.output.weight"));
      const stdDev = Math.sqrt(matrix.reduce((sum, value) => sum + value * value, 0) / matrix.length);
      expect(stdDev).toBeGreaterThan(0.015); // uniform levels of 0.02
      expect(stdDev).toBeLessThan(0.025);
      expect(backbone.tensor("layers.0.attention.norm.weight").data[5]).toBeCloseTo(1, 1);
    }
  },
);

test("the shape of three billion parameters has them", () => {
  expect(randomBackbone(threeBillion, "int4").numParameters).toBe(3_212_749_824); // as Llama-3.2-3B's card counts
});

test("what lies on the GPU leaves out the tables that stay in memory, but not the tied output", () => {
  const tied = randomBackbone({ family: "gpt2", ...sizes }, "int8");
  const position = tied.packed("embeddings.position").bytes.length;
  const all = tied.names.reduce((sum, name) => sum + tied.packed(name).bytes.length, 0);
  expect(packedBytes(tied)).toBe(all - position);
});

test("the products of a step are those of its layers' kernels; the lowest layer has no gradient through queries, keys and values", () => {
  const backbone = randomBackbone({ family: "roberta", ...sizes }, "int8");
  const layer = { width: 48, intermediate: 80, numHeads: 3, numKeyValueHeads: 3, numTexts: 2, numTokens: 5, vocabSize: 70 };
  const products = kernelCases({ ...layer, encoding: "int8", isGated: false }).filter(({ kernel }) =>
    kernel.startsWith("TuttiPackedLinear"),
  );
  expect(products).toHaveLength(8);
  const perLayer = products.reduce((sum, { operations }) => sum + operations, 0);
  expect(stepOperations(backbone, 10)).toBe(3 * perLayer - 2 * 10 * 48 * 3 * 48);
});
