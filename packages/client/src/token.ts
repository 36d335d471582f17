/** What lets a client into a run, from the link that it was given: behind #, where browsers send it to nobody; null where the link has none. */
export function tokenIn(link: string): string | null {
  const { hash } = new URL(link);
  const token = new URLSearchParams(hash.slice(1)).get("token");
  return token === null || token === "" ? null : token;
}
