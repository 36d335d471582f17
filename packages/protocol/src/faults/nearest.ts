/** How far a word is from another one as people mistype and shorten names, 0 for the same but for case and separators; null for too far. */
function distanceOf(word: string, candidate: string): number | null {
  const [a, b] = [plain(word), plain(candidate)];
  if (a.length > longestWord) return null;
  const edits = editDistance(a, b);
  if (edits <= mostEdits(a, b)) return edits;
  const [short, long] = a.length < b.length ? [a, b] : [b, a];
  if (short.length < shortestPart || !long.includes(short)) return null;
  return long.endsWith(short) ? partDistance : partDistance + 1;
}

/** The candidates that are nearest to a word, the first ones first; none where all are too far. */
export function nearestOf<T>(word: string, candidates: readonly T[], nameOf: (candidate: T) => string): T[] {
  return nearest(word, candidates, nameOf).found;
}

/** The same with how far they are, which is infinite where all are too far. */
export function nearest<T>(word: string, candidates: readonly T[], nameOf: (candidate: T) => string): { found: T[]; distance: number } {
  const judged = candidates.flatMap((candidate) => {
    const distance = distanceOf(word, nameOf(candidate));
    return distance === null ? [] : [{ candidate, distance }];
  });
  const least = Math.min(...judged.map(({ distance }) => distance));
  return { found: judged.filter(({ distance }) => distance === least).map(({ candidate }) => candidate), distance: least };
}

/** Slips that a word may have; among short words one more would make anything of anything. */
function mostEdits(word: string, candidate: string): number {
  if (word.length >= 4) return Math.max(2, Math.floor(word.length / 3));
  return word[0] === candidate[0] ? 1 : 0;
}

/** Longer words are no slips of any name. */
const longestWord = 100;
/** Letters that a part of a name has at least, such as `epochs` of `localEpochs`. */
const shortestPart = 5;
/** A part is farther than a few slips of the pen; the end of a name is what people leave it to. */
export const partDistance = 100;

const plain = (word: string) => word.toLowerCase().replaceAll(/[^a-z0-9]/g, "");

function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const substituted = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(substituted, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
