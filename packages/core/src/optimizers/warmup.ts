/** Rate of optimiser step `step`, counted from 1: rises linearly to `learningRate`, reached at step `warmupSteps`; 0 for no warm-up. */
export function warmedUpRate(learningRate: number, step: number, warmupSteps: number): number {
  return step < warmupSteps ? (learningRate * step) / warmupSteps : learningRate;
}
