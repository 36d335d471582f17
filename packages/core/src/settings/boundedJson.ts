const maxDepth = 16;
const maxLength = 16_384;

/** Whether a value is JSON of a bounded size: what a stranger sends cannot fill a page's memory or its stack. */
export function isBoundedJson(value: unknown): boolean {
  return isJson(value, maxDepth) && JSON.stringify(value).length <= maxLength;
}

function isJson(value: unknown, depth: number): boolean {
  if (value === null || typeof value === "boolean" || typeof value === "string") return true;
  if (typeof value === "number") return Number.isFinite(value);
  if (typeof value !== "object" || depth === 0) return false;
  return Object.values(value).every((inner) => isJson(inner, depth - 1));
}
