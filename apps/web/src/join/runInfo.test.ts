import { presets } from "@tutti/core";
import { cardFormat, findClassification, findTask, parseOwnExamples } from "@tutti/data";
import { landingStatusSchema, protocolVersion } from "@tutti/protocol";
import { afterEach, expect, test, vi } from "vitest";
import { emptyStatus } from "../testing/events.ts";
import { fetchRunInfo } from "./runInfo.ts";
import { classificationOf, taskTitle } from "./taskTitle.ts";

const folder = "https://host.example/tutti/";

afterEach(() => {
  vi.unstubAllGlobals();
});

function serve(task: string, card: string | null): string[] {
  const asked: string[] = [];
  const run = {
    protocolVersion,
    runId: "run-1",
    run: { ...presets.demo, task },
    keepsStates: false,
    admission: "open",
    status: landingStatusSchema.parse(
      Object.fromEntries(Object.entries(emptyStatus).filter(([name]) => Object.hasOwn(landingStatusSchema.shape, name))),
    ),
    urls: { backbone: "backbones/minuet/manifest.json", dataset: "datasets/" },
  };
  vi.stubGlobal("fetch", async (url: string) => {
    asked.push(url);
    if (url === `${folder}run.json`) return new Response(JSON.stringify(run));
    return new Response(card, { status: card === null ? 404 : 200 });
  });
  return asked;
}

const task = {
  ...findTask("feedback/topic"),
  name: "tickets",
  title: "Who should answer?",
  dataset: "tickets",
  classes: ["a", "b", "c", "d"],
};
const card = {
  format: cardFormat,
  task,
  numRows: { train: 9, validation: null, test: 2 },
  numByClass: [3, 2, 2, 2],
  source: "tickets.csv",
  licence: "unknown",
  sha256: {},
  notes: [],
};

test("a page asks below its own folder and learns an added task, so that it can show its title and read a volunteer's file for it", async () => {
  const asked = serve("tickets", JSON.stringify(card));
  expect((await fetchRunInfo(folder)).run.task).toBe("tickets");
  expect(asked).toEqual([`${folder}run.json`, `${folder}datasets/tickets/dataset.json`]);
  expect(taskTitle("tickets")).toBe("Who should answer?");
  expect(classificationOf("tickets")?.classes).toEqual(["a", "b", "c", "d"]);
  const own = parseOwnExamples("own.csv", new TextEncoder().encode("text,label\nHello,C\n"), findClassification("tickets", "this test"));
  expect(own.examples[0]?.label).toBe(2);
});

test("a page asks for no card of a built-in task, and lives without one", async () => {
  expect(serve("mr", null)).toHaveLength(0);
  expect((await fetchRunInfo(folder)).run.task).toBe("mr");
  const asked = serve("unknown", null);
  expect((await fetchRunInfo(folder)).run.task).toBe("unknown");
  expect(asked).toHaveLength(2);
  expect(taskTitle("unknown")).toBe("unknown");
});
