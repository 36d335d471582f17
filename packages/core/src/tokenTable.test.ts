import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { tokenTable, tokenTableHash } from "./tokenTable.ts";

const fileOf = (backbone: string) => readFileSync(new URL(`../../../public/backbones/${backbone}/tokenizer.json`, import.meta.url), "utf8");
const bpe = (vocab: Record<string, number>, added: readonly object[] = []) => JSON.stringify({ model: { vocab }, added_tokens: added });

test("etude and concerto share one token table; another vocabulary, or two ids that are swapped, have another hash", () => {
  const etude = tokenTableHash(fileOf("etude"));
  expect(tokenTableHash(fileOf("concerto"))).toBe(etude);
  expect(tokenTable(fileOf("etude")).size).toBe(8192);
  expect(tokenTableHash(bpe({ a: 0, b: 1 }))).not.toBe(tokenTableHash(bpe({ b: 0, a: 1 })));
  expect(tokenTableHash(bpe({ a: 0, b: 1 }))).not.toBe(tokenTableHash(bpe({ a: 0, b: 1, c: 2 })));
});

test("the hash is of the tokens by id, whatever the order in the file and whatever else it says", () => {
  const expected = createHash("sha256").update('[0,"a"]\n[1,"__proto__"]\n[2,"<s>"]\n').digest("hex");
  const added = [{ id: 9, content: "a" }, { id: 7, content: "<s>" }, { content: "" }];
  expect(tokenTableHash('{"model":{"vocab":{"__proto__":1,"a":0}},"added_tokens":[{"content":"<s>"}]}')).toBe(expected);
  expect(tokenTableHash(bpe({ a: 0, ["__proto__"]: 1 }, added))).toBe(expected);
  expect([...tokenTable('{"model":{"vocab":[["<unk>",0],["x",-1.5]]}}')]).toEqual([
    [0, "<unk>"],
    [1, "x"],
  ]);
  expect(() => tokenTable('{"version":"1.0"}')).toThrow("tokenizer.json has no model.vocab");
});
