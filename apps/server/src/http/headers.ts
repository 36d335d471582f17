import type { IncomingMessage } from "node:http";
import type { FastifyHelmetOptions } from "@fastify/helmet";
import { isLoopback, publicUrls } from "../entry/addresses.ts";

/** What the headers depend on. */
export interface PagePolicy {
  readonly isDev: boolean;
  readonly isHttps: boolean;
  /** Names under which the pages are known, beside the one that is asked. */
  readonly publicUrl: string | readonly string[];
  /** Another place that the pages may fetch backbones from. */
  readonly backbonesUrl: string | null;
}

/**
 * Helmet's options: cross-origin isolation, and a content security policy under which the pages compute and talk to this coordinator alone,
 * and fetch the backbone where it is.
 * There is no `upgrade-insecure-requests`: on plain http the page's own script would not load.
 */
export function securityHeaders({ isDev, isHttps, publicUrl, backbonesUrl }: PagePolicy): FastifyHelmetOptions {
  return {
    global: true,
    crossOriginOpenerPolicy: { policy: "same-origin" }, // taken back where it does not hold: see `isTrusted`
    crossOriginEmbedderPolicy: { policy: "require-corp" },
    crossOriginResourcePolicy: { policy: "same-origin" },
    // A certificate of its own is no promise for the future of a host name.
    strictTransportSecurity: false,
    originAgentCluster: isHttps,
    contentSecurityPolicy: isDev
      ? false
      : {
          useDefaults: false,
          directives: {
            defaultSrc: ["'self'"],
            scriptSrc: ["'self'", "'wasm-unsafe-eval'", "blob:"],
            workerSrc: ["'self'", "blob:"],
            connectSrc: [
              "'self'",
              // 'self' covers ws: and wss: of the same origin only in newer browsers
              ({ headers }: IncomingMessage) => socketsAt(headers.host ?? ""),
              ...publicUrls(publicUrl).map((url) => socketsAt(new URL(url).host)),
              "blob:",
              "data:",
              ...(backbonesUrl === null ? [] : [new URL(backbonesUrl).origin]),
            ],
            imgSrc: ["'self'", "data:", "blob:"],
            styleSrc: ["'self'", "'unsafe-inline'"],
            fontSrc: ["'self'", "data:"],
            objectSrc: ["'none'"],
            baseUri: ["'self'"],
            formAction: ["'self'"],
            frameAncestors: ["'self'"],
          },
        },
  };
}

/** Websockets of one host; a header that names none allows none. */
function socketsAt(host: string): string {
  return /^[\w.[\]:-]+$/.test(host) ? `ws://${host} wss://${host}` : "'self'";
}

/** Headers that browsers refuse, with an error in their console, on pages of addresses that they do not trust. */
export const headersOfTrust = ["cross-origin-opener-policy", "origin-agent-cluster"] as const;

/**
 * Whether the browser that asks trusts the address that it asked, as far as it shows: https, also where a proxy ends it, and this machine. Browsers send
 * `Sec-Fetch-Mode` to trusted addresses alone.
 */
export function isTrusted({ socket, headers }: IncomingMessage, publicUrl: string | readonly string[]): boolean {
  if (("encrypted" in socket && socket.encrypted === true) || headers["sec-fetch-mode"] !== undefined) return true;
  if (/^https\b/i.test(String(headers["x-forwarded-proto"] ?? "")) || /\bproto="?https\b/i.test(headers.forwarded ?? "")) return true;
  const { host = "" } = headers;
  const name = URL.canParse(`http://${host}`) ? new URL(`http://${host}`).hostname : "";
  if (isLoopback(name)) return true;
  return publicUrls(publicUrl).some((url) => url.startsWith("https:") && new URL(url).hostname === name);
}
