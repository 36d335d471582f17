import { existsSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { takePlace } from "./place.ts";

const home = mkdtempSync(join(tmpdir(), "tutti-place-"));
afterAll(() => rmSync(home, { recursive: true }));

const place = (url: string, examples: Parameters<typeof takePlace>[0]["examples"] = null, state?: string) =>
  takePlace({ state, url, examples, home });

test("a coordinator has one folder, whatever form its address has, and one client at a time may use it", () => {
  const first = place("http://192.168.1.20:8080");
  expect(first.folder).toBe(join(home, "clients/192.168.1.20-8080"));
  expect(() => place("http://192.168.1.20:8080/index.html")).toThrow(
    /is in use by process \d+: stop that process, or give another --state/,
  );
  const behindProxy = place("https://example.org/tutti");
  expect(behindProxy.folder).toBe(join(home, "clients/example.org-tutti"));
  expect(behindProxy.backbonesFolder).toBe(first.backbonesFolder);
  first.giveBack();
  place("http://192.168.1.20:8080/").giveBack();
  behindProxy.giveBack();
});

test("the same examples find their device again, others are another device", () => {
  const clientFolder = (text: string | null) => {
    const { clientFolder: found, giveBack } = place("http://a:1", text === null ? null : [{ text, label: 0 }], join(home, "mine"));
    giveBack();
    return found;
  };
  expect(clientFolder("x")).toBe(clientFolder("x"));
  expect(new Set([clientFolder("x"), clientFolder("y"), clientFolder(null)]).size).toBe(3);
});

test("a folder that cannot be used is told with the reason and with --state, and at once", () => {
  const file = join(home, "file");
  writeFileSync(file, "");
  const ofState = (state: string) => () => place("http://a:1", null, state);
  expect(ofState(file)).toThrow(`the folder ${file} cannot be written: a file of that name exists; give another folder with --state`);
  expect(ofState("")).toThrow("the name of the folder is empty; give a folder with --state");
  if (existsSync("/proc/self")) expect(ofState("/proc/none/mine")).toThrow("the system can create nothing there");
  const locked = join(home, "locked");
  mkdirSync(join(locked, "lock"), { recursive: true });
  expect(ofState(locked)).toThrow("there is a folder where a file belongs; give another folder with --state");
});

test.skipIf(process.platform === "win32")("a client's folder is its user's alone, because it holds the client's key", () => {
  const { folder, giveBack } = place("http://b:1", null, join(home, "deep/er"));
  giveBack();
  expect([folder, join(folder, "..")].map((path) => statSync(path).mode & 0o777)).toEqual([0o700, 0o700]);
});
