/** A line that is shown, and since when, in milliseconds. */
export interface CalmLine {
  readonly text: string;
  readonly sinceMs: number;
}

/** A line stays at least so long, unless something urgent is to be said. */
export const calmForMs = 5000;

/** What to show of a line that may change many times a second, and when to look again; null for not before the next change. */
export function calmed(
  shown: CalmLine | null,
  wanted: { readonly text: string; readonly isUrgent: boolean },
  nowMs: number,
): { readonly line: CalmLine; readonly againAtMs: number | null } {
  const fresh = { line: { text: wanted.text, sinceMs: nowMs }, againAtMs: null };
  if (shown === null) return fresh;
  if (shown.text === wanted.text) return { line: shown, againAtMs: null };
  const untilMs = shown.sinceMs + calmForMs;
  return wanted.isUrgent || nowMs >= untilMs ? fresh : { line: shown, againAtMs: untilMs };
}
