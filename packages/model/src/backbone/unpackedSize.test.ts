import { presets, type TuningSettings } from "@tutti/core";
import { expect, test } from "vitest";
import { goldenBackbone } from "../testing/golden.ts";
import { refuseTooLarge } from "./unpackedSize.ts";

const { promptDropout, positionsAfterPrefix, head, lossOver } = presets.demo.tuning;
const shared = { promptDropout, positionsAfterPrefix, head, lossOver };

test("training every weight needs room for gradients and the optimiser, which some lack", () => {
  const base = { hiddenSize: 768, intermediateSize: 3072, numLayers: 12, numHeads: 12, numKeyValueHeads: 12, headSize: 64 };
  const manifest = { name: "base", config: { ...goldenBackbone("roberta").config, ...base } };
  const refuse = (tuning: TuningSettings, backend = "wasm") => refuseTooLarge(manifest, backend, tuning);
  expect(() => refuse({ ...shared, method: "lora", rank: 8, alpha: 16 })).not.toThrow();
  expect(() => refuse({ ...shared, method: "full" }, "webgpu")).not.toThrow();
  const everywhere = { ...shared, method: "lora", rank: 700, alpha: 16, targets: ["q", "k", "v", "o", "up", "down"] } as const;
  // 681 MB unpacked; 12 · 700 · (4 · 1,536 + 2 · 3,840) values of 51 bytes
  expect(() => refuse(everywhere)).toThrow(
    /^backbone base needs 6\.60 GB once its layers are unpacked and LoRA is trained, .* choose a smaller backbone or smaller ranks$/,
  );
  expect(() => refuse({ ...everywhere, rank: 64 })).not.toThrow();
  // 85 million weights of 124 bytes
  expect(() => refuse({ ...shared, method: "full" })).toThrow("base needs 10.5 GB once its layers are unpacked and all trained");
});
