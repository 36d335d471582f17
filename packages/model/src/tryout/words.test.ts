import { expect, test } from "vitest";
import { partsOfText, withoutPart } from "./words.ts";

test("a text's parts are the text again, and words are told from what stands between them", () => {
  const text = "  Late, and it wasn’t cheap! ";
  const parts = partsOfText(text);
  expect(parts.map((part) => part.text).join("")).toBe(text);
  expect(parts.filter(({ isWord }) => isWord).map((part) => part.text)).toEqual(["Late", "and", "it", "wasn’t", "cheap"]);
});

test("words are found where a script has no spaces", () => {
  expect(partsOfText("快递来晚了").filter(({ isWord }) => isWord).length).toBeGreaterThan(1);
});

test("a text without a word keeps its other words one space apart", () => {
  const parts = partsOfText("the parcel came late");
  const without = (word: string) =>
    withoutPart(
      parts,
      parts.findIndex(({ text }) => text === word),
    );
  expect(without("parcel")).toBe("the came late");
  expect(without("the")).toBe("parcel came late");
  expect(without("late")).toBe("the parcel came");
  expect(withoutPart(partsOfText("alone"), 0)).toBe("");
});
