import { once } from "node:events";
import { existsSync } from "node:fs";
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { Server as NetServer } from "node:net";
import { resolve } from "node:path";
import compress from "@fastify/compress";
import helmet from "@fastify/helmet";
import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from "fastify";
import type { Logger } from "pino";
import type { CoordinatorConfig } from "../config.ts";
import type { Addresses } from "../entry/addresses.ts";
import { isProxied, untrustedProxy } from "../entry/reading.ts";
import { withoutAuto } from "./autoJoin.ts";
import type { BlobStore } from "./blobs.ts";
import type { Certificate } from "./certificate.ts";
import { headersOfTrust, isTrusted, securityHeaders } from "./headers.ts";
import { type MetricsAccess, mayReadMetrics } from "./metricsAccess.ts";
import { immutableCaching, serveFolder } from "./staticFiles.ts";
import { addTuned, type TunedDoor } from "./tunedRoute.ts";

/** Answers page requests while developing, such as a Vite server in middleware mode. */
export type PagesHandler = (request: IncomingMessage, response: ServerResponse) => void;

/** What the HTTP side shows of the coordinator. */
export interface HttpPorts {
  /** Told what the operator should know while the run goes on, each once. */
  onNotice(sentence: string): void;
  readonly addresses: Addresses;
  readonly blobs: BlobStore;
  readonly logger: Logger;
  readonly certificate: Certificate | null;
  /** The answer to GET /run.json. */
  runPage(): unknown;
  /** What GET /tuned.safetensors answers (P-185). */
  readonly tunedDoor: TunedDoor;
  /** What lets a request from elsewhere read /metrics (P-107). */
  readonly metricsAccess: MetricsAccess;
  /** The answer to GET /metrics, in the format of Prometheus. */
  metrics(): Promise<{ contentType: string; text: string }>;
  /** Page requests go here instead of to `pagesDir`; told the server first, for its own sockets. */
  readonly pages?: ((server: Server) => Promise<PagesHandler>) | undefined;
  /** Adds the control routes. */
  readonly control: (app: FastifyInstance) => void;
}

/** Builds the HTTP server; it does not listen yet. With a certificate a front stands before it, which takes TLS off. */
export async function buildHttp(config: CoordinatorConfig, ports: HttpPorts): Promise<FastifyInstance> {
  const { certificate } = ports;
  const { headersTimeoutMs, idleTimeoutMs } = config.connections;
  const options = { logger: false, forceCloseConnections: true, trustProxy: false, keepAliveTimeout: idleTimeoutMs } as const;
  const times = { headersTimeout: headersTimeoutMs, connectionsCheckingInterval: Math.min(5000, headersTimeoutMs) };
  const app: FastifyInstance = Fastify({ ...options, http: times });
  app.setErrorHandler((error, request, reply) => {
    const status = error instanceof Error && "statusCode" in error && typeof error.statusCode === "number" ? error.statusCode : 500;
    if (status >= 500) ports.logger.error({ error, url: request.url }, "a request failed");
    void reply.code(status).send({ error: status >= 500 ? "internal" : error instanceof Error ? error.message : "refused" });
  });
  let hasSeenProxy = false;
  app.addHook("onRequest", async (request, reply) => {
    if (!hasSeenProxy && isProxied(request.headers, config.trustProxy)) {
      hasSeenProxy = true;
      ports.onNotice(untrustedProxy);
    }
    const refusal = request.url === "/healthz" ? null : ports.addresses.refuseHost(request.raw);
    if (refusal !== null) return reply.code(421).send({ error: refusal });
    const quieter = withoutAuto(request.raw);
    if (quieter !== null) return reply.redirect(quieter);
  });
  await app.register(
    helmet,
    securityHeaders({ isDev: config.dev, isHttps: certificate !== null, publicUrl: config.publicUrl, backbonesUrl: config.backbonesUrl }),
  );
  app.addHook("onSend", async (request, reply) => {
    if (!isTrusted(request.raw, config.publicUrl)) for (const name of headersOfTrust) reply.removeHeader(name);
  });
  await app.register(compress, { global: true, threshold: 1024, encodings: ["gzip", "identity"] });
  addRunRoutes(app, ports);
  addTuned(app, ports.tunedDoor);
  ports.control(app);
  await addPublicFiles(app, config);
  await addPages(app, config, ports);
  return app;
}

interface BlobRoute {
  readonly Params: { readonly sha256: string };
}

function addRunRoutes(app: FastifyInstance, { blobs, runPage, metrics, metricsAccess }: HttpPorts): void {
  // A blob is no page, and a hundred clients ask for the same one at once: no policy of its own, compressed once.
  const blobOptions = { compress: false, helmet: { contentSecurityPolicy: false } } as const;
  const sendBlob = async (request: FastifyRequest<BlobRoute>, reply: FastifyReply): Promise<FastifyReply> => {
    const { sha256 } = request.params;
    const bytes = blobs.get(sha256);
    if (bytes === null) return reply.code(404).send({ error: "there is no such blob, or it was superseded" });
    void reply.header("cache-control", immutableCaching).header("etag", `"${sha256}"`).type("application/octet-stream");
    if (request.headers["if-none-match"] === `"${sha256}"`) return reply.code(304).send();
    void reply.header("vary", "accept-encoding");
    const gzipped = /\bgzip\b/.test(request.headers["accept-encoding"] ?? "") ? await blobs.compressed(sha256) : null;
    if (gzipped !== null) void reply.header("content-encoding", "gzip");
    const { buffer, byteOffset, byteLength } = gzipped ?? bytes;
    return reply.send(Buffer.from(buffer, byteOffset, byteLength));
  };
  app.get<BlobRoute>("/blobs/:sha256", blobOptions, sendBlob);
  app.get<BlobRoute>("/texts/:sha256", blobOptions, sendBlob); // public texts: part of the data set, and of no step
  app.get("/run.json", async (_request, reply) => reply.header("cache-control", "no-store").send(runPage()));
  app.get("/healthz", async (_request, reply) => reply.header("cache-control", "no-store").send({ isHealthy: true }));
  app.get("/metrics", async (request, reply) => {
    if (!mayReadMetrics(request, metricsAccess)) return reply.code(401).send({ error: "the token of the metrics is missing or wrong" });
    const { contentType, text } = await metrics();
    return reply.header("content-type", contentType).send(text);
  });
}

async function addPublicFiles(app: FastifyInstance, { publicDir }: CoordinatorConfig): Promise<void> {
  for (const folder of ["backbones", "datasets", "prompts"] as const) {
    await serveFolder(app, {
      prefix: `/${folder}/`,
      root: resolve(publicDir, folder),
      isImmutable: (path) => /[0-9a-f]{64}\.bin$/.test(path),
    });
  }
}

async function addPages(app: FastifyInstance, config: CoordinatorConfig, { pages }: HttpPorts): Promise<void> {
  if (pages !== undefined) {
    const handler = await pages(app.server);
    app.setNotFoundHandler((request, reply) => {
      for (const [name, value] of Object.entries(reply.getHeaders())) if (value !== undefined) reply.raw.setHeader(name, value);
      reply.hijack();
      handler(request.raw, reply.raw);
    });
    return;
  }
  const root = config.pagesDir === null ? null : resolve(config.pagesDir);
  if (root !== null) {
    const isImmutable = (path: string) => /[/\\]assets[/\\].*-[\w-]{8,}\.\w+$/.test(path);
    await serveFolder(app, { prefix: "/", root, isImmutable, hasPages: true });
  }
  const hint = root === null || existsSync(root) ? "there is no such page" : "the pages are not built: run npm run build, then start again";
  app.setNotFoundHandler((_request, reply) => reply.code(404).send({ error: hint }));
}

/** Connections that may wait to be taken, such as those of a class that opens the page at once; the system may allow fewer. */
const backlog = 4096;

/** Listens; an address that is taken or not ours is an error that says what to do. Resolves with the port. */
export async function listen(app: FastifyInstance, { host, port }: Pick<CoordinatorConfig, "host" | "port">): Promise<number> {
  return listening(app.server, { host, port }, () => app.listen({ host, port, backlog }));
}

/** The same for a server of connections. */
export async function listenAt(server: NetServer, { host, port }: Pick<CoordinatorConfig, "host" | "port">): Promise<number> {
  return listening(server, { host, port }, async () => {
    server.listen({ host, port, backlog });
    await once(server, "listening");
  });
}

async function listening(
  server: NetServer,
  { host, port }: Pick<CoordinatorConfig, "host" | "port">,
  begin: () => Promise<unknown>,
): Promise<number> {
  try {
    await begin();
  } catch (error) {
    const code = error instanceof Error && "code" in error ? error.code : null;
    if (code === "EADDRINUSE") {
      throw new Error(`port ${port} is in use: another coordinator may be running there; stop it, or choose another with --port`, {
        cause: error,
      });
    }
    if (code === "EACCES") throw new Error(`port ${port} needs administrator rights: choose one above 1023 with --port`, { cause: error });
    if (code === "EADDRNOTAVAIL")
      throw new Error(`host ${host} is not an address of this machine: choose another with --host`, { cause: error });
    throw error;
  }
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error(`listening on ${host}:${port} gave no port`);
  return address.port;
}
