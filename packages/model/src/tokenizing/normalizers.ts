import { z } from "zod";
import { toByteLevel } from "./byteLevel.ts";
import { combiningMarks, controlCharacters, nonspacingMarks } from "./characterClasses.ts";
import { partSchema, readPart, type TokenizerPart, unsupported } from "./parts.ts";
import { patternOf, patternSchema } from "./patterns.ts";
import type { Normalize } from "./pieces.ts";
import { createPrecompiled } from "./precompiled.ts";

const makers: Readonly<Record<string, (part: TokenizerPart) => Normalize>> = {
  BertNormalizer: bertNormalizer,
  ByteLevel: () => onText(toByteLevel),
  Lowercase: () => onText(lowerCase),
  NFC: () => onText((text) => text.normalize("NFC")),
  NFD: () => onText((text) => text.normalize("NFD")),
  NFKC: () => onText((text) => text.normalize("NFKC")),
  NFKD: () => onText((text) => text.normalize("NFKD")),
  Nmt: () => chain([without(nmtRemoved), onText((text) => text.replace(nmtSpaces, " "))]),
  Precompiled: createPrecompiled,
  Prepend: prepend,
  Replace: replace,
  Sequence: sequence,
  Strip: strip,
  StripAccents: () => without(combiningMarks),
};

/** The normalizer that tokenizer.json describes; throws, naming it, when there is none of that kind here. */
export function createNormalizer(part: TokenizerPart | null): Normalize {
  if (part === null) return (piece) => piece;
  const make = Object.hasOwn(makers, part.type) ? makers[part.type] : undefined;
  if (make === undefined) throw unsupported("normalizer", part.type, Object.keys(makers));
  return make(part);
}

function onText(change: (text: string) => string): Normalize {
  return ({ text, isAtStart }) => ({ text: change(text), isAtStart });
}

function chain(steps: readonly Normalize[]): Normalize {
  return (piece) => steps.reduce((current, step) => step(current), piece);
}

/** Removes characters; what follows a removed first one no longer begins the text. */
function without(removed: RegExp): Normalize {
  return ({ text, isAtStart }) => {
    const first = String.fromCodePoint(text.codePointAt(0) ?? 0);
    return { text: text.replace(removed, ""), isAtStart: isAtStart && first.replace(removed, "") === first };
  };
}

/** Each character by itself, so that a final sigma is one like any other. */
function lowerCase(text: string): string {
  let result = "";
  for (const character of text) result += character.toLowerCase();
  return result;
}

const bertSchema = z.looseObject({
  clean_text: z.boolean().default(true),
  handle_chinese_chars: z.boolean().default(true),
  strip_accents: z.boolean().nullable().default(null),
  lowercase: z.boolean().default(true),
});

function bertNormalizer(part: TokenizerPart): Normalize {
  const { clean_text: cleans, handle_chinese_chars: spacesOut, strip_accents: strips, lowercase: lowers } = readPart(part, bertSchema);
  const steps: Normalize[] = [];
  if (cleans)
    steps.push(
      without(controlCharacters),
      onText((text) => text.replace(/\p{White_Space}/gu, " ")),
    );
  if (spacesOut) steps.push(onText((text) => text.replace(chineseCharacters, " $& ")));
  if (strips ?? lowers)
    steps.push(
      onText((text) => text.normalize("NFD")),
      without(nonspacingMarks),
    );
  if (lowers) steps.push(onText(lowerCase));
  return chain(steps);
}

/** The blocks of Chinese characters that the reference surrounds with spaces. */
const chineseCharacters =
  /[\u3400-\u4DBF\u4E00-\u9FFF\uF900-\uFAFF\u{20000}-\u{2A6DF}\u{2A700}-\u{2B73F}\u{2B740}-\u{2B81F}\u{2B920}-\u{2CEAF}\u{2F800}-\u{2FA1F}]/gu;

/** Control characters that NMT's normalization drops; the other of its signs become spaces. */
const nmtRemoved = charactersIn([1, 8], [0x0b, 0x0b], [0x0e, 0x1f], [0x7f, 0x7f], [0x8f, 0x8f], [0x9f, 0x9f]);
const nmtSpaces = /[\t\n\f\r\u1680\u200B-\u200F\u2028\u2029\u2581\uFEFF\uFFFD]/gu;

function charactersIn(...ranges: readonly (readonly [number, number])[]): RegExp {
  const hex = (code: number) => `\\u{${code.toString(16)}}`;
  return new RegExp(`[${ranges.map(([first, last]) => `${hex(first)}-${hex(last)}`).join("")}]`, "gu");
}

function prepend(part: TokenizerPart): Normalize {
  const { prepend: front } = readPart(part, z.looseObject({ prepend: z.string() }));
  return onText((text) => (text === "" ? text : front + text));
}

function replace(part: TokenizerPart): Normalize {
  const { pattern, content } = readPart(part, z.looseObject({ pattern: patternSchema, content: z.string() }));
  const found = patternOf(pattern);
  return ({ text, isAtStart }) => {
    const first = isAtStart ? text.matchAll(found).next().value : undefined;
    const movesStart = first?.index === 0 && first[0] !== "" && (content === "" || [...first[0]].length > 1);
    return { text: text.replace(found, () => content), isAtStart: isAtStart && !movesStart };
  };
}

function strip(part: TokenizerPart): Normalize {
  const schema = z.looseObject({ strip_left: z.boolean().default(true), strip_right: z.boolean().default(true) });
  const { strip_left: left, strip_right: right } = readPart(part, schema);
  return ({ text, isAtStart }) => {
    const begun = left ? text.replace(/^\p{White_Space}+/u, "") : text;
    const ended = right ? begun.replace(/\p{White_Space}+$/u, "") : begun;
    return { text: ended, isAtStart: isAtStart && begun.length === text.length };
  };
}

function sequence(part: TokenizerPart): Normalize {
  return chain(readPart(part, z.looseObject({ normalizers: z.array(partSchema) })).normalizers.map(createNormalizer));
}
