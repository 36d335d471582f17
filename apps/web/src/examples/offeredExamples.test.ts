import { expect, test } from "vitest";
import { offerExample, openExamplesChannel, takeOffered } from "./offeredExamples.ts";
import { type KeptExamples, ownExamples } from "./ownExamples.ts";

/** A browser's shelf, and what lies on it. */
function shelfWith(kept: KeptExamples | null) {
  let now = kept;
  return {
    kept: () => now,
    read: async () => now,
    async write(next: KeptExamples) {
      now = next;
    },
    async clear() {
      now = null;
    },
  };
}

const late = { text: "late", label: 0 };
const dear = { text: "dear", label: 3 };

test("the tab that has the table takes what another page offers, and keeps it", async () => {
  const shelf = shelfWith({ examples: [late], identity: "mine" });
  const table = ownExamples(shelf);
  const [own, other] = [openExamplesChannel("open"), openExamplesChannel("open")];
  takeOffered(own, table);
  await offerExample(dear, { channel: other, shelf: shelfWith(null), waitMs: 5000 });
  expect(table.rows.value.map(({ text }) => text)).toEqual(["late", "dear"]);
  await expect.poll(() => shelf.kept()?.examples).toEqual([late, dear]);
  own?.close();
  other?.close();
});

test("where no tab has the table, the example goes onto the shelf and the set keeps its place in the run", async () => {
  const shelf = shelfWith({ examples: [late], identity: "mine" });
  const channel = openExamplesChannel("closed");
  await offerExample(dear, { channel, shelf, waitMs: 1 });
  expect(shelf.kept()).toEqual({ examples: [late, dear], identity: "mine" });
  await offerExample(late, { channel: null, shelf, waitMs: 1 });
  expect(shelf.kept()?.examples).toEqual([late, dear, late]);
  channel?.close();
});

test("what is no example is not taken, and a table of another place hears nothing", async () => {
  const table = ownExamples(shelfWith(null));
  const [own, stranger, elsewhere] = [openExamplesChannel("here"), openExamplesChannel("here"), openExamplesChannel("there")];
  takeOffered(own, table);
  for (const example of [null, { text: 7, label: 0 }, { text: "x", label: "y" }]) {
    stranger?.postMessage({ kind: "offer", id: "1", example } as never);
  }
  await offerExample(dear, { channel: elsewhere, shelf: shelfWith(null), waitMs: 50 });
  expect(table.rows.value).toEqual([]);
  for (const channel of [own, stranger, elsewhere]) channel?.close();
});
