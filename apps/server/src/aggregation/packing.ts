/** Plain data without its arrays of floats: in the place of each is its number among `arrays`, under a name that nothing else has. */
export interface Packed {
  readonly skeleton: unknown;
  readonly arrays: readonly Float32Array[];
}

/** What stands for an array. */
const arrayKey = "\u0000float32";

/** Takes the arrays out, so that they can be handed over in parts. What is one object in two places stays one. */
export function pack(value: unknown): Packed {
  const arrays: Float32Array[] = [];
  const copies = new Map<object, unknown>();
  const packed = (one: unknown): unknown => {
    if (typeof one !== "object" || one === null) return one;
    const known = copies.get(one);
    if (known !== undefined) return known;
    if (one instanceof Float32Array) return kept(copies, one, { [arrayKey]: arrays.push(one) - 1 });
    return filled(copies, one, packed);
  };
  return { skeleton: packed(value), arrays };
}

/** The data that was packed. */
export function unpack({ skeleton, arrays }: Packed): unknown {
  const copies = new Map<object, unknown>();
  const unpacked = (one: unknown): unknown => {
    if (typeof one !== "object" || one === null) return one;
    const known = copies.get(one);
    if (known !== undefined) return known;
    if (arrayKey in one) return kept(copies, one, arrays[Number(one[arrayKey])]);
    return filled(copies, one, unpacked);
  };
  return unpacked(skeleton);
}

function kept(copies: Map<object, unknown>, one: object, copy: unknown): unknown {
  copies.set(one, copy);
  return copy;
}

function filled(copies: Map<object, unknown>, one: object, change: (inner: unknown) => unknown): unknown {
  if (Array.isArray(one)) {
    const list: unknown[] = [];
    copies.set(one, list);
    for (const inner of one) list.push(change(inner));
    return list;
  }
  const copy: Record<string, unknown> = {};
  copies.set(one, copy);
  for (const [name, inner] of Object.entries(one)) copy[name] = change(inner);
  return copy;
}

/** Bytes of arrays that are handed over at once: a millisecond or two. */
const partBytes = 2_000_000;

/** The arrays in parts of about that size. */
export function* inParts(arrays: readonly Float32Array[]): Generator<readonly Float32Array[]> {
  let part: Float32Array[] = [];
  let bytes = 0;
  for (const array of arrays) {
    // a view is copied by itself: with it all of its buffer would go over
    part.push(array.byteLength < array.buffer.byteLength ? array.slice() : array);
    bytes += array.byteLength;
    if (bytes < partBytes) continue;
    yield part;
    [part, bytes] = [[], 0];
  }
  if (part.length > 0) yield part;
}
