/** WebAssembly instructions; an expression leaves one value on the stack, a statement none. Types are checked when the module is validated. */
export type Code = readonly number[];
type ValueType = "i32" | "f32" | "v128";

/** A parameter or variable of a function. */
export interface Local {
  readonly index: number;
  readonly type: ValueType;
}

/** A function's body under construction. */
export interface FunctionBuilder {
  local(type: ValueType): Local;
  emit(...statements: Code[]): void;
  /** for (counter = start; counter < end; counter += step) with a signed comparison. */
  loop(counter: Local, range: { start: Code; end: Code; step: number }, body: () => void): void;
  /** for (; counter + margin < end; counter += step), going on from where the counter is. */
  loopOn(counter: Local, range: { end: Code; step: number; margin: number }, body: () => void): void;
}

/** A function of a module: its exported name, its parameters, and what writes its body. */
export interface FunctionDefinition {
  readonly name: string;
  readonly parameters: readonly ValueType[];
  build(builder: FunctionBuilder, parameters: readonly Local[]): void;
}

const typeCodes: Readonly<Record<ValueType, number>> = { i32: 0x7f, f32: 0x7d, v128: 0x7b };

/** A module that imports the memory `env.memory` and exports the functions, none of which returns a value. */
export function assemble(functions: readonly FunctionDefinition[], memory: { readonly isShared: boolean }): Uint8Array<ArrayBuffer> {
  const types = functions.map(({ parameters }) => [0x60, ...vector(parameters.map((type) => [typeCodes[type]])), 0]);
  const limits = memory.isShared ? [3, ...unsigned(0), ...unsigned(65536)] : [0, ...unsigned(0)];
  const bodies = functions.map(assembleBody);
  return Uint8Array.from([
    0,
    0x61,
    0x73,
    0x6d,
    1,
    0,
    0,
    0,
    ...section(1, vector(types)),
    ...section(2, vector([[...text("env"), ...text("memory"), 2, ...limits]])),
    ...section(3, vector(functions.map((_, index) => unsigned(index)))),
    ...section(7, vector(functions.map(({ name }, index) => [...text(name), 0, ...unsigned(index)]))),
    ...section(10, vector(bodies.map((body) => [...unsigned(body.length), ...body]))),
  ]);
}

function assembleBody({ parameters, build }: FunctionDefinition): number[] {
  const locals: ValueType[] = [];
  const body: number[] = [];
  const emit = (...statements: Code[]) => {
    for (const statement of statements) body.push(...statement);
  };
  const whileBelow = (counter: Local, limit: Code, step: number, inner: () => void) => {
    emit([0x02, 0x40, 0x03, 0x40], limit, [0x0d, 1]); // block, loop, leave when the limit is reached
    inner();
    emit(set(counter, i32.add(get(counter), i32.constant(step))), [0x0c, 0, 0x0b, 0x0b]);
  };
  const builder: FunctionBuilder = {
    local(type) {
      locals.push(type);
      return { index: parameters.length + locals.length - 1, type };
    },
    emit,
    loop(counter, { start, end, step }, inner) {
      emit(set(counter, start));
      whileBelow(counter, i32.atLeast(get(counter), end), step, inner);
    },
    loopOn(counter, { end, step, margin }, inner) {
      whileBelow(counter, i32.atLeast(i32.add(get(counter), i32.constant(margin)), end), step, inner);
    },
  };
  build(
    builder,
    parameters.map((type, index) => ({ index, type })),
  );
  return [...vector(locals.map((type) => [...unsigned(1), typeCodes[type]])), ...body, 0x0b];
}

/** The value of a local. */
export function get(local: Local): Code {
  return [0x20, ...unsigned(local.index)];
}

/** Statement: local = value. */
export function set(local: Local, value: Code): Code {
  return [...value, 0x21, ...unsigned(local.index)];
}

/** 32-bit integers; addresses are in bytes. */
export const i32 = {
  constant: (value: number): Code => [0x41, ...signed(value)],
  add: (a: Code, b: Code): Code => [...a, ...b, 0x6a],
  multiply: (a: Code, b: Code): Code => [...a, ...b, 0x6c],
  atLeast: (a: Code, b: Code): Code => [...a, ...b, 0x4e],
  xor: (a: Code, b: Code): Code => [...a, ...b, 0x73],
  /** Unsigned. */
  shiftRight: (a: Code, places: Code): Code => [...a, ...places, 0x76],
  /** The smaller of two locals, compared as signed. */
  smaller: (a: Local, b: Local): Code => [...get(a), ...get(b), ...get(a), ...get(b), 0x48, 0x1b],
};

/** Single floats. */
export const f32 = {
  constant: (value: number): Code => [0x43, ...bytesOf(value)],
  load: (address: Code, offset = 0): Code => [...address, 0x2a, 2, ...unsigned(offset)],
  store: (address: Code, value: Code, offset = 0): Code => [...address, ...value, 0x38, 2, ...unsigned(offset)],
  add: (a: Code, b: Code): Code => [...a, ...b, 0x92],
  multiply: (a: Code, b: Code): Code => [...a, ...b, 0x94],
  divide: (a: Code, b: Code): Code => [...a, ...b, 0x95],
  larger: (a: Code, b: Code): Code => [...a, ...b, 0x97],
  root: (a: Code): Code => [...a, 0x91],
};

const simd = (opcode: number): number[] => [0xfd, ...unsigned(opcode)];
const unary =
  (opcode: number) =>
  (a: Code): Code => [...a, ...simd(opcode)];
const binary =
  (opcode: number) =>
  (a: Code, b: Code): Code => [...a, ...b, ...simd(opcode)];

/** Four floats side by side. */
export const f32x4 = {
  load: (address: Code, offset = 0): Code => [...address, ...simd(0x00), 2, ...unsigned(offset)],
  loadSplat: (address: Code, offset = 0): Code => [...address, ...simd(0x09), 2, ...unsigned(offset)],
  store: (address: Code, value: Code, offset = 0): Code => [...address, ...value, ...simd(0x0b), 2, ...unsigned(offset)],
  constant: (value: number): Code => [...simd(0x0c), ...Array.from({ length: 4 }, () => bytesOf(value)).flat()],
  splat: unary(0x13),
  lane: (a: Code, lane: number): Code => [...a, ...simd(0x1f), lane],
  above: binary(0x44),
  absolute: unary(0xe0),
  add: binary(0xe4),
  subtract: binary(0xe5),
  multiply: binary(0xe6),
  divide: binary(0xe7),
  larger: binary(0xe9),
  /** The first or, where that is above it, the second; a first that is NaN stays. One instruction, where those that look for NaN are seven. */
  atMost: binary(0xea),
  /** The first or, where that is below it, the second; a first that is NaN stays. */
  atLeast: binary(0xeb),
  root: unary(0xe3),
  /** Four lanes of two vectors: 0 to 3 are the first's, 4 to 7 the second's. */
  shuffle: (a: Code, b: Code, lanes: readonly [number, number, number, number]): Code => [
    ...a,
    ...b,
    ...simd(0x0d),
    ...lanes.flatMap((lane) => [0, 1, 2, 3].map((byte) => 4 * lane + byte)),
  ],
  /** Bitwise; with the mask of a comparison it keeps or zeroes. */
  and: binary(0x4e),
  or: binary(0x50),
  xor: binary(0x51),
  /** 2ⁿ for whole n from −126 to 127, to which 1.5 · 2²³ was added: its lowest bits are those of n. */
  powerOfTwo: (n: Code): Code => [...n, ...i32x4.constant([127, 127, 127, 127]), ...simd(0xae), ...i32.constant(23), ...simd(0xab)],
  /** c₀ + x (c₁ + x (c₂ + …)). */
  polynomial: (x: Code, coefficients: readonly number[]): Code =>
    coefficients.reduceRight<Code>(
      (sum, c, index) => (index === coefficients.length - 1 ? f32x4.constant(c) : f32x4.add(f32x4.multiply(sum, x), f32x4.constant(c))),
      [],
    ),
};

/** Four integers side by side. */
export const i32x4 = {
  constant: (lanes: readonly number[]): Code => [...simd(0x0c), ...new Uint8Array(Int32Array.from(lanes).buffer)],
  splat: unary(0x11),
  /** All bits of a lane where the two are equal, else none. */
  equal: binary(0x37),
};

/** Statement and expression: the four lanes of a local combined by `combine`. */
export function acrossLanes(local: Local, combine: (a: Code, b: Code) => Code): Code {
  const lane = (index: number) => f32x4.lane(get(local), index);
  return combine(combine(lane(0), lane(1)), combine(lane(2), lane(3)));
}

function bytesOf(value: number): number[] {
  const view = new DataView(new ArrayBuffer(4));
  view.setFloat32(0, value, true);
  return [...new Uint8Array(view.buffer)];
}

function section(id: number, content: readonly number[]): number[] {
  return [id, ...unsigned(content.length), ...content];
}

function vector(items: readonly Code[]): number[] {
  return [...unsigned(items.length), ...items.flat()];
}

function text(value: string): number[] {
  return [...unsigned(value.length), ...[...value].map((character) => character.charCodeAt(0))];
}

/** LEB128. */
function unsigned(value: number): number[] {
  return value < 128 ? [value] : [(value & 127) | 128, ...unsigned(value >>> 7)];
}

function signed(value: number): number[] {
  const isLast = value >= -64 && value < 64;
  return isLast ? [value & 127] : [(value & 127) | 128, ...signed(value >> 7)];
}
