import type { SeedPoolSpec } from "../../forwardWork.ts";
import { mapParams, type Params, type Shapes, zeros } from "../../params.ts";
import { createRandom } from "../../random.ts";
import type { ParameterSets } from "../../task.ts";
import { accumulatorsDigest, putAccumulators } from "./accumulators.ts";
import { moveParams, seedPool } from "./seedPool.ts";

/** A task whose parameters follow from a pool of seeds. */
export interface PooledTask {
  /** Of every tuned parameter. */
  readonly shapes: Shapes;
  readonly pool: SeedPoolSpec;
}

/** Told how many of the seeds that changed have been replayed. */
export type OnReplayed = (numReplayed: number, numChanged: number) => Promise<void> | void;

/** A client's copy of the parameters that the run has come to. */
export interface SeedReplica {
  /** Which of a task's sets are needed to come to its parameters, in the fewest bytes. */
  setsFor(task: PooledTask, numBytes: ParameterSets<number>): readonly string[];
  /** The parameters that the task starts from, which the copy goes on to own; throws where these sets do not lead there. At most K perturbations are replayed. */
  follow(task: PooledTask, sets: ParameterSets<Params>, onReplayed?: OnReplayed): Promise<Params>;
  /** Forgets its parameters, where somebody changed them. */
  forget(): void;
}

interface Known {
  readonly version: number;
  readonly digest: string;
  /** In steps of the grid. */
  readonly sums: Float32Array;
  readonly params: Params;
}

/** A copy that knows nothing yet, of the run with this seed. It serves all devices of a client. */
export function createSeedReplica(runSeed: number): SeedReplica {
  let known: Known | null = null;
  /** Where parameters begin; kept, since it never changes. */
  let initial: Params | null = null;
  let seeds: Uint32Array = new Uint32Array(0);

  const isThere = ({ version, digest }: SeedPoolSpec): boolean => known?.version === version && known.digest === digest;

  const canBeTold = ({ version, changedFrom }: SeedPoolSpec): boolean =>
    known !== null && changedFrom !== null && changedFrom <= known.version && known.version <= version;

  function accumulators({ pool }: PooledTask, sets: ParameterSets<Params>): Float32Array {
    const isTold = sets.accumulators === undefined && canBeTold(pool);
    const sums = isTold && known !== null ? known.sums.slice() : new Float32Array(pool.numSeeds);
    const told = isTold ? sets.changed : sets.accumulators;
    if (told !== undefined) putAccumulators(sums, told);
    const digest = accumulatorsDigest(sums);
    if (digest === pool.digest) return sums;
    known = null;
    throw new Error(
      `version ${pool.version}: the accumulators that this client followed are not the server's (${digest}, expected ${pool.digest})`,
    );
  }

  function beginning(shapes: Shapes, sets: ParameterSets<Params>): Params {
    initial ??= sets.initial ?? null;
    if (initial === null) return Object.fromEntries(Object.entries(shapes).map(([name, shape]) => [name, zeros(shape)]));
    return mapParams(initial, ({ shape, data }) => ({ shape, data: data.slice() }));
  }

  return {
    setsFor({ pool }, { changed, accumulators: whole, initial: start }) {
      if (isThere(pool)) return [];
      const beginnings = initial === null && start !== undefined ? ["initial"] : [];
      if (canBeTold(pool) && (changed ?? 0) <= (whole ?? 0)) return changed === undefined ? [] : ["changed"];
      return [...beginnings, ...(whole === undefined ? [] : ["accumulators"])];
    },
    async follow(task, sets, onReplayed) {
      const { pool, shapes } = task;
      if (known !== null && isThere(pool)) return known.params;
      if (seeds.length !== pool.numSeeds) seeds = seedPool(createRandom(runSeed), pool.numSeeds);
      const sums = accumulators(task, sets);
      const before = known;
      known = null; // until every seed is replayed: whoever stops halfway begins again
      const params = before?.params ?? beginning(shapes, sets);
      const movements = Array.from(seeds, (seed, place) => {
        return { seed, amount: (sums[place] - (before?.sums[place] ?? 0)) / 2 ** pool.gridBits };
      }).filter(({ amount }) => amount !== 0);
      await moveParams(params, movements, (numMoved) => onReplayed?.(numMoved, movements.length));
      known = { version: pool.version, digest: pool.digest, sums, params };
      return params;
    },
    forget() {
      known = null;
    },
  };
}
