/** One labelled text, or pair of texts. */
export interface Example {
  readonly text: string;
  /** Second text of a pair task. */
  readonly textB?: string | undefined;
  /** Class, from 0. */
  readonly label: number;
  /** Who owns the row, for the partition by field. */
  readonly owner?: string | undefined;
}

/** A data set in its three splits. */
export interface Dataset {
  readonly train: readonly Example[];
  readonly validation: readonly Example[];
  readonly test: readonly Example[];
}
