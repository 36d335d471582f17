import { z } from "zod";
import { toByteLevel } from "./byteLevel.ts";
import { punctuation } from "./characterClasses.ts";
import { partSchema, readPart, type TokenizerPart, unsupported } from "./parts.ts";
import { patternOf, patternSchema } from "./patterns.ts";
import { type SplitRule, splitBehaviors, splitPiece, type TextPiece } from "./pieces.ts";

/** Splits a piece of text into the words that the model sees one at a time. */
type PreTokenize = (piece: TextPiece) => TextPiece[];

const behavior = z.enum(splitBehaviors);

const makers: Readonly<Record<string, (part: TokenizerPart) => PreTokenize>> = {
  BertPreTokenizer: () => inTurn([by({ pattern: space, behavior: "Removed" }), by({ pattern: punctuation, behavior: "Isolated" })]),
  ByteLevel: byteLevel,
  CharDelimiterSplit: (part) => {
    const { delimiter } = readPart(part, z.looseObject({ delimiter: z.string() }));
    return by({ pattern: patternOf({ String: delimiter }), behavior: "Removed" });
  },
  Digits: (part) => {
    const { individual_digits: isSingle } = readPart(part, z.looseObject({ individual_digits: z.boolean().default(false) }));
    return by({ pattern: /\p{N}/gu, behavior: isSingle ? "Isolated" : "Contiguous" });
  },
  FixedLength: fixedLength,
  Metaspace: metaspace,
  Punctuation: (part) =>
    by({ pattern: punctuation, behavior: readPart(part, z.looseObject({ behavior: behavior.default("Isolated") })).behavior }),
  Sequence: (part) => inTurn(readPart(part, z.looseObject({ pretokenizers: z.array(partSchema) })).pretokenizers.map(createPreTokenizer)),
  Split: (part) => {
    const schema = z.looseObject({ pattern: patternSchema, behavior, invert: z.boolean().default(false) });
    const read = readPart(part, schema);
    return by({ pattern: patternOf(read.pattern), behavior: read.behavior, isInverted: read.invert });
  },
  Whitespace: () => by({ pattern: wordsOrSigns, behavior: "Removed", isInverted: true }),
  WhitespaceSplit: () => by({ pattern: space, behavior: "Removed" }),
};

/** The pre-tokenizer that tokenizer.json describes; throws, naming it, when there is none of that kind here. */
export function createPreTokenizer(part: TokenizerPart | null): PreTokenize {
  if (part === null) return (piece) => [piece];
  const make = Object.hasOwn(makers, part.type) ? makers[part.type] : undefined;
  if (make === undefined) throw unsupported("pre-tokenizer", part.type, Object.keys(makers));
  return make(part);
}

const space = /\p{White_Space}/gu;
const wordsOrSigns =
  /[\p{Alphabetic}\p{M}\p{Nd}\p{Pc}\p{Join_Control}]+|[^\p{Alphabetic}\p{M}\p{Nd}\p{Pc}\p{Join_Control}\p{White_Space}]+/gu;
const gpt2Words =
  /'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\p{White_Space}\p{L}\p{N}]+|\p{White_Space}+(?!\P{White_Space})|\p{White_Space}+/gu;

function by(rule: SplitRule): PreTokenize {
  return (piece) => splitPiece(piece, rule);
}

function inTurn(steps: readonly PreTokenize[]): PreTokenize {
  return (piece) => steps.reduce<TextPiece[]>((pieces, step) => pieces.flatMap(step), [piece]);
}

function byteLevel(part: TokenizerPart): PreTokenize {
  const schema = z.looseObject({ add_prefix_space: z.boolean().default(true), use_regex: z.boolean().default(true) });
  const { add_prefix_space: addsSpace, use_regex: splits } = readPart(part, schema);
  return (piece) => {
    const spaced = addsSpace && !piece.text.startsWith(" ") ? { ...piece, text: ` ${piece.text}` } : piece;
    const words = splits ? splitPiece(spaced, { pattern: gpt2Words, behavior: "Isolated" }) : [spaced];
    return words.map(({ text, isAtStart }) => ({ text: toByteLevel(text), isAtStart }));
  };
}

const metaspaceSchema = z.looseObject({
  replacement: z.string().default("▁"),
  prepend_scheme: z.enum(["always", "first", "never"]).optional(),
  /** Of older files, in which `never` was told by it. */
  add_prefix_space: z.boolean().optional(),
  split: z.boolean().default(true),
});

function metaspace(part: TokenizerPart): PreTokenize {
  const { replacement, prepend_scheme: named, add_prefix_space: adds, split } = readPart(part, metaspaceSchema);
  const scheme = named ?? (adds === false ? "never" : "always");
  const pattern = patternOf({ String: replacement });
  return ({ text, isAtStart }) => {
    const marked = text.replaceAll(" ", () => replacement);
    const isPrefixed = scheme === "always" || (scheme === "first" && isAtStart);
    const whole = { text: isPrefixed && !marked.startsWith(replacement) ? replacement + marked : marked, isAtStart };
    return split ? splitPiece(whole, { pattern, behavior: "MergedWithNext" }) : [whole];
  };
}

function fixedLength(part: TokenizerPart): PreTokenize {
  const { length } = readPart(part, z.looseObject({ length: z.number().int().positive().default(5) }));
  return ({ text, isAtStart }) => {
    const characters = [...text];
    return Array.from({ length: Math.ceil(characters.length / length) }, (_, i) => ({
      text: characters.slice(i * length, (i + 1) * length).join(""),
      isAtStart: isAtStart && i === 0,
    }));
  };
}
