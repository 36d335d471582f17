/** The parts of `tutti bench speed`, in the order in which they are measured. */
export const speedGroups = ["step", "page", "threads", "methods", "full", "worker", "demo"] as const;

/** A part of `tutti bench speed`. */
export type SpeedGroup = (typeof speedGroups)[number];
