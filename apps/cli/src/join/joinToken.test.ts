import { startCoordinator } from "@tutti/server";
import { tinyFedAvg, tinyTuned } from "@tutti/server/testing";
import { temporaryFolder } from "@tutti/terminal/testing";
import { afterEach, expect, test, vi } from "vitest";
import { UsageError } from "../exitCodes.ts";
import { join } from "./join.ts";

const closeables: (() => unknown)[] = [];

afterEach(async () => {
  vi.restoreAllMocks();
  for (const close of closeables.splice(0).reverse()) await close();
});

test.each([
  ["code", "this run is by code word: give the whole link that `tutti serve` printed"],
  ["invitations", "this run is by invitation: give the whole link of your invitation"],
] as const)(
  "to a run by %s, `tutti join` without a token is wrong use, told before anything is downloaded",
  async (admission, sentence) => {
    const folder = temporaryFolder();
    closeables.push(folder.remove);
    const run = tinyFedAvg();
    const places = {
      dataDir: folder.path,
      publicDir: folder.path,
      pagesDir: null,
      host: "127.0.0.1",
      port: 0,
      logLevel: "silent",
    } as const;
    const coordinator = await startCoordinator({ ...places, admission, run }, { tuned: tinyTuned(run) });
    closeables.push(() => coordinator.close());
    const said: string[] = [];
    vi.spyOn(console, "log").mockImplementation((line) => void said.push(line));
    const failing = join(`${coordinator.url}/`, { backend: "wasm" });
    await expect(failing).rejects.toThrow(sentence);
    await expect(failing).rejects.toBeInstanceOf(UsageError);
    expect(said).toHaveLength(1);
  },
);
