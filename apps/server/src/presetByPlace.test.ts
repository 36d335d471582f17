import { join } from "node:path";
import { presets } from "@tutti/core";
import { expect, test } from "vitest";
import { memoryStore } from "./journal/keyValueStore.ts";
import { presetByPlace } from "./presetByPlace.ts";
import { deriveRunId } from "./runFolder.ts";
import { mergeSettings } from "./settings.ts";
import { lmdbStore } from "./testing/lmdbStore.ts";
import { createScene } from "./testing/scene.ts";
import { tinyFedAvg } from "./testing/tinyRun.ts";

const scene = createScene();
const known = { presets, preset: "default" };
const chosenFor = async (flags: object, file: object = {}) =>
  (await presetByPlace({ ...known, flags: { dataDir: "/nowhere", ...flags }, file: { ...file } }, false)).preset;

test("where other machines may come, a run whose settings name no preset takes `public`, and says so", async () => {
  for (const flags of [{}, { host: "192.0.2.7" }, { host: "::" }, { host: "127.0.0.1", publicUrl: "https://tutti.example" }])
    expect(await chosenFor(flags), JSON.stringify(flags)).toBe("public");
  for (const host of ["127.0.0.1", "localhost", "::1"]) expect(await chosenFor({ host }), host).toBe("default");
  expect((await presetByPlace(known, false)).line).toContain("preset public, as other machines may come");
  expect(await chosenFor({}, { host: "127.0.0.1" })).toBe("default");
});

test("a preset that flags or file name is taken wherever the run is served, and nothing is said", async () => {
  expect(await presetByPlace({ ...known, flags: { preset: "demo" } }, false)).toEqual({ preset: "default", doors: {}, line: null });
  expect(await chosenFor({}, { preset: "official" })).toBe("default");
});

test("`public` is by code word unless something else is asked for; the other presets are open", () => {
  const admission = (preset: string, flags: object = {}) => mergeSettings({ ...known, preset, flags: { ...flags } }).admission;
  expect(admission("public")).toBe("code");
  expect(admission("public", { admission: "invitations" })).toBe("invitations");
  expect(admission("public", { preset: "demo" })).toBe("open");
  expect(admission("default", { preset: "public" })).toBe("code");
  expect(["default", "demo", "official"].map((name) => admission(name))).toEqual(["open", "open", "open"]);
});

test("a run that is given whole, as a branch is, keeps its settings and gets a code word", async () => {
  const chosen = await presetByPlace({ presets: { branch: presets.official }, preset: "branch" }, true);
  expect(chosen).toMatchObject({
    preset: "branch",
    doors: { admission: "code" },
    line: expect.stringContaining("the link carries a code word"),
  });
});

test("a run that was begun with the preset that was taken before goes on with its numbers, behind the new doors", async () => {
  const [before, now] = [tinyFedAvg(), tinyFedAvg({ deadlineMs: 77_000 })];
  const sources = { presets: { default: before, public: now }, preset: "default", flags: { dataDir: scene.folder() } };
  expect((await presetByPlace(sources, false)).preset).toBe("public");
  const begun = await scene.start(
    before,
    { runId: deriveRunId(before) },
    { store: lmdbStore(join(scene.folder(), deriveRunId(before), "journal")) },
  );
  await begun.close();
  const resumed = await presetByPlace(sources, false);
  expect(resumed).toMatchObject({ preset: "default", doors: { admission: "code" }, line: expect.stringContaining("keeps its settings") });
  const named = { ...sources, flags: { ...sources.flags, runId: deriveRunId(before) } };
  expect((await presetByPlace(named, false)).preset).toBe("default");
  await (await scene.start(now, { runId: deriveRunId(now) }, { store: memoryStore() })).close(); // no journal of its own: not begun
  expect((await presetByPlace(sources, false)).preset).toBe("default");
});
