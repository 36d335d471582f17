import type { TaskDefinition } from "@tutti/data";

/** What `tutti data add` takes beside the place. */
export interface AddDataFlags {
  readonly name?: string;
  readonly title?: string;
  readonly config?: string;
  readonly text?: string;
  readonly textB?: string;
  readonly answer?: string;
  /** What the task asks for; by default what the columns say. */
  readonly kind?: TaskDefinition["kind"];
  readonly label?: string;
  readonly owner?: string;
  readonly classes?: string;
  readonly template?: string;
  readonly words?: string;
  readonly metric?: TaskDefinition["metric"];
  readonly train?: string;
  readonly validation?: string;
  readonly test?: string;
  readonly trainRows?: number;
  readonly validationRows?: number;
  readonly testRows?: number;
  /** Leave faulty rows out instead of refusing them. */
  readonly skipFaulty?: boolean;
  readonly source?: string;
  readonly licence?: string;
  readonly datasets: string;
  readonly downloads: string;
}
