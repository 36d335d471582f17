import { once } from "node:events";
import { createServer, type IncomingMessage, request, type ServerResponse } from "node:http";

/** A proxy as some schools have them: it passes requests on and lets no websocket through. */
export interface NoUpgrades {
  readonly url: string;
  /** Upgrades that were refused so far. */
  numRefused(): number;
  close(): Promise<void>;
}

/** A proxy before what listens at this port of this machine. */
export async function startNoUpgrades(port: number): Promise<NoUpgrades> {
  let numRefused = 0;
  const server = createServer((incoming, answer) => passOn(incoming, answer, port));
  server.on("upgrade", (_, socket) => {
    numRefused += 1;
    socket.end("HTTP/1.1 403 Forbidden\r\nconnection: close\r\n\r\n");
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the proxy listens at no port");
  return {
    url: `http://127.0.0.1:${address.port}`,
    numRefused: () => numRefused,
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

function passOn(incoming: IncomingMessage, answer: ServerResponse, port: number): void {
  const { method, url: path, headers } = incoming;
  const sent = request({ host: "127.0.0.1", port, method, path, headers, agent: false }, (response) => {
    answer.writeHead(response.statusCode ?? 502, response.headers);
    response.pipe(answer);
  });
  const giveUp = () => sent.destroy();
  answer.once("close", giveUp);
  sent.once("error", () => answer.destroy());
  incoming.pipe(sent);
}
