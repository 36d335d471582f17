import { createReadStream } from "node:fs";
import { realpath, stat } from "node:fs/promises";
import { extname, join, resolve, sep } from "node:path";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";

/** A folder that is served as it is. */
export interface StaticFolder {
  /** Such as `/backbones/`, with both slashes. */
  readonly prefix: string;
  readonly root: string;
  /** Whether a file's name changes with its content, so that it may be kept for ever. */
  readonly isImmutable: (path: string) => boolean;
  /** Served for the prefix itself, and for a folder below it. */
  readonly index?: string;
}

const contentTypes: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".mjs": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".json": "application/json; charset=utf-8",
  ".jsonl": "application/jsonl; charset=utf-8",
  ".csv": "text/csv; charset=utf-8",
  ".txt": "text/plain; charset=utf-8",
  ".md": "text/markdown; charset=utf-8",
  ".svg": "image/svg+xml",
  ".png": "image/png",
  ".ico": "image/x-icon",
  ".webp": "image/webp",
  ".woff2": "font/woff2",
  ".wasm": "application/wasm",
  ".map": "application/json; charset=utf-8",
  ".webmanifest": "application/manifest+json; charset=utf-8",
};

/** For content whose name changes with it. */
export const immutableCaching = "public, max-age=31536000, immutable";

/** Serves the files of a folder: validators, content types, nothing outside the folder and nothing whose name starts with a dot. */
export function serveFolder(app: FastifyInstance, folder: StaticFolder): void {
  const root = resolve(folder.root);
  app.get<{ Params: { "*": string } }>(`${folder.prefix}*`, async (request, reply) => {
    const found = await findFile(root, request.params["*"], folder.index);
    if (found === null) return reply.callNotFound();
    return sendFile(request, reply, found, folder.isImmutable(found.path));
  });
}

interface FoundFile {
  readonly path: string;
  readonly size: number;
  readonly modifiedMs: number;
}

async function findFile(root: string, relative: string, index: string | undefined): Promise<FoundFile | null> {
  if (relative.includes("\0") || relative.split("/").some((part) => part.startsWith("."))) return null;
  try {
    const path = await realpath(join(root, relative));
    const inside = await realpath(root);
    if (path !== inside && !path.startsWith(inside + sep)) return null;
    const entry = await stat(path);
    if (entry.isDirectory() && index !== undefined) return findFile(root, join(relative, index), undefined);
    return entry.isFile() ? { path, size: entry.size, modifiedMs: entry.mtimeMs } : null;
  } catch (error) {
    const code = error instanceof Error && "code" in error ? error.code : null;
    if (code === "ENOENT" || code === "ENOTDIR" || code === "ENAMETOOLONG" || code === "EACCES") return null;
    throw error;
  }
}

function sendFile(request: FastifyRequest, reply: FastifyReply, { path, size, modifiedMs }: FoundFile, isImmutable: boolean): FastifyReply {
  const etag = `"${size.toString(16)}-${Math.round(modifiedMs).toString(16)}"`;
  void reply
    .header("cache-control", isImmutable ? immutableCaching : "no-cache")
    .header("etag", etag)
    .header("last-modified", new Date(modifiedMs).toUTCString())
    .type(contentTypes[extname(path).toLowerCase()] ?? "application/octet-stream");
  if (request.headers["if-none-match"] === etag) return reply.code(304).send();
  return reply.header("content-length", size).send(createReadStream(path));
}
