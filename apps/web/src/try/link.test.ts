import { expect, test } from "vitest";
import { isOther, linkTo, maxText, questionIn } from "./link.ts";

const sha256 = "0123456789abcdef".repeat(4);

test("a link asks the question again, whatever its letters, and says with which parameters", () => {
  const question = { text: "Zu spät & „kaputt“ #1 +2", textB: "zwei\nZeilen" };
  const link = linkTo("https://example.org/class/try", question, sha256);
  const { hash, origin, pathname, search } = new URL(link);
  expect([origin, pathname, search]).toEqual(["https://example.org", "/class/try", ""]); // all of it is behind the #
  expect(questionIn(hash)).toEqual({ ...question, parameters: sha256.slice(0, 16) });
  expect(isOther({ parameters: sha256.slice(0, 16) }, sha256)).toBe(false);
  expect(isOther({ parameters: "f".repeat(16) }, sha256)).toBe(true);
  expect(isOther({ parameters: null }, sha256)).toBe(false);
});

test("a fragment without a text asks nothing, and what is not a hash is left out", () => {
  expect(questionIn("")).toBeNull();
  expect(questionIn("#token=blue-heron")).toBeNull();
  expect(questionIn("#text=%20")).toBeNull();
  expect(questionIn("#text=late&parameters=xyz&token=blue")).toEqual({ text: "late", textB: null, parameters: null });
  expect(questionIn(`#text=${"a".repeat(maxText + 9)}`)?.text).toHaveLength(maxText);
});
