/** How much somebody may do: so much at once, and so much a second in the long run. */
export interface TokenRate {
  readonly burst: number;
  readonly perSecond: number;
}

/** What is left of a rate: it fills up with time until it holds a burst. */
export interface TokenBucket {
  readonly tokens: number;
  /** When it held them, in milliseconds of a clock that never goes back. */
  readonly atMs: number;
}

/** What somebody was given, and how long to wait for it; 0 where it was there. */
export interface Taken {
  readonly bucket: TokenBucket;
  readonly waitMs: number;
}

/** The bucket of somebody who has done nothing yet. */
export function fullBucket({ burst }: TokenRate, nowMs: number): TokenBucket {
  return { tokens: burst, atMs: nowMs };
}

/** Takes one token where there is one; otherwise nothing is taken, and `waitMs` says when there is. */
export function takeToken(bucket: TokenBucket, { burst, perSecond }: TokenRate, nowMs: number): Taken {
  const passedMs = Math.max(0, nowMs - bucket.atMs);
  const tokens = Math.min(burst, bucket.tokens + (passedMs / 1000) * perSecond);
  const atMs = bucket.atMs + passedMs;
  if (tokens >= 1) return { bucket: { tokens: tokens - 1, atMs }, waitMs: 0 };
  return { bucket: { tokens, atMs }, waitMs: Math.ceil(((1 - tokens) / perSecond) * 1000) };
}

/** Gives a token back: what was done with it was wanted. */
export function returnToken(bucket: TokenBucket, { burst }: TokenRate): TokenBucket {
  return { ...bucket, tokens: Math.min(burst, bucket.tokens + 1) };
}
