import { connect, type Socket } from "node:net";
import { takeFrames } from "@tutti/lab";
import { clientIdentity, type ProofPurpose, protocolVersion } from "@tutti/protocol";

/** Payload of a client's frame, masked with zeros as it may be (RFC 6455, section 5.3). */
function frameOf(text: string): Buffer {
  const payload = Buffer.from(text);
  const head = payload.length < 126 ? [0x81, 0x80 | payload.length] : [0x81, 0x80 | 126, payload.length >> 8, payload.length & 255];
  return Buffer.concat([Buffer.from([...head, 0, 0, 0, 0]), payload]);
}

function helloOf(index: number, purpose: ProofPurpose): string {
  const capabilities = { backend: "auto", threads: 1, isSecureContext: true, userAgent: "bench" };
  const proven = clientIdentity(`bench-${String(index).padStart(20, "0")}`).prove(purpose);
  return JSON.stringify(["hello", { protocolVersion, ...proven, hosting: "own", ownExamples: 20, devices: [], capabilities }]);
}

/** Speaks engine.io and socket.io over a bare socket and joins as one client with its own examples; resolves when its device is registered. */
function join(port: number, index: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, "127.0.0.1");
    const send = (text: string): void => void socket.write(frameOf(text));
    let rest = Buffer.alloc(0);
    let isUpgraded = false;
    const onText = (text: string): void => {
      if (text === "2") send("3");
      else if (text.startsWith("0")) send("40");
      else if (text.startsWith("40"))
        send(`420${helloOf(index, { audience: `127.0.0.1:${port}`, challenge: JSON.parse(text.slice(2)).sid })}`);
      else if (text.startsWith("430")) {
        const [outcome] = JSON.parse(text.slice(3));
        if (!outcome.ok) reject(new Error(outcome.message));
        else send(`421${JSON.stringify(["register", { devices: [{ deviceId: outcome.value.devices[0].deviceId, numExamples: 20 }] }])}`);
      } else if (text.startsWith("431")) resolve(socket);
    };
    socket.on("error", reject);
    socket.on("data", (chunk: Buffer) => {
      rest = Buffer.concat([rest, chunk]);
      const headersEnd = rest.indexOf("\r\n\r\n");
      if (!isUpgraded && headersEnd < 0) return;
      if (!isUpgraded) rest = rest.subarray(headersEnd + 4);
      isUpgraded = true;
      const taken = takeFrames(rest);
      rest = Buffer.from(taken.rest);
      for (const { opcode, payload } of taken.frames) if (opcode === 1) onText(payload.toString("utf8"));
    });
    socket.write(
      `GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n` +
        "Sec-WebSocket-Key: dHV0dGktam9pbi1iZW5jaA==\r\nSec-WebSocket-Version: 13\r\n\r\n",
    );
  });
}

/** Told how many are to be there, lets the missing ones join one after another and answers with the bytes that all have received so far. */
function main(port: number): void {
  const sockets: Socket[] = [];
  process.on("message", async (numClients: number) => {
    while (sockets.length < numClients) sockets.push(await join(port, sockets.length));
    process.send?.(sockets.reduce((sum, { bytesRead }) => sum + bytesRead, 0));
  });
}

main(Number(process.argv[2]));
