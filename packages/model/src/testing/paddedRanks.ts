import type { Params } from "@tutti/core";

/** Every rank up to the run's, none among them, another in each layer; nothing at all in the lowest. */
const kept = [0, 2, 5, 1, 0, 4, 3] as const;
const rankOf = (layer: number, at: number) => (layer === 0 ? 0 : kept[(layer + at) % kept.length]);
const isA = (name: string) => name.endsWith("/a");
const componentOf = (name: string, place: number, width: number) => (isA(name) ? Math.floor(place / width) : place % width);

/** The ranks of a device by the parameters' names. */
export function ranksOf(params: Params): ReadonlyMap<string, number> {
  const pairs = Object.keys(params).filter(isA);
  const places = new Map<number, number>();
  return new Map(
    pairs.flatMap((a) => {
      const layer = Number(a.split("/")[1]);
      const at = places.get(layer) ?? 0;
      places.set(layer, at + 1);
      return [a, `${a.slice(0, -1)}b`].map((name) => [name, rankOf(layer, at)] as const);
    }),
  );
}

/** Only the leading components of each pair, and no pair of rank 0. */
export function cut(params: Params): Params {
  const ranks = ranksOf(params);
  return Object.fromEntries(
    Object.entries(params).flatMap(([name, { shape, data }]) => {
      const rank = ranks.get(name);
      if (rank === undefined) return [[name, { shape, data }]];
      if (rank === 0) return [];
      const own = data.filter((_, place) => componentOf(name, place, shape[1]) < rank);
      return [[name, { shape: isA(name) ? [rank, shape[1]] : [shape[0], rank], data: own }]];
    }),
  );
}

/** The whole parameters with zeros for what `cut` leaves out. */
export function padded(params: Params): Params {
  const ranks = ranksOf(params);
  return Object.fromEntries(
    Object.entries(params).map(([name, { shape, data }]) => {
      const rank = ranks.get(name) ?? Number.POSITIVE_INFINITY;
      return [name, { shape, data: data.map((value, place) => (componentOf(name, place, shape[1]) < rank ? value : 0)) }];
    }),
  );
}
