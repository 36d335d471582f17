import { expect, test } from "vitest";
import { takeFrames } from "./websocketFrames.ts";

/** A masked frame as clients send it; 126 and more bytes need a longer length. */
function masked(opcode: number, payload: Buffer): Buffer {
  const mask = Buffer.from([7, 91, 200, 13]);
  const length =
    payload.length < 126 ? Buffer.from([0x80 | payload.length]) : Buffer.from([0x80 | 126, payload.length >> 8, payload.length & 255]);
  return Buffer.concat([Buffer.from([0x80 | opcode]), length, mask, payload.map((byte, i) => byte ^ (mask[i & 3] ?? 0))]);
}

test("frames are taken off the front, unmasked; what is not whole stays", () => {
  const [text, binary] = [masked(1, Buffer.from("grüße")), masked(2, Buffer.alloc(300, 5))];
  const bytes = Buffer.concat([text, binary, masked(1, Buffer.from("rest")).subarray(0, 8)]);
  const { frames, rest } = takeFrames(bytes);
  expect(frames.map(({ opcode, isFinal, start }) => [opcode, isFinal, start])).toEqual([
    [1, true, 6],
    [2, true, 8],
  ]);
  expect(frames[0]?.payload.toString("utf8")).toBe("grüße");
  expect(frames[1]?.payload.equals(Buffer.alloc(300, 5))).toBe(true);
  expect(Buffer.concat([...frames.map((frame) => frame.bytes), rest]).equals(bytes)).toBe(true);
});

test("a frame that comes byte by byte is one frame", () => {
  let rest: Buffer = Buffer.alloc(0);
  const texts: string[] = [];
  for (const byte of masked(1, Buffer.from("slowly"))) {
    const taken = takeFrames(Buffer.concat([rest, Buffer.from([byte])]));
    rest = Buffer.from(taken.rest);
    texts.push(...taken.frames.map(({ payload }) => payload.toString("utf8")));
  }
  expect(texts).toEqual(["slowly"]);
});
