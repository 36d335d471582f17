import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { temporaryFolder } from "@tutti/terminal/testing";
import { expect, test } from "vitest";
import { morePeak, noPeak, parsePeak, readPeakMemory } from "./peakMemory.ts";

test("a peak is the kernel's count in bytes, and the larger one is kept", () => {
  expect(parsePeak("VmPeak:\t  900 kB\nVmHWM:\t  1500 kB\nVmRSS:\t 1200 kB\n")).toBe(1_536_000);
  expect(parsePeak("Name:\tkthreadd\n")).toBeNull();
  expect(morePeak({ tab: 5, compute: null }, { tab: 3, compute: 7 })).toEqual({ tab: 5, compute: 7 });
  expect(morePeak(noPeak, noPeak)).toEqual(noPeak);
});

test.runIf(existsSync("/proc/self/status"))("processes are known by profile and address, and a page is one below its browser", async () => {
  const folder = temporaryFolder();
  const url = "http://127.0.0.1:59999";
  const [page, browser] = [join(folder.path, "page.mjs"), join(folder.path, "browser.mjs")];
  writeFileSync(page, `const held = Buffer.alloc(60e6, 1); console.log("ready"); setInterval(() => held, 1000);`);
  writeFileSync(
    browser,
    `import { spawn } from "node:child_process"; spawn(process.execPath, [${JSON.stringify(page)}, "--type=renderer"], { stdio: "inherit" });
    setInterval(() => {}, 1000);`,
  );
  const start = (...words: string[]) => spawn(process.execPath, words, { stdio: ["ignore", "pipe", "ignore"], detached: true });
  const profile = join(folder.path, "7");
  const children = [start(browser, `--user-data-dir=${profile}`), start(page, "compute", "--quiet", "--join", url)];
  try {
    await Promise.all(children.map((child) => once(child.stdout, "data")));
    const found = readPeakMemory([profile], url);
    expect(found.tab).toBeGreaterThan(60e6);
    expect(found.compute).toBeGreaterThan(60e6);
    expect(readPeakMemory([profile.slice(0, -1)], `${url}9`)).toEqual(noPeak);
  } finally {
    for (const { pid } of children) if (pid !== undefined) process.kill(-pid, "SIGKILL");
    folder.remove();
  }
});
