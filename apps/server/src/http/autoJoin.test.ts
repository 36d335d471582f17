import { expect, test } from "vitest";
import { withoutAuto } from "./autoJoin.ts";

const asked = (url: string, site?: string, mode = "navigate") =>
  withoutAuto({ url, headers: { "sec-fetch-mode": mode, ...(site === undefined ? {} : { "sec-fetch-site": site }) } });

test("another site's link to a page that joins by itself leads to one that waits for its button; programs and the run's own pages join", () => {
  expect(asked("/?backend=wasm&auto=1&lang=de", "cross-site")).toBe("./?backend=wasm&lang=de");
  expect(asked("/tutti/index.html?auto=1", "same-site")).toBe("./index.html?");
  for (const site of ["none", "same-origin", undefined]) expect(asked("/?auto=1", site)).toBeNull();
  expect(asked("/?lang=de", "cross-site")).toBeNull();
  expect(asked("/assets/a.js?auto=1", "cross-site", "no-cors")).toBeNull();
});
