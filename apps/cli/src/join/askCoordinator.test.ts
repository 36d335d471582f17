import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { protocolVersion } from "@tutti/protocol";
import { afterEach, expect, test } from "vitest";
import { askCoordinator } from "./askCoordinator.ts";
import { coordinatorAddress } from "./coordinatorAddress.ts";

let close = () => undefined as unknown;
afterEach(() => close());

async function answering(listener: RequestListener): Promise<string> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  close = () => server.close();
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
}

test("where nothing listens, it says so, with what to do", async () => {
  const url = await answering(() => undefined);
  await close();
  await expect(askCoordinator(url)).rejects.toThrow(
    `${url}: no coordinator answers (ECONNREFUSED): start one with \`tutti serve\`, or check the address`,
  );
});

test("another web server is told from a coordinator", async () => {
  await expect(askCoordinator(await answering((_, response) => response.end("<html>")))).rejects.toThrow(
    "found something else than a coordinator",
  );
  await close();
  const missing = await answering((_, response) => response.writeHead(404).end());
  await expect(askCoordinator(missing)).rejects.toThrow(`${missing}: HTTP 404, expected a coordinator's answer; check the address`);
});

test("a coordinator of another version is named with which machine to update", async () => {
  for (const [version, machine] of [
    [protocolVersion + 1, "this machine"],
    [protocolVersion - 1, "the coordinator's machine"],
  ] as const) {
    const url = await answering((_, response) => response.end(JSON.stringify({ protocolVersion: version })));
    await expect(askCoordinator(url)).rejects.toThrow(
      `speaks version ${version} of the protocol, this command version ${protocolVersion}: update Tutti on ${machine}`,
    );
    await close();
  }
});

test("https on a server that speaks http is told", async () => {
  const url = (await answering((_, response) => response.end())).replace("http:", "https:");
  await expect(askCoordinator(url)).rejects.toThrow(/it speaks no https \(.*\): try the address with http:\/\//);
});

test("an address without a scheme is refused with an example", () => {
  expect(coordinatorAddress("http://a.example/x")).toBe("http://a.example/x");
  for (const text of ["localhost:8080", "classroom", "ftp://a"])
    expect(() => coordinatorAddress(text)).toThrow(`${text} is not a coordinator's address: expected one such as http://192.168.1.20:8080`);
});
