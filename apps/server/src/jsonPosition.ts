const space = /[ \t\n\r]*/y;
/** A string, without control characters below 0x20. */
const quoted = String.raw`"(?:[^"\\\p{Cc}]|[\u007f-\u009f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"`;
const name = new RegExp(quoted, "yu");
const word = new RegExp(String.raw`true|false|null|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|${quoted}`, "yu");

/** Where a text stops being JSON (RFC 8259); its length where only more is missing. What the engine says of it has no place in short texts. */
export function jsonPosition(text: string): number {
  const at = { position: 0 };
  readValue(text, at);
  skip(text, at, space);
  return at.position;
}

/** Moves behind a value, or to the first character that does not fit; says whether all of it fits. */
function readValue(text: string, at: { position: number }): boolean {
  skip(text, at, space);
  const open = text[at.position];
  if (open !== "{" && open !== "[") return skip(text, at, word);
  const close = open === "{" ? "}" : "]";
  at.position += 1;
  skip(text, at, space);
  if (text[at.position] === close) return step(at);
  for (;;) {
    if (open === "{" && !readName(text, at)) return false;
    if (!readValue(text, at)) return false;
    skip(text, at, space);
    if (text[at.position] === close) return step(at);
    if (text[at.position] !== ",") return false;
    step(at);
  }
}

function readName(text: string, at: { position: number }): boolean {
  skip(text, at, space);
  if (!skip(text, at, name)) return false;
  skip(text, at, space);
  return text[at.position] === ":" && step(at);
}

function step(at: { position: number }): true {
  at.position += 1;
  return true;
}

function skip(text: string, at: { position: number }, pattern: RegExp): boolean {
  pattern.lastIndex = at.position;
  const [found] = pattern.exec(text) ?? [];
  at.position += found?.length ?? 0;
  return found !== undefined;
}
