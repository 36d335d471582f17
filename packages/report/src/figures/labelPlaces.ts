/** Where something lies in a drawing, in pixels. */
export interface LabelPlace {
  readonly x: number;
  readonly y: number;
}

/** A rectangle in pixels by its centre. */
export interface Box extends LabelPlace {
  readonly width: number;
  readonly height: number;
}

/** Where a text is printed. */
export interface LabelBox extends Box {
  /** Whether there is room for another between it and its point. */
  readonly isFar: boolean;
}

/** A text and the point that it names. */
export interface Label extends LabelPlace {
  readonly text: string;
}

/** What labels have to keep clear of: the dots of a drawing and its edges. */
export interface Surroundings {
  readonly dots: readonly LabelPlace[];
  readonly dotRadius: number;
  readonly area: Box;
}

const lineHeight = 13;
/** Left free before and after a text, so that two beside each other do not read as one. */
const gap = 2;
const digitWidth = 7.5;
const otherWidth = 4;

/** Best first: a front's line leaves its dots rightwards and reaches them from below. */
const sides: readonly LabelPlace[] = [
  { x: 1, y: -1 },
  { x: 1, y: 0 },
  { x: -1, y: 0 },
  { x: 0, y: -1 },
  { x: 0, y: 1 },
  { x: 1, y: 1 },
  { x: -1, y: -1 },
  { x: -1, y: 1 },
];

/**
 * A place beside its point for each label, such that they cover each other, the dots and the edges as little as possible: one after the other takes
 * its best side, then each may change its mind. The first labels have the first choice.
 */
export function placeLabels(labels: readonly Label[], surroundings: Surroundings): LabelBox[] {
  const placed: LabelBox[] = [];
  for (let pass = 0; pass < 4; pass++) {
    for (const [index, label] of labels.entries()) {
      const others = placed.filter((_, other) => other !== index);
      placed[index] = leastCovered(candidatesOf(label, surroundings.dotRadius), others, surroundings);
    }
  }
  return placed;
}

/** Every side of the point, close to it and, should there be no room, further away. */
function candidatesOf({ x, y, text }: Label, dotRadius: number): LabelBox[] {
  const width = [...text].reduce((sum, letter) => sum + (/\d/.test(letter) ? digitWidth : otherWidth), 2 * gap);
  return [1, 2.5].flatMap((reach) =>
    sides.map((side) => {
      const centre = { x: x + side.x * (reach * dotRadius + width / 2), y: y + side.y * (reach * dotRadius + lineHeight / 2) };
      return { ...centre, width, height: lineHeight, isFar: reach > 1 };
    }),
  );
}

/** The first of the boxes that cover least; another label weighs more than a dot. */
function leastCovered(boxes: readonly LabelBox[], others: readonly Box[], { dots, dotRadius, area }: Surroundings): LabelBox {
  const candidates = boxes.map((box) => {
    const side = (box.isFar ? 4 : 2) * dotRadius; // what is far from its own dot must not stand at another's
    const onLabels = others.reduce((sum, other) => sum + overlapOf(box, other), 0);
    const onDots = dots.reduce((sum, dot) => sum + overlapOf(box, { ...dot, width: side, height: side }), 0);
    const outside = box.width * box.height - overlapOf(box, area);
    return { box, cost: Math.round(100 * (onLabels + outside) + onDots) };
  });
  return candidates.reduce((best, one) => (one.cost < best.cost ? one : best)).box;
}

/** How many square pixels two boxes share. */
export function overlapOf(a: Box, b: Box): number {
  const shared = (side: "width" | "height", axis: "x" | "y") =>
    Math.max(0, Math.min(a[axis] + a[side] / 2, b[axis] + b[side] / 2) - Math.max(a[axis] - a[side] / 2, b[axis] - b[side] / 2));
  return shared("width", "x") * shared("height", "y");
}
