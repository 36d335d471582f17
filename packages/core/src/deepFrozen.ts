/** The value itself, which nobody can change from now on, at any depth; only the numbers of typed arrays cannot be frozen. */
export function deepFrozen<T>(value: T): T {
  if (typeof value !== "object" || value === null || ArrayBuffer.isView(value)) return value;
  for (const child of Object.values(value)) deepFrozen(child);
  return Object.freeze(value);
}
