/** How a source prompt of ATTEMPT is trained unless it is told otherwise: the defaults of `tutti prompt train`, and what the lab does by itself. */
export const sourceRecipe = { numSteps: 1000, batchSize: 8, learningRate: 0.01, seed: 42, head: "linear" } as const;
