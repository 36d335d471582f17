import { BufferManager } from "@tensorflow/tfjs-backend-webgpu/dist/buffer_manager.js";
import { expect, test } from "vitest";
import { boundPool } from "./boundedPool.ts";

const usage = 128; // GPUBufferUsage.STORAGE

/** The library's pool over a device whose buffers only say that they were made and destroyed. */
function poolOf(leastBytes: number) {
  const counts = { made: 0, destroyed: [] as number[] };
  const createBuffer = ({ size, usage }: GPUBufferDescriptor) => {
    counts.made++;
    return { size, usage, destroy: () => counts.destroyed.push(size) };
  };
  const pool = new BufferManager({ createBuffer } as object as GPUDevice);
  boundPool(pool, leastBytes);
  /** As many buffers at a time, then released. */
  const use = (size: number, count: number) => {
    const buffers = Array.from({ length: count }, () => pool.acquireBuffer(size, usage));
    for (const buffer of buffers) pool.releaseBuffer(buffer);
  };
  return { pool, counts, use };
}

test("beyond the bound buffers of the size that was released longest ago are destroyed, and the others are used again", () => {
  const { pool, counts, use } = poolOf(100);
  use(30, 1);
  use(20, 3);
  use(30, 1); // 20 is the older one now
  use(35, 1); // 30 + 3 · 20 + 35 are 125
  expect(counts).toEqual({ made: 5, destroyed: [20, 20] });
  expect([pool.numBytesAllocated, pool.getNumFreeBuffers()]).toEqual([85, 3]);
  use(30, 1);
  use(35, 1);
  use(20, 1);
  expect(counts.made).toBe(5);
});

test("what was in use at a time is kept, so that a step finds all buffers of the one before", () => {
  const { pool, counts, use } = poolOf(100);
  use(60, 4);
  use(60, 4);
  expect(counts).toEqual({ made: 4, destroyed: [] });
  use(50, 2);
  expect(counts.destroyed).toEqual([60, 60]);
  expect(pool.numBytesAllocated).toBe(220);
});

test("a buffer that is not for reuse is destroyed as before and not counted", () => {
  const { pool, counts, use } = poolOf(100);
  use(90, 1);
  const own = pool.acquireBuffer(90, usage, false, false);
  pool.releaseBuffer(own, false);
  expect(counts).toEqual({ made: 2, destroyed: [90] });
  use(90, 1);
  expect(counts.made).toBe(2);
});
