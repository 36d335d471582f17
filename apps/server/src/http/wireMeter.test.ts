import { Agent, createServer, request } from "node:http";
import { expect, test } from "vitest";
import { createWireMeter } from "./wireMeter.ts";

const stateSha256 = "5".repeat(64);

test("bytes are charged by what a request asks for, headers included, also when requests share a connection", async () => {
  const meter = createWireMeter({ score: { up: 5, down: 7 } }, (sha256) => sha256 === stateSha256);
  const server = createServer((incoming, response) => {
    incoming.resume();
    response.end(Buffer.alloc(incoming.url?.startsWith("/blobs/") ? 3000 : 10_000));
  });
  meter.watch(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const get = (path: string) =>
    new Promise<void>((resolve, reject) => {
      const sent = request({ host: "127.0.0.1", port, path, agent }, (response) => {
        response.resume();
        response.on("end", resolve);
      });
      sent.on("error", reject);
      sent.end();
    });
  meter.setStep("count", null);
  await get("/blobs/1");
  await get("/backbones/x/1.bin");
  await get("/blobs/2");
  meter.setStep("train", null);
  await get("/blobs/3");
  await get(`/blobs/${stateSha256}`);
  await get("/datasets/rows.csv");
  const { count, train, states, backbone, dataset, score, pages } = meter.totals();
  agent.destroy();
  server.close();
  expect(score).toEqual({ up: 5, down: 7 });
  expect(pages).toEqual({ up: 0, down: 0 });
  for (const [bytes, body] of [
    [count, 6000],
    [train, 3000],
    [states, 3000],
    [backbone, 10_000],
    [dataset, 10_000],
  ] as const) {
    // Each response has a few hundred bytes of headers, each request about a hundred.
    expect(bytes.down).toBeGreaterThan(body + 50);
    expect(bytes.down).toBeLessThan(body + 600);
    expect(bytes.up).toBeGreaterThan(50);
    expect(bytes.up).toBeLessThan(400);
  }
});

test("only blobs that the open step's tasks name are remembered of an evaluation, whatever else is asked for", async () => {
  const meter = createWireMeter();
  const server = createServer((_, response) => void response.end(Buffer.alloc(2000)));
  meter.watch(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  const [named, stranger] = ["a".repeat(64), "b".repeat(64)];
  meter.setStep("evaluation", [named]);
  for (const sha256 of [named, stranger]) await (await fetch(`http://127.0.0.1:${port}/blobs/${sha256}`)).arrayBuffer();
  await expect.poll(() => Object.keys(meter.record().fetched ?? {})).toEqual([named]);
  server.closeAllConnections();
  server.close();
});
