import { presets } from "@tutti/core";
import { beforeAll, expect, test } from "vitest";
import { manifestBytes } from "./backbone/convert.ts";
import { startBackend } from "./backends.ts";
import { checkpointInMemory, convertInMemory, goldenCheckpoint } from "./testing/goldenBackbone.ts";
import { openWorkplace, refuseUnusable } from "./workplace.ts";

const manifestUrl = "http://tutti.test/backbones/golden/manifest.json";
const setup = { run: presets.demo, manifestUrl, datasetUrl: "http://tutti.test/datasets/feedback/" };

beforeAll(() => startBackend("wasm"));

test("a backbone that a run cannot use is refused when its manifest is there, before anything else is asked for", async () => {
  const { report } = await convertInMemory(checkpointInMemory(await goldenCheckpoint("roberta")));
  const manifest = { ...report.manifest, tokenizer: null };
  const requests: string[] = [];
  const fetch = async (url: string | URL | Request) => {
    requests.push(new URL(String(url)).pathname);
    return new Response(manifestBytes(manifest));
  };
  await expect(openWorkplace(setup, { fetch }, () => undefined)).rejects.toThrow("backbone golden has no tokenizer");
  expect(requests).toEqual(["/backbones/golden/manifest.json"]);
});

test("what is too large for WebAssembly is refused there and nowhere else", async () => {
  const { report } = await convertInMemory(checkpointInMemory(await goldenCheckpoint("roberta")));
  const large = { ...report.manifest, config: { ...report.manifest.config, hiddenSize: 4096, intermediateSize: 11_008, numLayers: 32 } };
  expect(() => refuseUnusable(large, "wasm", presets.demo.tuning)).toThrow("use a browser with WebGPU");
  expect(() => refuseUnusable(large, "webgpu", presets.demo.tuning)).not.toThrow();
  expect(() => refuseUnusable(report.manifest, "wasm", presets.demo.tuning)).not.toThrow();
});
