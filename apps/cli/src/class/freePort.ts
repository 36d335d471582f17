import { createServer } from "node:net";

const numTries = 20;

/** The wanted port, and any free one for 0; where it is taken, and was not asked for by name, one of the next that is free. Links say it before anything listens. */
export async function freePort(host: string, wanted: number, isAsked: boolean): Promise<number> {
  if (wanted === 0) return (await probe(host, 0)) ?? 0;
  if (isAsked) return wanted;
  for (let port = wanted; port < wanted + numTries; port++) if ((await probe(host, port)) !== null) return port;
  return wanted;
}

/** The port that could be listened at, or null. */
function probe(host: string, wanted: number): Promise<number | null> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(null));
    server.listen({ host, port: wanted }, () => {
      const address = server.address();
      server.close(() => resolve(address === null || typeof address === "string" ? null : address.port));
    });
  });
}
