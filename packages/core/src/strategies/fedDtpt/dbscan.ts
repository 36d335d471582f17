/** What of the points counts together. */
export interface DensitySettings {
  /** ε: points that are no further apart are neighbours. */
  readonly radius: number;
  /** Points, itself included, that a core point has within ε. */
  readonly minPoints: number;
}

/** No cluster's. */
export const noise = -1;

/**
 * DBSCAN (Ester, Kriegel, Sander, Xu 1996): the number of each point's cluster, from 0 in the order of their first core points, or `noise`. `weights` says how often each
 * point is there. A point on the border of two clusters belongs to the first. As scikit-learn's, with the same answer.
 */
export function dbscan(distances: readonly Float64Array[], weights: readonly number[], { radius, minPoints }: DensitySettings): number[] {
  const neighbours = distances.map((row) => [...row.keys()].filter((other) => row[other] <= radius));
  const isCore = neighbours.map((near) => near.reduce((sum, other) => sum + weights[other], 0) >= minPoints);
  const clusters = new Array<number>(distances.length).fill(noise);
  let numClusters = 0;
  for (const start of clusters.keys()) {
    if (!isCore[start] || clusters[start] !== noise) continue;
    const reached = [start];
    clusters[start] = numClusters;
    for (const point of reached) {
      if (!isCore[point]) continue;
      for (const other of neighbours[point]) {
        if (clusters[other] !== noise) continue;
        clusters[other] = numClusters;
        reached.push(other);
      }
    }
    numClusters += 1;
  }
  return clusters;
}

/**
 * The value of an ascending list at its elbow: where the list is furthest below the line from its first to its last value (Satopää et al. 2011, for a curve that bends
 * upwards). Of equal ones the first; 0 where it has none, as a straight line.
 */
export function elbowOf(ascending: readonly number[]): number {
  const last = ascending.length - 1;
  const [first, largest] = [ascending[0], ascending[last]];
  if (last < 1 || largest === first) return 0;
  let [furthest, elbow] = [0, 0];
  for (const [at, value] of ascending.entries()) {
    const below = at / last - (value - first) / (largest - first);
    if (below > furthest) [furthest, elbow] = [below, value];
  }
  return elbow;
}
