import { expect, test } from "vitest";
import { tinyFedAvg } from "../testing/tinyRun.ts";
import { capNotice, connectionCap, parseFileLimit, readFileLimit } from "./fileLimit.ts";

const procLimits = `Limit                     Soft Limit           Hard Limit           Units
Max processes             95000                95001                processes
Max open files            1024                 524288               files
Max locked memory         8388608              8388608              bytes
`;

test("the soft limit is read from the table of Linux, or from what ulimit -n prints", () => {
  expect(parseFileLimit(procLimits)).toBe(1024);
  expect(parseFileLimit("256\n")).toBe(256);
  expect(parseFileLimit("unlimited\n")).toBeNull();
  expect(parseFileLimit(procLimits.replace("1024  ", "unlimited"))).toBeNull();
  expect(parseFileLimit("")).toBeNull();
});

test("this process knows its own limit", () => {
  if (process.platform === "linux") expect(readFileLimit()).toBeGreaterThan(0);
});

test("P-140 the cap leaves 64 files to the coordinator and one more to each connection, and an operator can only lower it", () => {
  expect(connectionCap(1024, null)).toBe(480);
  expect(connectionCap(1024, 100)).toBe(100);
  expect(connectionCap(1024, 2000)).toBe(480);
  expect(connectionCap(40, null)).toBe(1);
  expect(connectionCap(null, null)).toBeNull();
  expect(connectionCap(null, 70)).toBe(70);
});

test("a limit that is too low for the run is told with what to do, and one that is enough is not", () => {
  const run = tinyFedAvg({ roster: "open", minDevices: 8, maxDevices: 300 });
  const config = { run, expectedClients: null };
  expect(capNotice(600, 1264, config)).toBeNull();
  expect(capNotice(null, null, config)).toBeNull();
  expect(capNotice(480, 1024, config)).toContain("this process may open 1024 files, which is too low");
  expect(capNotice(480, 1024, config)).toContain("ulimit -n 1264");
  expect(connectionCap(1264, null)).toBe(600);
  expect(capNotice(70, 1024, config)).toContain("set connections.max to 600 or more");
});

test("no more is asked for than a run may have clients: those that are expected, or one for each device", () => {
  expect(capNotice(20, 104, { run: tinyFedAvg({ numDevices: 30, maxDevices: 30 }), expectedClients: 10 })).toBeNull();
  expect(capNotice(20, 104, { run: tinyFedAvg({ numDevices: 30, maxDevices: 30 }), expectedClients: null })).toContain("30 clients");
  expect(
    capNotice(40_000, 80_064, { run: tinyFedAvg({ roster: "open", minDevices: 2, maxDevices: 100_000 }), expectedClients: null }),
  ).toBeNull();
});
