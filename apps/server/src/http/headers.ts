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
    crossOriginOpenerPolicy: { policy: "same-origin" },
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
