import type { RandomStream } from "@tutti/core";

/** Something that reads what others sent or wrote. */
export interface FuzzTarget {
  readonly name: string;
  /** Reads one input that follows from the stream. Gives what went wrong, or null: an answer, or a refusal that names its rule or the place. */
  tryCase(random: RandomStream): Promise<string | null> | string | null;
  /** Share of the cases beside the other targets; 1 when absent. */
  readonly weight?: number;
}

/** A target that is made when it is first needed. */
export interface LazyTarget {
  readonly name: string;
  readonly weight?: number;
  open(): FuzzTarget | Promise<FuzzTarget>;
}
