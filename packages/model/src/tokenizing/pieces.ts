/** A run of text on its way to tokens. */
export interface TextPiece {
  readonly text: string;
  /** Whether its first character is the first of the text as it was given; Metaspace's prepend_scheme "first" asks. */
  readonly isAtStart: boolean;
}

/** Rewrites a text before it is split. */
export type Normalize = (piece: TextPiece) => TextPiece;

/** What becomes of the matches when a text is split at them, named as in tokenizer.json. */
export const splitBehaviors = ["Removed", "Isolated", "MergedWithPrevious", "MergedWithNext", "Contiguous"] as const;
type SplitBehavior = (typeof splitBehaviors)[number];

interface Span {
  readonly start: number;
  readonly end: number;
  readonly isMatch: boolean;
}

/** Where a text is split, and where the matches go. */
export interface SplitRule {
  /** With the flags g and u. */
  readonly pattern: RegExp;
  readonly behavior: SplitBehavior;
  /** Whether what lies between the matches counts as matched. */
  readonly isInverted?: boolean;
}

/** Splits a piece as the reference tokenizers do; empty parts are left out. */
export function splitPiece({ text, isAtStart }: TextPiece, { pattern, behavior, isInverted = false }: SplitRule): TextPiece[] {
  const spans = spansOf(text, pattern).map((span) => (isInverted ? { ...span, isMatch: !span.isMatch } : span));
  const kept = behavior === "Removed" ? spans.filter(({ isMatch }) => !isMatch) : merged(spans, behavior);
  return kept.flatMap(({ start, end }) => (start === end ? [] : [{ text: text.slice(start, end), isAtStart: isAtStart && start === 0 }]));
}

/** The matches and what lies between them, in order. */
function spansOf(text: string, pattern: RegExp): Span[] {
  const spans: Span[] = [];
  let at = 0;
  for (const match of text.matchAll(pattern)) {
    const end = match.index + match[0].length;
    if (match.index > at) spans.push({ start: at, end: match.index, isMatch: false });
    spans.push({ start: match.index, end, isMatch: true });
    at = end;
  }
  if (at < text.length) spans.push({ start: at, end: text.length, isMatch: false });
  return spans;
}

function merged(spans: readonly Span[], behavior: Exclude<SplitBehavior, "Removed">): readonly Span[] {
  if (behavior === "Isolated") return spans;
  const isBackward = behavior === "MergedWithNext";
  const result: { start: number; end: number; isMatch: boolean }[] = [];
  let previous = false;
  for (const span of isBackward ? [...spans].reverse() : spans) {
    const last = result.at(-1);
    const joins = behavior === "Contiguous" ? span.isMatch === previous : span.isMatch && !previous;
    if (!joins || last === undefined) result.push({ ...span });
    else if (isBackward) last.start = span.start;
    else last.end = span.end;
    previous = span.isMatch;
  }
  return isBackward ? result.reverse() : result;
}
