import { expect, test } from "vitest";
import { tabAddress } from "./tabClients.ts";

test("a tab joins at the coordinator's page, also where a proxy has put it under a path", () => {
  const join = { backend: "wasm", threads: 2, kernels: "fast" } as const;
  const query = "?auto=1&backend=wasm&threads=2";
  expect(tabAddress({ ...join, url: "http://127.0.0.1:81" })).toBe(`http://127.0.0.1:81/${query}`);
  expect(tabAddress({ ...join, url: "https://host.example/a/b/" })).toBe(`https://host.example/a/b/${query}`);
});

test("a tab's address names the kernels only where plain ones are asked for", () => {
  const join = { backend: "auto", threads: 1, url: "http://127.0.0.1:81" } as const;
  expect(tabAddress({ ...join, kernels: "fast" })).toBe("http://127.0.0.1:81/?auto=1&backend=auto&threads=1");
  expect(tabAddress({ ...join, kernels: "plain" })).toBe("http://127.0.0.1:81/?auto=1&backend=auto&threads=1&kernels=plain");
});
