const key = "tutti/has-joined";

/** Notes for this tab alone whether it takes part with a share of the run's examples, so that a reload goes on by itself. */
export function rememberJoin(hasJoined: boolean): void {
  try {
    if (hasJoined) sessionStorage.setItem(key, "yes");
    else sessionStorage.removeItem(key);
  } catch {
    // A browser that keeps nothing asks again after a reload, which the page says elsewhere.
  }
}

/** Whether this tab took part when it was reloaded. */
export function remembersJoin(): boolean {
  try {
    return sessionStorage.getItem(key) === "yes";
  } catch {
    return false;
  }
}
