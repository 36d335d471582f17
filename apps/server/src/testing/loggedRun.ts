import { createRandom } from "@tutti/core";
import type { Change } from "../journal/keyValueStore.ts";
import { type LogOptions, openLogStore } from "../journal/logStore.ts";

/** A log that was written, and the entries as they were after each of its records. */
export interface LoggedRun {
  readonly states: readonly ReadonlyMap<string, Uint8Array>[];
}

/** Writes seeded batches to a log, each acknowledged before the next. */
export async function writeLog(
  folder: string,
  {
    numBatches,
    valueBytes,
    seed,
    ...options
  }: LogOptions & { readonly numBatches: number; readonly valueBytes: number; readonly seed: number },
): Promise<LoggedRun> {
  const store = await openLogStore(folder, options);
  const random = createRandom(seed).stream({ purpose: "log" });
  const states = [new Map<string, Uint8Array>()];
  for (let i = 0; i < numBatches; i++) {
    const changes: Change[] = [0, 1].map((at) => {
      const key = `tensor/${random.integer(5)}`;
      const isRemoved = at === 1 && random.uniform() < 0.2;
      return [key, isRemoved ? null : Uint8Array.from({ length: 1 + random.integer(valueBytes) }, () => random.integer(256))];
    });
    store.write(changes);
    await store.flushed();
    const next = new Map(states.at(-1));
    for (const [key, value] of changes) {
      if (value === null) next.delete(key);
      else next.set(key, value);
    }
    states.push(next);
  }
  await store.close();
  return { states };
}
