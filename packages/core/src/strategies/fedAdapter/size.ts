/** How much is trained: layers from the top, and components of each of their differences. */
export type Size = { readonly depth: number; readonly width: number };

/** A size with the first round that had it. */
export type GrownSize = Size & { readonly round: number };
