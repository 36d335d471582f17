/** Two neighbouring symbols that may become one. */
interface Merge {
  readonly position: number;
  readonly rank: number;
  readonly id: number;
}

/** The waiting merges of one word: lowest rank first, of equal ranks the leftmost. A binary heap. */
interface MergeQueue {
  push(merge: Merge): void;
  pop(): Merge | undefined;
}

/** An empty queue. */
export function createMergeQueue(): MergeQueue {
  const heap: Merge[] = [];
  const isBefore = (a: Merge, b: Merge) => a.rank < b.rank || (a.rank === b.rank && a.position < b.position);

  function rise(start: number): void {
    const merge = heap[start];
    let at = start;
    for (let parent = (at - 1) >> 1; at > 0 && isBefore(merge, heap[parent]); parent = (at - 1) >> 1) {
      heap[at] = heap[parent];
      at = parent;
    }
    heap[at] = merge;
  }

  function sink(merge: Merge): void {
    let at = 0;
    for (let child = 1; child < heap.length; child = 2 * at + 1) {
      const right = child + 1;
      const next = right < heap.length && isBefore(heap[right], heap[child]) ? right : child;
      if (!isBefore(heap[next], merge)) break;
      heap[at] = heap[next];
      at = next;
    }
    heap[at] = merge;
  }

  return {
    push(merge) {
      heap.push(merge);
      rise(heap.length - 1);
    },
    pop() {
      const first = heap[0];
      const last = heap.pop();
      if (last !== undefined && heap.length > 0) sink(last);
      return first;
    },
  };
}
