/** Where a method was published. */
export interface Publication {
  readonly authors: string;
  readonly title: string;
  readonly venue: string;
  readonly year: number;
  readonly link: string;
}
