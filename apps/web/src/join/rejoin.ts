const key = (folder: string): string => `tutti/has-joined${new URL(folder).pathname}`;

/** How a tab took part, noted for this tab alone. */
export interface RememberedJoin {
  readonly source: "share" | "own";
  /** Whether the browser keeps the tab's place. */
  readonly isKept: boolean;
  /** Whether its owner had paused it. */
  readonly isPaused?: boolean;
  /** Whether no backward pass fitted the device. */
  readonly isForwardOnly?: boolean;
}

/** The parts of a window that last through a reload; a browser that blocks a site's data still has its history. */
export interface TabMemory {
  readonly sessionStorage: Pick<Storage, "getItem" | "setItem" | "removeItem">;
  readonly history: Pick<History, "state" | "replaceState">;
}

/** Notes that this tab takes part in the run whose pages lie in `folder`, or with null that it does not, so that a reload goes on or says why it cannot. */
export function rememberJoin(folder: string, joined: RememberedJoin | null, memory: TabMemory = window): void {
  try {
    if (joined === null) memory.sessionStorage.removeItem(key(folder));
    else memory.sessionStorage.setItem(key(folder), JSON.stringify(joined));
  } catch {
    memory.history.replaceState({ [key(folder)]: joined === null ? null : JSON.stringify(joined) }, "");
  }
}

/** How this tab took part when it was reloaded; null when it did not. */
export function rememberedJoin(folder: string, memory: TabMemory = window): RememberedJoin | null {
  return parsed(stored(folder, memory));
}

function stored(folder: string, memory: TabMemory): unknown {
  try {
    return memory.sessionStorage.getItem(key(folder));
  } catch {
    return memory.history.state?.[key(folder)] ?? null;
  }
}

function parsed(text: unknown): RememberedJoin | null {
  if (typeof text !== "string") return null;
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value !== "object" || value === null || !("source" in value) || !("isKept" in value)) return null;
    const { source, isKept } = value;
    if ((source !== "share" && source !== "own") || typeof isKept !== "boolean") return null;
    const isSet = (name: string) => name in value && (value as Readonly<Record<string, unknown>>)[name] === true;
    const flags = ["isPaused", "isForwardOnly"].filter(isSet).map((name) => [name, true]);
    return { source, isKept, ...Object.fromEntries(flags) };
  } catch {
    return null;
  }
}
