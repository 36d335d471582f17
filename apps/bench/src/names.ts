/** The benchmarks, in the order in which they are measured. */
export const benchNames = [
  "aggregate",
  "turnaround",
  "load",
  "step",
  "kernels",
  "demo",
  "lab",
  "systems",
  "pages",
  "speed",
  "gpu",
  "tests",
] as const;

/** A benchmark's name. */
export type BenchName = (typeof benchNames)[number];

/** Measured only when asked for by name: `tests` takes as long as all others together, `speed` is to be compared with a commit, `gpu` makes a pack for another machine. */
export const onlyByName: readonly BenchName[] = ["speed", "gpu", "tests"];

/** The parts of `tutti bench speed`, in the order in which they are measured. */
export const speedGroups = ["step", "page", "threads", "methods", "full", "worker", "demo"] as const;

/** A part of `tutti bench speed`. */
export type SpeedGroup = (typeof speedGroups)[number];
