import type { IncomingMessage } from "node:http";

/**
 * Where a browser goes instead when another site's link asks for a page that joins by itself (`auto=1`): to the same page, which waits for its button.
 * Null for other requests. Browsers say where a request comes from (`Sec-Fetch-Site`) to addresses that they trust; elsewhere the page looks at its
 * referrer.
 */
export function withoutAuto({ url = "", headers }: Pick<IncomingMessage, "url" | "headers">): string | null {
  const site = headers["sec-fetch-site"];
  if (site !== "cross-site" && site !== "same-site") return null;
  const [path = "", query] = url.split("?", 2);
  const params = new URLSearchParams(query);
  if (params.get("auto") !== "1" || headers["sec-fetch-mode"] !== "navigate") return null;
  params.delete("auto");
  // relative: a proxy may have put the run under a path
  return `./${path.slice(path.lastIndexOf("/") + 1)}?${params}`;
}
