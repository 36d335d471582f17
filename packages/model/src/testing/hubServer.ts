import { createHash } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** A small server that speaks the hub's routes for one model. */
export interface HubServer {
  readonly url: string;
  /** Path and range of every request for a file's bytes. */
  readonly requests: { readonly path: string; readonly range: string | null; readonly token: string | null }[];
  close(): Promise<void>;
}

/** The model that a test's hub serves, and how it fails. */
export interface HubServerOptions {
  readonly id: string;
  readonly files: ReadonlyMap<string, Uint8Array>;
  /** Bytes of one answer after which the connection is cut; files of fewer bytes come whole. */
  readonly breakAfter?: number;
  readonly token?: string;
  /** What takes the place of a file's bytes while its listing stays. */
  readonly damaged?: ReadonlyMap<string, Uint8Array>;
}

/** The commit that every revision of the test's hub resolves to. */
export const hubCommit = "0123456789abcdef0123456789abcdef01234567";

/** Starts it on a free port. */
export async function startHubServer(options: HubServerOptions): Promise<HubServer> {
  const { id, files, token } = options;
  const requests: { path: string; range: string | null; token: string | null }[] = [];
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? "/", "http://hub.test");
    const given = request.headers.authorization?.replace("Bearer ", "") ?? null;
    if (token !== undefined && given !== token) return answer(response, 401, { error: "Invalid username or password." });
    if (pathname.startsWith(`/api/models/${id}/revision/`)) {
      return answer(response, 200, { _id: "1", id, sha: hubCommit, cardData: { license: "apache-2.0" } });
    }
    if (pathname === `/api/models/${id}/tree/${hubCommit}`) return answer(response, 200, [...files].map(listing));
    const file = pathname.startsWith(`/${id}/resolve/${hubCommit}/`) ? pathname.slice(`/${id}/resolve/${hubCommit}/`.length) : null;
    const bytes = file === null ? undefined : (options.damaged?.get(file) ?? files.get(file));
    if (file === null || bytes === undefined) return answer(response, 404, { error: "Repository not found" });
    const range = request.headers.range ?? null;
    if (range !== "bytes=0-0") requests.push({ path: file, range, token: given });
    return sendFile(request, response, bytes, options.breakAfter ?? Number.POSITIVE_INFINITY);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    requests,
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
}

function listing([path, bytes]: [string, Uint8Array]) {
  const oid = createHash("sha256").update(bytes).digest("hex");
  const isLarge = path.endsWith(".safetensors");
  return { type: "file", path, size: bytes.length, oid: "1", ...(isLarge ? { lfs: { oid, size: bytes.length, pointerSize: 130 } } : {}) };
}

function answer(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { "Content-Type": "application/json", Connection: "close" }).end(JSON.stringify(body));
}

function sendFile(request: IncomingMessage, response: ServerResponse, bytes: Uint8Array, breakAfter: number): void {
  const [, first, last] = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? "") ?? [];
  const start = Number(first ?? 0);
  const end = last === undefined ? bytes.length : Math.min(Number(last) + 1, bytes.length);
  const part = bytes.subarray(start, end);
  const isPartial = first !== undefined;
  response.writeHead(isPartial ? 206 : 200, {
    ETag: '"abc"',
    Connection: "close",
    "Content-Length": part.length,
    ...(isPartial ? { "Content-Range": `bytes ${start}-${end - 1}/${bytes.length}` } : {}),
  });
  if (part.length <= breakAfter) response.end(part);
  else response.write(part.subarray(0, breakAfter), () => setImmediate(() => response.destroy()));
}
