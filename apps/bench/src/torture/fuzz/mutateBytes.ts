import type { RandomStream } from "@tutti/core";

/** What bytes may be replaced by beside random ones. */
export interface Mutation {
  readonly random: RandomStream;
  /** Other inputs of the same kind, parts of which are spliced in. */
  readonly others: readonly Uint8Array[];
  /** Words that mean something to the reader. */
  readonly words?: readonly string[];
}

/** Numbers at which sizes, counts and signs go wrong. */
const edges = [0, 1, 0x7f, 0x80, 0xff, 0x7fff, 0x8000, 0xffff, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff, 0x4000_0000, 0x7fc0_0000];
const edgeTexts = ["-1", "0", "1e999", "-0", "9007199254740993", "4294967296", "1e308", "null", "true", '""', "[]", "{}", '"__proto__"'];
const longest = 1 << 20;

type Step = (bytes: Uint8Array, mutation: Mutation) => Uint8Array;

const encoder = new TextEncoder();
const place = (random: RandomStream, length: number) => random.integer(length + 1);
const pick = <T>(random: RandomStream, items: readonly T[]): T => items[random.integer(items.length)] as T;

function spliced(bytes: Uint8Array, start: number, end: number, middle: Uint8Array): Uint8Array {
  const whole = new Uint8Array(start + middle.length + bytes.length - end);
  whole.set(bytes.subarray(0, start));
  whole.set(middle, start);
  whole.set(bytes.subarray(end), start + middle.length);
  return whole;
}

/** A range of at most a few dozen bytes, or now and then of any length. */
function range(random: RandomStream, length: number): [number, number] {
  const start = place(random, length);
  const most = random.integer(4) === 0 ? length - start : Math.min(32, length - start);
  return [start, start + place(random, most)];
}

function changed(bytes: Uint8Array, change: (copy: Uint8Array) => void): Uint8Array {
  const copy = bytes.slice();
  change(copy);
  return copy;
}

const flipBit: Step = (bytes, { random }) =>
  changed(bytes, (copy) => {
    const at = place(random, Math.max(0, copy.length - 1));
    copy[at] = (copy[at] ?? 0) ^ (1 << random.integer(8));
  });

const setByte: Step = (bytes, { random }) =>
  changed(bytes, (copy) => {
    if (copy.length > 0) copy[random.integer(copy.length)] = random.integer(256);
  });

const setEdge: Step = (bytes, { random }) =>
  changed(bytes, (copy) => {
    const size = pick(random, [1, 2, 4, 8]);
    if (copy.length < size) return;
    const view = new DataView(copy.buffer);
    const at = random.integer(copy.length - size + 1);
    const value = pick(random, edges);
    if (size === 1) view.setUint8(at, value & 0xff);
    else if (size === 2) view.setUint16(at, value & 0xffff, true);
    else view.setUint32(at, value, true);
    if (size === 8) view.setUint32(at + 4, pick(random, edges), true);
  });

const remove: Step = (bytes, { random }) => {
  const [start, end] = range(random, bytes.length);
  return spliced(bytes, start, end, new Uint8Array(0));
};

const insert: Step = (bytes, { random }) => {
  const at = place(random, bytes.length);
  return spliced(
    bytes,
    at,
    at,
    Uint8Array.from({ length: 1 + random.integer(8) }, () => random.integer(256)),
  );
};

const repeat: Step = (bytes, { random }) => {
  const [start, end] = range(random, bytes.length);
  const piece = bytes.subarray(start, end);
  const count = Math.min(1 + random.integer(64), Math.floor((longest - bytes.length) / Math.max(1, piece.length)));
  if (count < 1) return bytes;
  const middle = new Uint8Array(piece.length * count);
  for (let i = 0; i < count; i++) middle.set(piece, i * piece.length);
  return spliced(bytes, start, start, middle);
};

const cutOff: Step = (bytes, { random }) => bytes.slice(0, place(random, bytes.length));

const swapPieces: Step = (bytes, { random }) => {
  const [start, end] = range(random, bytes.length);
  const to = place(random, start);
  return spliced(spliced(bytes, start, end, new Uint8Array(0)), to, to, bytes.slice(start, end));
};

const crossOver: Step = (bytes, { random, others }) => {
  const other = others.length === 0 ? bytes : pick(random, others);
  const [start, end] = range(random, bytes.length);
  const [from, to] = range(random, other.length);
  return spliced(bytes, start, end, other.subarray(from, to));
};

/** A number or a word of a text becomes another one. */
const replaceWord: Step = (bytes, { random, words = [] }) => {
  if (bytes.length === 0) return bytes;
  const text = String.fromCharCode(...bytes.subarray(0, 4096));
  const found = [...text.matchAll(/-?\d+(?:\.\d+)?|"[^"\n]{0,40}"|\w+/g)];
  const by = encoder.encode(pick(random, [...edgeTexts, ...words]));
  if (found.length === 0) return spliced(bytes, 0, 0, by);
  const { index, 0: word } = pick(random, found);
  return spliced(bytes, index, index + word.length, by);
};

const steps: readonly Step[] = [
  flipBit,
  setByte,
  setByte,
  setEdge,
  setEdge,
  remove,
  insert,
  repeat,
  cutOff,
  swapPieces,
  crossOver,
  replaceWord,
];
const textSteps: readonly Step[] = [replaceWord, replaceWord, replaceWord, flipBit, setByte, remove, repeat, swapPieces, crossOver];

/** Bytes with one to eight changes; with `words`, those that keep a text a text come more often. */
export function mutateBytes(bytes: Uint8Array, mutation: Mutation): Uint8Array {
  const { random, words } = mutation;
  const count = 1 + random.integer(random.integer(3) === 0 ? 8 : 2);
  let found = bytes;
  for (let i = 0; i < count; i++) found = pick(random, words === undefined ? steps : textSteps)(found, mutation);
  return found.length > longest ? found.slice(0, longest) : found;
}
