import { presets, type RunSettings, strategies } from "@tutti/core";
import { expect, test } from "vitest";
import { browserOf, type DeviceFacts, type Finding, isForwardOnly, preflight, type RunNeeds } from "./preflight.ts";
import { needsOf } from "./runNeeds.ts";

const agents = {
  firefoxLinux: "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
  firefoxWindows: "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:128.0) Gecko/20100101 Firefox/128.0",
  chromeLinux: "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36",
  chromeOld: "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/109.0.0.0 Safari/537.36",
  android: "Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Mobile Safari/537.36",
  iphone:
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Mobile/15E148 Safari/604.1",
};

const laptop: DeviceFacts = {
  isSecure: true,
  isIsolated: true,
  userAgent: agents.chromeLinux,
  numCores: 8,
  gpu: "hardware",
  asked: null,
  remembered: null,
  flopsPerSecond: 1.5e9,
  memoryGib: 8,
  canStore: true,
  isPrivate: null,
  freeBytes: 3e9,
  battery: { level: 0.7, isCharging: false },
};
const needs = { newBytes: 20e6, memoryBytes: 150e6, forwardBytes: null };

function found(changes: Partial<DeviceFacts>, of: Finding["of"] = "backend", needed: RunNeeds = needs): Finding | undefined {
  return preflight({ ...laptop, ...changes }, needed).find((finding) => finding.of === of);
}

test("a laptop with a GPU is told that both are measured, and nothing is to be mended", () => {
  const findings = preflight(laptop, needs);
  expect(findings.map(({ of, isGood, mend }) => [of, isGood, mend])).toEqual(
    ["backend", "speed", "memory", "storage", "battery"].map((of) => [of, true, null]),
  );
  expect(findings[0]).toMatchObject({ kind: "measured", threads: 8 });
});

test("on plain http the reason is the address, whatever the browser lacks: the https link mends it", () => {
  const insecure = { isSecure: false, isIsolated: false, gpu: "unsupported" } as const;
  for (const userAgent of Object.values(agents)) {
    expect(found({ ...insecure, userAgent })).toEqual({ of: "backend", kind: "plainHttp", isGood: false, mend: "openHttps" });
  }
  expect(found({ ...insecure, remembered: { backend: "wasm", threads: 1 } })).toMatchObject({ mend: "openHttps" });
});

test("a browser without WebGPU is told what turns it on, by its name, version and system", () => {
  const mendOf = (userAgent: string, gpu: DeviceFacts["gpu"] = "unsupported") => found({ userAgent, gpu })?.mend;
  expect(mendOf(agents.firefoxLinux)).toBe("firefoxFlag");
  expect(mendOf(agents.firefoxWindows)).toBe("firefoxNew");
  expect(mendOf(agents.chromeLinux)).toBe("chromeFlag");
  expect(mendOf(agents.chromeOld)).toBe("chromeNew");
  expect(mendOf(agents.iphone)).toBe("safari");
  expect(mendOf(agents.android, "noAdapter")).toBe("hardware");
  expect(mendOf("Lynx/2.9")).toBeNull();
});

test("a GPU that is simulated in software is named as such", () => {
  expect(found({ gpu: "software" })).toEqual({ of: "backend", kind: "software", threads: 8, isGood: false, mend: "hardware" });
});

test("what was measured on an earlier visit, or is asked for in the address, is what will be used", () => {
  expect(found({ remembered: { backend: "wasm", threads: 6 } })).toMatchObject({
    kind: "remembered",
    backend: "wasm",
    threads: 6,
    isGood: true,
  });
  expect(found({ asked: "cpu", isSecure: false })).toMatchObject({ kind: "asked", backend: "cpu", isGood: true });
});

test("without isolation there is one thread, and the server's headers are named", () => {
  expect(found({ isIsolated: false })).toMatchObject({ kind: "measured", threads: 1, mend: "notIsolated" });
});

test("memory is judged against what the model takes, a quarter of the device's being usable", () => {
  expect(found({ memoryGib: 1 }, "memory", { ...needs, memoryBytes: 2 ** 28 })).toMatchObject({ kind: "enough", isGood: true });
  expect(found({ memoryGib: 1 }, "memory", { ...needs, memoryBytes: 2 ** 28 + 1 })).toMatchObject({ kind: "low", mend: "closeOthers" });
  expect(found({ memoryGib: null }, "memory")).toBeUndefined();
});

test("where a backward pass does not fit, a device takes part with forward passes alone in a run that has such work (P-250)", () => {
  const low = { memoryGib: 1 };
  const of = (forwardBytes: number | null) => ({ ...needs, memoryBytes: 2 ** 28 + 1, forwardBytes });
  expect(found(low, "memory", of(2 ** 28))).toMatchObject({ kind: "forward", isGood: true, mend: null, neededBytes: 2 ** 28 + 1 });
  expect(found(low, "memory", of(2 ** 28 + 1))).toMatchObject({ kind: "low" });
  expect([of(2 ** 28), of(2 ** 28 + 1), of(null)].map((one) => isForwardOnly(low, one))).toEqual([true, false, false]);
  expect(isForwardOnly({ memoryGib: 2 }, of(2 ** 28))).toBe(false);
  expect(isForwardOnly({ memoryGib: null }, of(2 ** 28))).toBe(false);
  const downloads = { modelBytes: 9, scriptBytes: 4, keptBytes: 3, unpackedBytes: 100 };
  const needsIn = (strategy: RunSettings["strategy"]) => needsOf({ run: { ...presets.demo, strategy } }, downloads);
  const { fedAvg, fedBpt } = strategies;
  const forwardTier = { numDirections: 4, perturbation: 0.01, maxExamples: 8 };
  expect(needsIn(fedAvg.defaults)).toEqual({ newBytes: 10, memoryBytes: 200, forwardBytes: null });
  expect(needsIn({ ...fedAvg.defaults, forwardTier }).forwardBytes).toBe(125);
  expect(needsIn(fedBpt.defaults).forwardBytes).toBe(125);
});

test("no storage, a private window and little room each say so, and how to mend it", () => {
  expect(found({ canStore: false, freeBytes: null }, "storage")).toMatchObject({ kind: "none", mend: "allowStorage" });
  expect(found({ canStore: false, isPrivate: true }, "storage")).toMatchObject({ kind: "none", mend: "privateWindow" });
  expect(found({ isPrivate: true }, "storage")).toMatchObject({ kind: "private", mend: "privateWindow" });
  expect(found({ freeBytes: 19_999_999 }, "storage")).toMatchObject({ kind: "littleRoom", mend: "room" });
  expect(found({ freeBytes: 20e6 }, "storage")).toMatchObject({ kind: "room", isGood: true });
  expect(found({ freeBytes: null }, "storage")).toMatchObject({ kind: "works", isGood: true });
});

test("a low battery asks for the charger, one that charges does not, and none is not spoken of", () => {
  expect(found({ battery: { level: 0.2, isCharging: false } }, "battery")).toMatchObject({ isGood: false, mend: "plugIn" });
  expect(found({ battery: { level: 0.1, isCharging: true } }, "battery")).toMatchObject({ isGood: true, mend: null });
  expect(found({ battery: null }, "battery")).toBeUndefined();
});

test("browsers are told apart by what they say of themselves", () => {
  expect(browserOf(agents.iphone)).toMatchObject({ name: "safari", version: 17, isLinux: false });
  expect(browserOf(agents.android)).toMatchObject({ name: "chrome", version: 142, isLinux: false });
  expect(browserOf(agents.firefoxLinux)).toMatchObject({ name: "firefox", version: 140, isLinux: true });
});
