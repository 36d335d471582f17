import { createHash } from "node:crypto";
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** A small server that speaks the hub's routes for one data set. */
export interface DatasetHub {
  readonly url: string;
  /** Path and range of every request for a file's bytes. */
  readonly requests: { readonly path: string; readonly range: string | null; readonly token: string | null }[];
  close(): Promise<void>;
}

export interface DatasetHubOptions {
  readonly id: string;
  /** Files of each branch, by path. */
  readonly branches: Readonly<Record<string, ReadonlyMap<string, Uint8Array>>>;
  /** Bytes of one answer after which the connection is cut. */
  readonly breakAfter?: number;
  readonly token?: string;
}

/** Starts it on a free port. */
export async function startDatasetHub({
  id,
  branches,
  breakAfter = Number.POSITIVE_INFINITY,
  token,
}: DatasetHubOptions): Promise<DatasetHub> {
  const requests: { path: string; range: string | null; token: string | null }[] = [];
  const commits = new Map(Object.entries(branches).map(([branch, files]) => [hashOf(branch), files]));
  const server = createServer((request, response) => {
    const path = decodeURIComponent(new URL(request.url ?? "/", "http://hub.test").pathname);
    const given = request.headers.authorization?.replace("Bearer ", "") ?? null;
    if (token !== undefined && given !== token) return answer(response, 401, { error: "Invalid username or password." });
    const [, branch] = new RegExp(`^/api/datasets/${id}/revision/(.+)$`).exec(path) ?? [];
    if (branch !== undefined) {
      const found = branch === "HEAD" ? "main" : branch;
      if (!Object.hasOwn(branches, found)) return answer(response, 404, { error: `Invalid rev id: ${branch}` });
      const cardData = found === "main" ? { license: "cc-by-4.0" } : undefined;
      return answer(response, 200, { _id: "1", id, sha: hashOf(found), cardData });
    }
    for (const [commit, files] of commits) {
      if (path === `/api/datasets/${id}/tree/${commit}`) return answer(response, 200, [...files].map(listing));
      const prefix = `/datasets/${id}/resolve/${commit}/`;
      const bytes = path.startsWith(prefix) ? files.get(path.slice(prefix.length)) : undefined;
      if (bytes === undefined) continue;
      const range = request.headers.range ?? null;
      if (range !== "bytes=0-0") requests.push({ path: path.slice(prefix.length), range, token: given });
      return sendFile(response, range, bytes, breakAfter);
    }
    return answer(response, 404, { error: "Repository not found" });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
}

function hashOf(branch: string): string {
  return createHash("sha1").update(branch).digest("hex");
}

function listing([path, bytes]: [string, Uint8Array & { readonly reportedSize?: number }]) {
  const size = bytes.reportedSize ?? bytes.length;
  const oid = createHash("sha256").update(bytes).digest("hex");
  return { type: "file", path, size, oid: "1", lfs: { oid, size, pointerSize: 130 } };
}

function answer(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { "Content-Type": "application/json", Connection: "close" }).end(JSON.stringify(body));
}

function sendFile(response: ServerResponse, range: string | null, bytes: Uint8Array, breakAfter: number): void {
  const [, first, last] = /^bytes=(\d+)-(\d+)$/.exec(range ?? "") ?? [];
  const start = Number(first ?? 0);
  const part = bytes.subarray(start, last === undefined ? bytes.length : Number(last) + 1);
  response.writeHead(first === undefined ? 200 : 206, {
    ETag: '"abc"',
    Connection: "close",
    "Content-Length": part.length,
    ...(first === undefined ? {} : { "Content-Range": `bytes ${start}-${start + part.length - 1}/${bytes.length}` }),
  });
  if (part.length <= breakAfter) response.end(part);
  else response.write(part.subarray(0, breakAfter), () => setImmediate(() => response.destroy()));
}
