/** What a stream of random numbers belongs to; one name, one sequence. */
export interface StreamName {
  readonly stage?: string;
  readonly round?: number;
  readonly attempt?: number;
  readonly device?: number;
  /** Such as `cohort`, `shuffle`, `dropout`. */
  readonly purpose: string;
}

/** A deterministic sequence of random numbers. */
export interface RandomStream {
  /** Integer in [0, 2³²). */
  uint32(): number;
  /** In [0, 1), 53 bits. */
  uniform(): number;
  /** Integer in [0, bound). */
  integer(bound: number): number;
  /** Standard normal. */
  normal(): number;
  /** Gamma(shape, 1). */
  gamma(shape: number): number;
  /** One draw of Dirichlet(concentrations). */
  dirichlet(concentrations: readonly number[]): number[];
  /** A new array in random order. */
  shuffle<T>(items: readonly T[]): T[];
}

/** All streams of a run, from its seed. */
export interface Random {
  readonly seed: number;
  stream(name: StreamName): RandomStream;
}
