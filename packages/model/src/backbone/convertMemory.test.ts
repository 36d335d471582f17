import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, test } from "vitest";

const script = fileURLToPath(new URL("../../../../scripts/measure-conversion.mjs", import.meta.url));

// Measured 158 MB, of which 110 are Node with the sources loaded. Reading the file at once would add 68 MB and 68 MB as floats;
// the 2 GB checkpoints are in docs/backbones.md
test("a 68 MB GPT-2 checkpoint, transposed matrices and all, is converted in less memory than it and its floats take", {
  timeout: 60_000,
}, async () => {
  const { stdout } = await promisify(execFile)(process.execPath, [script, "gpt2-60mb", "int8"]);
  const { checkpointBytes, convertedBytes, peakResidentMb } = JSON.parse(stdout);
  expect(checkpointBytes).toBeGreaterThan(67e6);
  expect(convertedBytes / checkpointBytes).toBeCloseTo(0.27, 2);
  expect(peakResidentMb).toBeLessThan(210);
});
