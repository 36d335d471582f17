import { createServer } from "node:net";

const numTries = 20;

/** The wanted port; where it is taken, and was not asked for by name, one of the next that is free. */
export async function freePort(host: string, wanted: number, isAsked: boolean): Promise<number> {
  if (isAsked || wanted === 0) return wanted;
  for (let port = wanted; port < wanted + numTries; port++) if (await isFree(host, port)) return port;
  return wanted;
}

function isFree(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once("error", () => resolve(false));
    probe.listen({ host, port }, () => probe.close(() => resolve(true)));
  });
}
