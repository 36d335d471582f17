import type { IncomingMessage } from "node:http";
import type { FastifyHelmetOptions } from "@fastify/helmet";

/** What the headers depend on. */
export interface PagePolicy {
  readonly isDev: boolean;
  readonly isHttps: boolean;
  /** Another place that the pages may fetch backbones from. */
  readonly backbonesUrl: string | null;
}

/**
 * Helmet's options: cross-origin isolation, and a content security policy under which the pages compute and talk to this coordinator alone,
 * and fetch the backbone where it is.
 * There is no `upgrade-insecure-requests`: on plain http the page's own script would not load.
 */
export function securityHeaders({ isDev, isHttps, backbonesUrl }: PagePolicy): FastifyHelmetOptions {
  return {
    global: true,
    // request by request: see `isTrusted`
    crossOriginOpenerPolicy: false,
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
            // 'self' covers ws: and wss: of the same origin only in newer browsers.
            connectSrc: ["'self'", "ws:", "wss:", "blob:", "data:", ...(backbonesUrl === null ? [] : [new URL(backbonesUrl).origin])],
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

const loopbackNames = /^(?:localhost|.*\.localhost|127(?:\.\d+){3}|\[::1\])$/i;

/**
 * Whether the browser that asks trusts this origin, so that cross-origin isolation can hold: https, also where a proxy ends it, and this machine.
 * Elsewhere a browser ignores `Cross-Origin-Opener-Policy` with an error in its console. Browsers send `Sec-Fetch-Mode` to trusted origins alone.
 */
export function isTrusted({ headers }: Pick<IncomingMessage, "headers">, isHttps: boolean): boolean {
  if (isHttps || headers["sec-fetch-mode"] !== undefined || /^https\b/i.test(String(headers["x-forwarded-proto"] ?? ""))) return true;
  const { host } = headers;
  return host !== undefined && loopbackNames.test(host.replace(/:\d+$/, ""));
}
