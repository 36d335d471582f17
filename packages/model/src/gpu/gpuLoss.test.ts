import { expect, test } from "vitest";
import { startBackend } from "../backends.ts";
import { lossOf, whenGpuLost } from "./gpuLoss.ts";

const lost = (reason: "unknown" | "destroyed", message: string) => ({ lost: Promise.resolve({ reason, message }) });

test("a GPU that is taken away says why, and one that was given up on purpose is not lost", async () => {
  expect(await lossOf(lost("unknown", "the driver was reset"))).toBe("the GPU was taken away (the driver was reset)");
  expect(await lossOf(lost("unknown", ""))).toBe("the GPU was taken away");
  const later = new Promise((resolve) => setImmediate(() => resolve("nothing")));
  expect(await Promise.race([lossOf(lost("destroyed", "")), later])).toBe("nothing");
});

test("where no GPU computes none can be lost", async () => {
  await startBackend("cpu");
  expect(whenGpuLost()).toBeNull();
});
