import { expect, test } from "vitest";
import { machineProfile } from "./machineProfile.ts";

test("memory is a quarter of the device's, and the link as fast as the fastest of the page's larger files", () => {
  const downloads = [
    { ms: 100, numBytes: 200_000 },
    { ms: 50, numBytes: 400_000 },
    { ms: 1, numBytes: 9_000 }, // too small to say anything
    { ms: 0, numBytes: 500_000 }, // from the cache
  ];
  expect(machineProfile({ memoryGib: 8, downloads })).toEqual({ memoryBytes: 2 ** 31, bytesPerSecond: 8_000_000 });
});

test("where a browser says nothing, memory and link are assumed", () => {
  expect(machineProfile({ memoryGib: null, downloads: [] })).toEqual({ memoryBytes: 2 ** 29, bytesPerSecond: 1e6 });
});
