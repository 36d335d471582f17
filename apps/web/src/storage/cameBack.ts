const item = (folder: string): string => `tutti-joined${new URL(folder).pathname}`;

/** What a browser remembers of the run that it joined at an address. */
export interface JoinedBefore {
  readonly runId: string;
  /** The training worker that it loaded. */
  readonly script: string;
}

/** Remembers that this browser took part, so that its next visit can begin at once; where nothing is stored it does not. */
export function rememberRun(folder: string, joined: JoinedBefore, storage: () => Pick<Storage, "setItem"> = () => localStorage): void {
  try {
    storage().setItem(item(folder), JSON.stringify(joined));
  } catch {
    return; // a visit like the first
  }
}

/** What was joined here before; null where nothing was, or where something else lies there. */
export function joinedBefore(folder: string, storage: () => Pick<Storage, "getItem"> = () => localStorage): JoinedBefore | null {
  try {
    const found: unknown = JSON.parse(storage().getItem(item(folder)) ?? "null");
    if (typeof found !== "object" || found === null || !("runId" in found) || !("script" in found)) return null;
    const { runId, script } = found;
    return typeof runId === "string" && typeof script === "string" ? { runId, script } : null;
  } catch {
    return null;
  }
}
