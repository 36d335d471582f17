import type { OutFolder, PoolMemory } from "./outFolder.ts";

/** The pool's memory while runs add to it. */
export interface KeptMemory {
  now(): PoolMemory;
  /** Remembers the port of a slot's coordinator; resolves when it is written. */
  notePort(slot: number, port: number): Promise<void>;
  /** Remembers what all runs compute on; resolves when it is written. */
  noteBackend(backend: PoolMemory["backend"]): Promise<void>;
}

/** Keeps a memory in the folder of results, one write after the other, since slots remember at the same time. `say` is told of a write that fails. */
export function keepMemory(out: Pick<OutFolder, "writeMemory">, start: PoolMemory, say: (line: string) => void): KeptMemory {
  let memory = start;
  let written: Promise<void> = Promise.resolve();

  function remember(change: Partial<PoolMemory>): Promise<void> {
    memory = { ...memory, ...change };
    const now = memory;
    written = written.then(() => out.writeMemory(now)).catch((error: unknown) => say(`pool.json could not be written: ${String(error)}`));
    return written;
  }

  return {
    now: () => memory,
    notePort(slot, port) {
      const ports = Array.from({ length: Math.max(memory.ports.length, slot + 1) }, (_, at) => memory.ports[at] ?? 0);
      return remember({ ports: ports.with(slot, port) });
    },
    noteBackend: (backend) => remember({ backend }),
  };
}
