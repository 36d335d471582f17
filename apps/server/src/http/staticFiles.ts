import { resolve } from "node:path";
import fastifyStatic from "@fastify/static";
import type { FastifyInstance } from "fastify";

/** A folder that is served as it is. */
export interface StaticFolder {
  /** Such as `/backbones/`, with both slashes. */
  readonly prefix: string;
  readonly root: string;
  /** Whether a file's name changes with its content, so that it may be kept for ever. */
  readonly isImmutable: (path: string) => boolean;
  /** Whether `stage` finds `stage.html`. */
  readonly hasPages?: boolean;
}

/** For content whose name changes with it. */
export const immutableCaching = "public, max-age=31536000, immutable";

/** Serves the files of a folder: validators, content types, nothing outside the folder and nothing whose name starts with a dot. */
export async function serveFolder(app: FastifyInstance, folder: StaticFolder): Promise<void> {
  await app.register(fastifyStatic, {
    prefix: folder.prefix,
    root: resolve(folder.root),
    decorateReply: false,
    dotfiles: "ignore",
    cacheControl: false,
    ...(folder.hasPages === true ? { extensions: ["html"] } : {}),
    setHeaders: (response, path) => {
      response.setHeader("cache-control", folder.isImmutable(path) ? immutableCaching : "no-cache");
    },
  });
}
