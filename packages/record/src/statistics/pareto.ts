/** Something that costs and is worth something. */
export interface Tradeoff {
  readonly score: number;
  readonly cost: number;
}

/** The points that no other beats in one without losing in the other, cheapest first; of equal points the first stays. */
export function paretoFront<T extends Tradeoff>(points: readonly T[]): T[] {
  const front: T[] = [];
  for (const point of [...points].sort((a, b) => a.cost - b.cost || b.score - a.score)) {
    const last = front.at(-1);
    if (last === undefined || point.score > last.score) front.push(point);
  }
  return front;
}
