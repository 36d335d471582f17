import { createServer } from "node:net";
import { runSettingsSchema } from "@tutti/protocol";
import { expect, test } from "vitest";
import { parseLabels } from "./classLabels.ts";
import { classRun } from "./classRun.ts";
import { classLines } from "./classText.ts";
import { freePort } from "./freePort.ts";
import { lanAddress } from "./lanAddress.ts";

test("labels are parted by commas and freed of spaces, and what cannot be told apart is a sentence", () => {
  expect(parseLabels("happy, very   sad ,Wütend")).toEqual(["happy", "very sad", "Wütend"]);
  for (const [text, why] of [
    ["happy", 'found one label, "happy"; there must be two or more'],
    ["happy,,sad", "found an empty label"],
    ["Happy,sad,HAPPY", '"HAPPY" is there twice, if only in another case'],
    [Array.from({ length: 200 }, (_, i) => `label${i}`).join(","), "found 200 labels; a class can tell at most 20 apart"],
    [`happy,${"x".repeat(41)}`, "is too long; a label has at most 40 characters"],
    ["happy,sa\u0007d", "a character that cannot be shown"],
  ] as const)
    expect(() => parseLabels(text), text).toThrow(why);
});

test("the runs of a class are runs that a coordinator takes", () => {
  const plain = classRun({ task: "feedback/sentiment", seed: 7 });
  expect(runSettingsSchema.parse(plain)).toMatchObject({ roster: "open", minDevices: 1, helpers: { fillTo: 4 }, backbone: "minuet" });
  expect(classRun({ task: "feedback/sentiment", seed: 7, helpers: 0 }).helpers).toBeUndefined();
  const labels = [
    { name: "happy", word: "happy" },
    { name: "sad", word: "sad" },
  ];
  const typed = classRun({ task: "labels/happy.sad", labels, seed: 7, minDevices: 3 });
  expect(runSettingsSchema.parse(typed)).toMatchObject({ labels, minDevices: 3, strategy: { countingRounds: 0, keepFraction: 0.5 } });
  expect(typed.helpers).toBeUndefined();
});

test("the address that is shown is that of the interface with the default route, else a private one", async () => {
  const known = ["203.0.113.9", "192.168.1.20", "10.8.0.2"];
  expect(await lanAddress(async () => "10.8.0.2", known)).toBe("10.8.0.2");
  expect(await lanAddress(async () => null, known)).toBe("192.168.1.20");
  expect(await lanAddress(async () => "198.51.100.7", known)).toBe("192.168.1.20"); // the route's address is not of a network here
  expect(await lanAddress(async () => null, ["fd00::2", "172.31.0.4"])).toBe("172.31.0.4");
  expect(await lanAddress(async () => null, [])).toBeNull();
});

test("a port that is taken gives way to the next, unless it was asked for", async () => {
  const server = createServer().listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  expect(await freePort("127.0.0.1", address.port, false)).toBeGreaterThan(address.port);
  expect(await freePort("127.0.0.1", address.port, true)).toBe(address.port);
  server.close();
});

test("what is printed says link, words, fingerprint and what each browser shows, and warns of the operator's token", () => {
  const told = {
    title: "A class: feedback/sentiment",
    notes: [],
    link: "http://192.168.1.20:8080/trust#token=amber-lake-violin",
    address: "http://192.168.1.20:8080/trust",
    codeWords: "amber-lake-violin",
    stageLink: "http://localhost:8080/stage#operator=secret",
    fingerprint: "AB:CD",
    numHelpers: 3,
    folder: "runs/class-1",
    runId: "class-1",
    isAlone: false,
    isFinished: false,
  };
  const text = classLines(told).join("\n");
  for (const part of [
    "http://192.168.1.20:8080/trust\n",
    "amber lake violin",
    "AB:CD",
    "Safari: “This Connection Is Not Private”",
    "3 helper devices",
  ])
    expect(text).toContain(part);
  expect(text).toContain("do not pass it on");
  const quiet = classLines({ ...told, fingerprint: null, codeWords: null, isAlone: true }).join("\n");
  expect(quiet).not.toContain("SHA-256");
  expect(quiet).toContain("This machine is in no network");
});
