const storageKey = (folder: string) => `tutti/operator${new URL(folder).pathname}`;

/** The parts of a window that the token is read from and kept in. */
export interface OperatorWindow {
  readonly location: Pick<Location, "hash" | "pathname" | "search">;
  readonly history: Pick<History, "state" | "replaceState">;
  readonly sessionStorage: Pick<Storage, "getItem" | "setItem" | "removeItem">;
}

let known: string | null = null;

/**
 * The operator's token: from `#operator=TOKEN`, which leaves the address as soon as it was read so that nobody sees it on the wall, or from what this
 * tab keeps of it; null for everybody else.
 */
export function operatorToken(folder: string, here: OperatorWindow = window): string | null {
  const hash = new URLSearchParams(here.location.hash.slice(1));
  const brought = hash.get("operator");
  if (brought === null || brought === "") {
    known ??= kept(folder, here);
    return known;
  }
  hash.delete("operator");
  const rest = hash.toString();
  here.history.replaceState(here.history.state, "", `${here.location.pathname}${here.location.search}${rest === "" ? "" : `#${rest}`}`);
  known = brought;
  keep(folder, brought, here);
  return brought;
}

/** The token is not this coordinator's, so nothing is shown for it any more. */
export function forgetOperatorToken(folder: string, here: OperatorWindow = window): void {
  known = null;
  keep(folder, null, here);
}

/** `fetch` with the operator's token, for addresses below the page's folder. */
export function operatorFetch(folder: string, token: string, path: string, body?: unknown): Promise<Response> {
  const headers = { authorization: `Bearer ${token}`, ...(body === undefined ? {} : { "content-type": "application/json" }) };
  const sent = body === undefined ? { method: "GET" } : { method: "POST", body: JSON.stringify(body) };
  return fetch(new URL(path, folder), { ...sent, headers, cache: "no-store", credentials: "omit" });
}

/** A browser that blocks a site's data keeps nothing: then the token lasts until a reload. */
function kept(folder: string, here: OperatorWindow): string | null {
  try {
    return here.sessionStorage.getItem(storageKey(folder));
  } catch {
    return null;
  }
}

function keep(folder: string, token: string | null, here: OperatorWindow): void {
  try {
    if (token === null) here.sessionStorage.removeItem(storageKey(folder));
    else here.sessionStorage.setItem(storageKey(folder), token);
  } catch {
    return;
  }
}
