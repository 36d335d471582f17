import { expect, test } from "vitest";
import { labTabAddress } from "./tabClients.ts";

test("a tab joins at the coordinator's page, also where a proxy has put it under a path", () => {
  const join = { backend: "wasm", threads: 2 } as const;
  const query = "?auto=1&backend=wasm&threads=2&tab=3";
  expect(labTabAddress({ ...join, url: "http://127.0.0.1:81" }, 3)).toBe(`http://127.0.0.1:81/${query}`);
  expect(labTabAddress({ ...join, url: "https://host.example/a/b/" }, 3)).toBe(`https://host.example/a/b/${query}`);
});
