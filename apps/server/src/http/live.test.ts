import { connect, type Socket } from "node:net";
import type { Live, LiveChange } from "@tutti/protocol";
import Fastify from "fastify";
import { afterEach, expect, test } from "vitest";
import type { Feed } from "../live/feed.ts";
import { manualClock } from "../testing/manualClock.ts";
import { addLive } from "./live.ts";

const open: { close(): unknown }[] = [];

afterEach(async () => {
  for (const one of open.splice(0)) await one.close();
});

/** The route alone, with a feed whose changes are as large as the test wants. */
async function serveFeed(changeBytes = 10, wholeBytes = 0) {
  const app = Fastify();
  const clock = manualClock();
  const closed: string[] = [];
  let numWholes = 0;
  const feed: Feed = {
    whole: () => ({ numWholes: ++numWholes, text: "x".repeat(wholeBytes) }) as unknown as Live,
    change: () => ({ text: "x".repeat(changeBytes) }) as unknown as LiveChange,
  };
  const audience = addLive(app, {
    feed,
    addresses: { refuse: () => null },
    access: { judge: () => "yes", isOperator: () => false, asksFor: "nothing" },
    clock,
    hasRoom: () => true,
    onClosed: (why) => closed.push(why),
  });
  await app.listen({ port: 0, host: "127.0.0.1" });
  open.push({ close: () => app.close() });
  const address = app.server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  const ask = async (): Promise<Socket> => {
    const socket = connect(port, "127.0.0.1");
    open.unshift({ close: () => socket.destroy() });
    socket.write("GET /live HTTP/1.1\r\nhost: a\r\n\r\n");
    await new Promise((resolve) => socket.once("readable", resolve));
    return socket;
  };
  return { audience, clock, closed, ask, numWholes: () => numWholes };
}

test("P-170: a feed that has nothing to say still says that it is there, and names when to come back", async () => {
  const { clock, ask } = await serveFeed();
  const socket = await ask();
  let text = "";
  socket.setEncoding("utf8");
  socket.on("data", (piece: string) => {
    text += piece;
  });
  await expect.poll(() => text).toContain("retry: 2000\n\nevent: whole\n");
  clock.advance(14_999);
  expect(text).not.toContain(": here");
  clock.advance(1);
  await expect.poll(() => text).toContain(": here\n\n");
});

test("P-141: a reader that does not read is closed, and the others are not", async () => {
  const { audience, closed, ask } = await serveFeed(1_000_000);
  await ask(); // reads nothing from here on
  const reader = await ask();
  reader.resume();
  expect(audience.numWatchers()).toBe(2);
  for (let told = 0; told < 40 && audience.numWatchers() === 2; told++) {
    audience.tell();
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  await expect.poll(audience.numWatchers).toBe(1);
  expect(closed).toEqual(["unread"]);
});

test("P-170: who reads slowly gets a whole that is larger than what may wait of changes", async () => {
  const { audience, closed, ask } = await serveFeed(100, 20_000_000);
  const reader = await ask(); // has read its beginning
  audience.tell();
  audience.tell();
  expect([closed, audience.numWatchers()]).toEqual([[], 1]);
  let last = "";
  reader.setEncoding("utf8").on("data", (piece: string) => {
    last = (last + piece).slice(-300);
  });
  await expect.poll(() => last).toContain("event: change\nid: 2\n");
});

test("P-170: readers who come in one moment are given one whole", async () => {
  const { clock, ask, numWholes } = await serveFeed();
  await Promise.all(Array.from({ length: 20 }, ask));
  expect(numWholes()).toBe(1);
  clock.advance(250);
  await ask();
  expect(numWholes()).toBe(2);
});
