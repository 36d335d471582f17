import { expect, test } from "vitest";
import { countsByClass, examplesIn, type KeptExamples, ownExamples } from "./ownExamples.ts";

/** A shelf in memory, for a test to look at; `fails` makes every call fail. */
function shelfOf(first: KeptExamples | null, fails = false) {
  let kept = first;
  const set = (next: KeptExamples | null): void => {
    kept = next;
  };
  const unlessBroken = async <T>(act: () => T): Promise<T> => {
    if (fails) throw new DOMException("blocked", "SecurityError");
    return act();
  };
  const shelf = {
    read: () => unlessBroken(() => kept),
    write: (next: KeptExamples) => unlessBroken(() => set(next)),
    clear: () => unlessBroken(() => set(null)),
  };
  return { shelf, kept: () => kept };
}

const settled = () => new Promise((resolve) => setTimeout(resolve, 0));
const dear = { text: "Too dear", label: 3 };
const late = { text: "Came late", label: 0 };

test("what is typed, corrected and deleted is in the table, and on the shelf for the next visit", async () => {
  const { shelf, kept } = shelfOf(null);
  const table = ownExamples(shelf);
  table.add([dear, late]);
  const [first, second] = table.rows.value;
  table.change(first?.id ?? -1, { text: "Far too dear", label: 1 });
  table.remove(second?.id ?? -1);
  await settled();
  expect(examplesIn(table.rows.value)).toEqual([{ text: "Far too dear", label: 1 }]);
  expect(kept()?.examples).toEqual([{ text: "Far too dear", label: 1 }]);
  expect(table.keeping.value).toBe("kept");
  const next = ownExamples(shelf);
  await next.whenLoaded;
  expect(examplesIn(next.rows.value)).toEqual([{ text: "Far too dear", label: 1 }]);
});

test("forgetting leaves nothing in the table and nothing on the shelf", async () => {
  const { shelf, kept } = shelfOf({ examples: [dear], identity: "a" });
  const table = ownExamples(shelf);
  await table.whenLoaded;
  table.forget();
  await settled();
  expect([table.rows.value, kept()]).toEqual([[], null]);
});

test("a set that joined keeps its place however it grows there and through a reload; corrected before a join it is another set", async () => {
  const { shelf } = shelfOf(null);
  const table = ownExamples(shelf);
  table.add([dear]);
  const place = table.begin();
  table.add([late]);
  expect(table.begin()).toBe(place);
  await settled();
  const reloaded = ownExamples(shelf);
  await reloaded.whenLoaded;
  expect(reloaded.begin()).toBe(place);
  reloaded.end();
  reloaded.remove(reloaded.rows.value[0]?.id ?? -1);
  expect(reloaded.begin()).not.toBe(place);
});

test("the same examples have the same place after they were forgotten", () => {
  const places = [1, 2].map(() => {
    const table = ownExamples(shelfOf(null).shelf);
    table.add([dear, late]);
    return table.begin();
  });
  expect(places[0]).toBe(places[1]);
});

test("what is typed before the shelf has answered is kept behind what lay there, as another set", async () => {
  const { shelf, kept } = shelfOf({ examples: [dear], identity: "a" });
  const table = ownExamples(shelf);
  table.add([late]);
  await settled();
  expect(examplesIn(table.rows.value)).toEqual([dear, late]);
  expect(kept()?.examples).toEqual([dear, late]);
  expect(table.begin()).not.toBe("a");
});

test("a browser that keeps nothing still has a table, and says so", async () => {
  const table = ownExamples(shelfOf(null, true).shelf);
  table.add([dear]);
  await settled();
  expect([table.rows.value.length, table.keeping.value]).toEqual([1, "notKept"]);
});

test("examples are counted by class, in class order", () => {
  expect(countsByClass([dear, late, dear], ["delivery", "quality", "service", "price"])).toEqual([1, 0, 0, 2]);
});
