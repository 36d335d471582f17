import { expect, test } from "vitest";
import { fullBucket, returnToken, type TokenBucket, takeToken } from "./tokenBucket.ts";

const rate = { burst: 3, perSecond: 4 };

/** How many of `count` takes in a row are allowed at one moment. */
function allowed(start: TokenBucket, nowMs: number, count: number): { readonly taken: number; readonly bucket: TokenBucket } {
  let [bucket, taken] = [start, 0];
  for (let i = 0; i < count; i++) {
    const next = takeToken(bucket, rate, nowMs);
    bucket = next.bucket;
    taken += Number(next.waitMs === 0);
  }
  return { taken, bucket };
}

test("a burst is allowed at once, and what comes behind waits for the time that one token takes", () => {
  const { taken, bucket } = allowed(fullBucket(rate, 1000), 1000, 10);
  expect(taken).toBe(3);
  expect(takeToken(bucket, rate, 1000).waitMs).toBe(250);
  expect(takeToken(bucket, rate, 1100).waitMs).toBe(150);
  expect(takeToken(bucket, rate, 1250).waitMs).toBe(0);
});

test("in the long run no more is allowed than the rate says, however often it is asked for", () => {
  let bucket = fullBucket(rate, 0);
  let total = 0;
  for (let nowMs = 0; nowMs < 60_000; nowMs += 7) {
    const round = allowed(bucket, nowMs, 5);
    bucket = round.bucket;
    total += round.taken;
  }
  // 3 at once, then 4 a second for 59.997 s
  expect(total).toBe(242);
});

test("after a rest of any length there is one burst and no more", () => {
  expect(allowed({ tokens: 0, atMs: 0 }, 86_400_000, 10).taken).toBe(3);
});

test("a clock that is read out of order takes nothing away and gives nothing", () => {
  const { bucket } = takeToken({ tokens: 1.5, atMs: 5000 }, rate, 4000);
  expect(bucket).toEqual({ tokens: 0.5, atMs: 5000 });
});

test("a token that is given back can be taken again, and never makes more than a burst", () => {
  const { bucket } = allowed(fullBucket(rate, 0), 0, 3);
  expect(allowed(returnToken(bucket, rate), 0, 2).taken).toBe(1);
  expect(returnToken(fullBucket(rate, 0), rate).tokens).toBe(3);
});
