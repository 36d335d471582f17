import { mkdtempSync, rmSync } from "node:fs";
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
  expect(() => place("http://192.168.1.20:8080/index.html")).toThrow(/is in use by process \d+: stop that process, or give another --state/);
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
