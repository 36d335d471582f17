import {
  createRandom,
  createTensor,
  type LowRankTerm,
  mergeByDraws,
  mergeLowRank,
  type Random,
  truncateTo,
  truncationError,
} from "@tutti/core";

/** Clients whose low-rank changes are merged. */
export interface MergeWork {
  /** One for each client. */
  readonly ranks: readonly number[];
  readonly numMatrices: number;
  /** Rows and columns of each matrix. */
  readonly size: number;
  readonly isByDraws: boolean;
}

/** What merging took. */
export interface MergeResult {
  readonly seconds: number;
  /** The largest relative error of a matrix that was cut to the highest rank. */
  readonly worstError: number;
}

/** How much of a client's factors is its own, beside what all have in common. */
const ownShare = 0.3;

/** Merges every matrix and cuts it to the highest rank; making the clients' factors does not count. */
export function measureMerging(work: MergeWork): MergeResult {
  const random = createRandom(1);
  let [seconds, worstError] = [0, 0];
  for (let matrix = 0; matrix < work.numMatrices; matrix++) {
    const terms = termsOf(work, random, matrix);
    const start = performance.now();
    worstError = Math.max(worstError, mergedError(terms, work, random));
    seconds += (performance.now() - start) / 1000;
  }
  return { seconds, worstError };
}

function mergedError(terms: readonly LowRankTerm[], { ranks, isByDraws }: MergeWork, random: Random): number {
  const rank = Math.max(...ranks);
  if (isByDraws) {
    const { svd, relativeError } = mergeByDraws(terms, { rank, random: random.stream({ purpose: "merge" }) });
    truncateTo(rank, svd);
    return relativeError;
  }
  const merged = mergeLowRank(terms, rank);
  truncateTo(rank, merged);
  return truncationError(rank, merged.values);
}

function termsOf({ ranks, size }: MergeWork, random: Random, matrix: number): LowRankTerm[] {
  const draw = random.stream({ round: matrix, purpose: "factors" });
  const highest = Math.max(...ranks);
  const uniform = (length: number) => Float32Array.from({ length }, () => draw.uniform() - 0.5);
  const [commonColumns, commonRows] = [uniform(highest * size), uniform(highest * size)]; // (highest, size) each
  return ranks.map((rank) => {
    const b = uniform(size * rank);
    for (let i = 0; i < b.length; i++) b[i] = ownShare * (b[i] ?? 0) + (commonColumns[(i % rank) * size + Math.floor(i / rank)] ?? 0);
    const a = uniform(rank * size);
    for (let i = 0; i < a.length; i++) a[i] = ownShare * (a[i] ?? 0) + (commonRows[i] ?? 0);
    return { weight: 1 / ranks.length, b: createTensor([size, rank], b), a: createTensor([rank, size], a) };
  });
}
