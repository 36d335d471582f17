/** A line that is shown. */
export interface CalmLine {
  readonly text: string;
  /** Since when, in milliseconds. */
  readonly sinceMs: number;
  readonly isIdle: boolean;
  /** Since when nothing has been going on, while the line still says what did; null for not now. */
  readonly idleSinceMs: number | null;
}

/** What the line would say if it could change at any time. */
export interface WantedLine {
  readonly text: string;
  /** Said at once. */
  readonly isUrgent: boolean;
  /** Says that nothing goes on here. */
  readonly isIdle: boolean;
}

/** A line stays at least so long, unless something urgent is to be said; and so long nothing must have gone on before it says so. */
export const calmForMs = 5000;

/**
 * What to show of a line that may change many times a second, and when to look again; null for not before the next change. A short rest between two
 * tasks is not worth a word; the end of a long one is.
 */
export function calmed(
  shown: CalmLine | null,
  { text, isUrgent, isIdle }: WantedLine,
  nowMs: number,
): { readonly line: CalmLine; readonly againAtMs: number | null } {
  const fresh = { line: { text, sinceMs: nowMs, isIdle, idleSinceMs: null }, againAtMs: null };
  if (shown === null || isUrgent) return shown?.text === text ? { line: shown, againAtMs: null } : fresh;
  if (shown.text === text) return { line: { ...shown, idleSinceMs: null }, againAtMs: null };
  if (isIdle && !shown.isIdle) {
    const idleSinceMs = shown.idleSinceMs ?? nowMs;
    const untilMs = Math.max(idleSinceMs, shown.sinceMs) + calmForMs;
    return nowMs >= untilMs ? fresh : { line: { ...shown, idleSinceMs }, againAtMs: untilMs };
  }
  const untilMs = shown.sinceMs + calmForMs;
  if (nowMs >= untilMs || (shown.isIdle && !isIdle)) return fresh;
  return { line: { ...shown, idleSinceMs: null }, againAtMs: untilMs };
}
