/** How a pool of clients is shared among runs. */
export interface PoolShape {
  /** Clients in all. */
  readonly numClients: number;
  readonly clientsPerRun: number;
  readonly numAtOnce: number;
  readonly threads: number;
  /** Cores that are one run's. */
  readonly coresPerRun: number;
}

/** One client per core unless told otherwise, as many runs at once as have room, and the cores left over as threads. */
export function shapePool(numCores: number, clientsPerRun: number, numClients = numCores): PoolShape {
  const perRun = Math.min(clientsPerRun, numClients);
  const numAtOnce = Math.max(1, Math.floor(numClients / perRun));
  return {
    numClients: perRun * numAtOnce,
    clientsPerRun: perRun,
    numAtOnce,
    threads: Math.max(1, Math.floor(numCores / numClients)),
    coresPerRun: numCores / numAtOnce,
  };
}

/** Works through jobs in order, on every slot one at a time; resolves when all are over. A job never rejects. */
export async function runOnSlots<T>(jobs: readonly T[], numSlots: number, work: (job: T, slot: number) => Promise<void>): Promise<void> {
  let next = 0;
  const workSlot = async (slot: number) => {
    for (let job = jobs[next++]; job !== undefined; job = jobs[next++]) await work(job, slot);
  };
  await Promise.all(Array.from({ length: Math.min(numSlots, jobs.length) }, (_, slot) => workSlot(slot)));
}
