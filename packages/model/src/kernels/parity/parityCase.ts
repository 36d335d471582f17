/** One comparison of a kernel with its plain twin, values and gradients, on the backend that runs. */
export interface ParityCase {
  /** Kernel, sizes and encoding. */
  readonly name: string;
  /** Largest relative error that rounding explains. */
  readonly tolerance: number;
  /** A software adapter needs seconds to compile its programs with workgroup memory. */
  readonly isSlowShared?: boolean;
  /** The worst relative error of all the case's results; runs on the variant that `gpuTraits` names. */
  worstError(): Promise<number>;
}
