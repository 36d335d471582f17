const waiting = new Set<() => void>();

/** Draws in one of the next frames, one drawing in each: all of a round's plots together would hold the page up. Returns what calls it off. */
export function drawSoon(draw: () => void): () => void {
  if (waiting.size === 0) requestAnimationFrame(next);
  waiting.add(draw);
  return () => waiting.delete(draw);
}

function next(): void {
  const [first] = waiting;
  if (first === undefined) return;
  waiting.delete(first);
  if (waiting.size > 0) requestAnimationFrame(next);
  first();
}
