/** A linear map whose matrix W (out, in) and bias lie in a vector of trained values, in up to three parts one above the other. */
export interface VectorMap {
  readonly numIn: number;
  readonly numOut: number;
  /** W's parts, top first. */
  readonly parts: readonly MapPart[];
  /** Two parts of the same height row by row in turn: a row of the first, a row of the second, …. */
  readonly isInterleaved: boolean;
  /** Whether the first part and its bias are multiplied by the plan's scale. */
  readonly isScaled: boolean;
  /** Where W and the bias begin once they are arranged. */
  readonly weightAt: number;
  readonly biasAt: number;
}

/** Where a part's values begin in the vector. */
export interface MapPart {
  readonly weight: number;
  /** Null in a map without bias. */
  readonly bias: number | null;
  readonly numRows: number;
}

/** A norm whose weight and bias lie in the vector. */
export interface VectorNorm {
  readonly width: number;
  readonly weight: number;
  readonly bias: number | null;
  readonly weightAt: number;
  readonly biasAt: number;
}

/** The maps and norms over a vector of trained values, and how long the arranged vector is. */
export interface VectorPlan {
  readonly maps: readonly VectorMap[];
  readonly norms: readonly VectorNorm[];
  readonly scale: number;
  readonly numArranged: number;
}
