/** Workers that are threads of another worker. */
export interface Threads {
  /** One for each thread, to hand to the worker that computes. */
  readonly ports: readonly MessagePort[];
  close(): void;
}

/** Starts the threads of a training worker from the page: Firefox sometimes never returns from `new Worker` inside a worker. */
export function startThreads(numThreads: number, onError: (error: Error) => void): Threads {
  const workers = Array.from({ length: numThreads }, () => new Worker(new URL("./thread.ts", import.meta.url), { type: "module" }));
  const ports = workers.map((worker) => {
    const { port1, port2 } = new MessageChannel();
    worker.addEventListener("error", (event) => onError(new Error(`a thread stopped: ${event.message || "it could not be loaded"}`)));
    worker.postMessage(null, [port1]);
    return port2;
  });
  return {
    ports,
    close() {
      for (const worker of workers) worker.terminate();
    },
  };
}
