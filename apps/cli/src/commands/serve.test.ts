import { expect, test } from "vitest";
import { settingsOf } from "./serve.ts";

test("flags become the names of a settings file, and what was not given stays out", () => {
  expect(settingsOf({ port: 0, seed: 7, rounds: 3, out: "elsewhere" })).toEqual({
    port: 0,
    dataDir: "elsewhere",
    logLevel: "warn",
    run: { seed: 7, numRounds: 3 },
  });
});

test("a certificate needs its key", () => {
  expect(() => settingsOf({ cert: "a.pem" })).toThrow("--cert and --key go together");
  expect(settingsOf({ cert: "a.pem", key: "b.pem" })).toMatchObject({ https: { cert: "a.pem", key: "b.pem" } });
});

test("an open roster is asked for by one flag", () => {
  expect(settingsOf({ openRoster: true, minDevices: 8 }).run).toEqual({ roster: "open", minDevices: 8 });
  expect(settingsOf({ openRoster: true, maxDevices: 40 }).run).toEqual({ roster: "open", maxDevices: 40 });
});
