import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { simulatedComparison, simulatedSource, simulatedSplits } from "@tutti/record/testing";
import { temporaryFolder } from "@tutti/terminal/testing";
import { parseHTML } from "linkedom";
import { expect, test } from "vitest";
import { standaloneSvg } from "./figures/standaloneSvg.tsx";
import { writeResultsPage } from "./files.ts";
import { escapeMarkdown, renderMarkdown } from "./markdown.ts";

test("the page has the command, the sentences, tables of one width, and every drawing", () => {
  const command = "npx tutti lab run mine.yaml --out results/mine";
  const { text, figures } = renderMarkdown({ ...simulatedComparison(), command }, "drawings");
  expect(text).toContain(`\`\`\`sh\n${command}\n\`\`\``);
  expect(text).toContain("FedPepTAO ties with the highest mean on");
  const block = text.slice(text.indexOf("### Global, after the last round"), text.indexOf("### Global, in the round"));
  const lines = block.split("\n").filter((line) => line.startsWith("|"));
  expect(lines).toHaveLength(2 + 6 + 5);
  for (const line of lines) expect(line.match(/(?<!\\)\|/g)).toHaveLength(5);
  expect(block.match(/≈ 0\./g)?.length).toBeGreaterThan(3);
  expect(text).toContain("feedback/topic: 1,056 training rows, 96 validation rows, 288 test rows. The rows are made up.");
  for (const { name } of figures) expect(text).toContain(`(drawings/${name}.svg)`);
  expect(new Set(figures.map(({ name }) => name)).size).toBe(figures.length);
});

test("rows of an added set are told with the hash of their files", () => {
  const result = simulatedComparison();
  const data = result.data.map((one) => ({ ...one, rows: "89abcdef".repeat(8) }));
  expect(renderMarkdown({ ...result, data }, "drawings").text).toContain(
    "The rows are made up. SHA-256 of the added files: 89abcdef89ab….",
  );
});

test("the rates that were tried are told with what validation said", () => {
  const tried = [
    { clientLearningRate: 0.003, runId: "a", validation: 0.61 },
    { clientLearningRate: 0.01, runId: "b", validation: null },
  ];
  const rate = { key: "lora/LoRA/subj", method: "lora", task: "subj", seed: 1, tried, chosen: 0.003 };
  const { text } = renderMarkdown({ ...simulatedComparison(), rates: [rate] }, "x");
  expect(text).toContain("| method | seed | validation rows | validation score by rate | chosen |");
  expect(text).toContain("| lora/LoRA/subj | 1 | – | 0.003: 0.610; 0.01: – | 0.003 (edge of the grid) |");
  expect(renderMarkdown({ ...simulatedComparison(), rates: [] }, "x").text).not.toContain("## Learning rates");
});

test("nothing in a text is read as markup", () => {
  expect(escapeMarkdown("a|b *c* _d_ <img> [x](y) `z`\n# no")).toBe("a\\|b \\*c\\* \\_d\\_ &lt;img&gt; \\[x\\](y) \\`z\\` \\# no");
});

test("a drawing of its own has a title and a legend of all its lines, and stands on white", () => {
  const [first] = renderMarkdown(simulatedComparison(), "x").figures;
  if (first === undefined) throw new Error("there is no drawing");
  const { document } = parseHTML(standaloneSvg(first.figure));
  const texts = [...document.querySelectorAll("svg > text")].map(({ textContent }) => textContent);
  expect(texts).toEqual(["feedback/topic: Accuracy by round, global", ...first.figure.legend.map(({ name }) => name)]);
  expect(document.querySelectorAll("svg > svg")).toHaveLength(1);
  expect(document.querySelector("svg > rect")?.getAttribute("fill")).toBe("#fff");
});

test("a title that is longer than its drawing stands in several lines above the legend", () => {
  const [first] = renderMarkdown(simulatedComparison(), "x").figures;
  if (first === undefined) throw new Error("there is no drawing");
  const title = "feedback/topic, partition α 0.5: Accuracy by bytes, personalised";
  const { document } = parseHTML(standaloneSvg({ ...first.figure, title }));
  const texts = [...document.querySelectorAll("svg > text")].map((text) => ({ text: text.textContent, y: Number(text.getAttribute("y")) }));
  const [one, two, legend] = texts;
  expect(`${one?.text} ${two?.text}`).toBe(title);
  expect(legend?.text).toBe(first.figure.legend[0]?.name);
  expect((two?.y ?? 0) - (one?.y ?? 0)).toBe(18);
  expect(legend?.y).toBeGreaterThan((two?.y ?? 0) + 12);
});

test("the page and its drawings are written beside each other, without those of an earlier time", async () => {
  const { path, remove } = temporaryFolder();
  try {
    await writeResultsPage({ ...simulatedComparison(), name: "splits" }, path);
    await writeResultsPage({ ...simulatedSplits(), name: "splits" }, path);
    const text = await readFile(join(path, "splits.md"), "utf8");
    const drawings = await readdir(join(path, "splits"));
    expect(drawings).toContain("subj-alpha-0.1-1-round.svg");
    expect(drawings).not.toContain("sst2-2-round.svg");
    for (const name of drawings) expect(text).toContain(`(splits/${name})`);
  } finally {
    remove();
  }
});

test("evaluations are apart from what goes up and down, which is said beside what bytes down are", () => {
  const { text } = renderMarkdown(simulatedComparison(), "x");
  const cost = text.slice(text.indexOf("## Cost"), text.indexOf("## Figures"));
  expect(cost).toContain("| method | bytes up | bytes down | of which scoring and counting | evaluation (not included) |");
  expect(cost).toContain("devices that share a tab are counted once");
  expect(cost).toContain("in neither bytes up nor bytes down, because it serves the comparison");
});

test("a mean over fewer seeds than the experiment has says over how many", () => {
  const { text } = renderMarkdown(simulatedComparison(), "x");
  const marked = text.split("\n").filter((line) => line.includes("seeds)"));
  expect(marked).toHaveLength(6);
  for (const line of marked) expect(line).toMatch(/^\| IDPG \|[^(]+\(2 seeds\) \|$/);
  expect(text).toContain(
    "Differences are tested only under the global protocol after the last round, where every answer is known, and only with 3 seeds or more",
  );
  expect(text).toContain("The round chosen on validation is the one with the highest global score on the validation split");
});

test("source prompts are named in a line each with what trained them", () => {
  const { text } = renderMarkdown({ ...simulatedComparison(), sources: [simulatedSource] }, "x");
  expect(text).toContain(
    "## Source prompts\n\n- qnli, 16 tokens for minuet: 9,264 rows of qnli, 1,000 steps, learning rate 0.01; accuracy on 1,029 validation rows 0.511 before and 0.565 after; SHA-256 0123456789ab…\n",
  );
  expect(renderMarkdown(simulatedComparison(), "x").text).not.toContain("## Source prompts");
});
