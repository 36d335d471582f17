/** A websocket frame as it travels (RFC 6455, section 5.2). */
export interface Frame {
  /** The whole frame. */
  readonly bytes: Buffer;
  readonly isFinal: boolean;
  /** 1 text, 2 binary, 0 goes on, 8 and above control. */
  readonly opcode: number;
  /** Where the payload starts. */
  readonly start: number;
  readonly payload: Buffer;
}

/** Takes frames off the front of what has arrived; what is not whole yet is handed back. */
export function takeFrames(arrived: Buffer): { readonly frames: readonly Frame[]; readonly rest: Buffer } {
  const frames: Frame[] = [];
  let rest = arrived;
  for (let frame = firstFrame(rest); frame !== null; frame = firstFrame(rest)) {
    frames.push(frame);
    rest = rest.subarray(frame.bytes.length);
  }
  return { frames, rest };
}

function firstFrame(bytes: Buffer): Frame | null {
  if (bytes.length < 2) return null;
  const [first, second] = [bytes.readUInt8(0), bytes.readUInt8(1)];
  const isMasked = (second & 0x80) !== 0;
  const short = second & 0x7f;
  const lengthBytes = short === 126 ? 2 : short === 127 ? 8 : 0;
  const start = 2 + lengthBytes + (isMasked ? 4 : 0);
  if (bytes.length < start) return null;
  const length = lengthBytes === 0 ? short : lengthBytes === 2 ? bytes.readUInt16BE(2) : Number(bytes.readBigUInt64BE(2));
  if (bytes.length < start + length) return null;
  const payload = Buffer.from(bytes.subarray(start, start + length));
  if (isMasked) for (let i = 0; i < length; i++) payload[i] = payload.readUInt8(i) ^ bytes.readUInt8(start - 4 + (i & 3));
  return { bytes: bytes.subarray(0, start + length), isFinal: (first & 0x80) !== 0, opcode: first & 0x0f, start, payload };
}
