import { type FileMetaData, type ParquetParsers, parquetSchema, type SchemaElement } from "hyparquet";
import { exactNumber } from "./exactNumber.ts";
import { type RowLimits, requireLength } from "./rows.ts";

/** Makes a column's value as it is unpacked what a row holds. */
export type ValueOf = (value: unknown) => unknown;

/** Text as `textOf` decodes it, dates and times as text with all their digits. */
export function exactParsers(textOf: (bytes: Uint8Array) => string): Partial<ParquetParsers> {
  return {
    stringFromBytes: (bytes: Uint8Array | undefined) => bytes && textOf(bytes),
    timestampFromMilliseconds: (value: bigint) => timeText(value, 3),
    timestampFromMicroseconds: (value: bigint) => timeText(value, 6),
    timestampFromNanoseconds: (value: bigint) => timeText(value, 9),
    dateFromDays: (days: number) => timeText(BigInt(days) * 86_400n, 0).slice(0, -"T00:00:00".length),
  };
}

/** The metadata without the marks of decimals, which would be unpacked as rounded numbers, and what makes each column's values exact. */
export function withExactValues(
  metadata: FileMetaData,
  textOf: (bytes: Uint8Array) => string,
): { metadata: FileMetaData; exactOf: ReadonlyMap<string, ValueOf> } {
  const columns = parquetSchema(metadata).children.map(({ element }) => element);
  const schema = metadata.schema.map((element) => {
    if (!isDecimal(element)) return element;
    const { converted_type: _, logical_type: __, ...plain } = element;
    return plain;
  });
  return { metadata: { ...metadata, schema }, exactOf: new Map(columns.map((element) => [element.name, exactOf(element, textOf)])) };
}

function exactOf(element: SchemaElement, textOf: (bytes: Uint8Array) => string): ValueOf {
  if (isDecimal(element)) return (value) => decimal(value, scaleOf(element));
  if (element.type === "BYTE_ARRAY") return (value) => (value instanceof Uint8Array ? textOf(value) : value);
  return isUnsigned(element) ? (value) => whole(typeof value === "bigint" ? BigInt.asUintN(64, value) : value) : whole;
}

function isDecimal({ converted_type: converted, logical_type: logical }: SchemaElement): boolean {
  return converted === "DECIMAL" || logical?.type === "DECIMAL";
}

function scaleOf({ scale, logical_type: logical }: SchemaElement): number {
  return scale ?? (logical?.type === "DECIMAL" ? logical.scale : 0);
}

function isUnsigned({ converted_type: converted, logical_type: logical }: SchemaElement): boolean {
  return converted === "UINT_64" || (logical?.type === "INTEGER" && logical.bitWidth === 64 && !logical.isSigned);
}

function whole(value: unknown): unknown {
  return typeof value === "bigint" ? exactNumber(String(value)) : value;
}

/** A decimal is kept as a whole number of units: a number, or big-endian bytes in two's complement. */
function decimal(value: unknown, scale: number): unknown {
  if (value === null || value === undefined) return value;
  const units = value instanceof Uint8Array ? fromBytes(value) : BigInt(String(value));
  return exactNumber(`${units}e-${scale}`);
}

function fromBytes(bytes: Uint8Array): bigint {
  const unsigned = bytes.reduce((sum, byte) => sum * 256n + BigInt(byte), 0n);
  return BigInt.asIntN(8 * bytes.length, unsigned);
}

/** Such as 2026-01-31T12:30:00.000250, of units since 1970; the digits after the point as many as the unit has, where they are not 0. */
function timeText(value: bigint, numDigits: number): string {
  const unit = 10n ** BigInt(numDigits);
  const fraction = BigInt.asUintN(64, ((value % unit) + unit) % unit);
  const seconds = (value - fraction) / unit;
  const date = new Date(Number(seconds) * 1000);
  if (Number.isNaN(date.getTime())) return `${value}e-${numDigits}`;
  const text = date.toISOString().replace(".000Z", "");
  return fraction === 0n ? text : `${text}.${String(fraction).padStart(numDigits, "0")}`;
}

/** Characters of text in a row's fields, lists and structures in them included. */
export function numCharacters(fields: object): number {
  return Object.values(fields).reduce((sum: number, value: unknown) => sum + charactersOf(value), 0);
}

function charactersOf(value: unknown): number {
  if (typeof value === "string") return value.length;
  return typeof value === "object" && value !== null && !ArrayBuffer.isView(value) ? numCharacters(value) : 0;
}

/** Refuses columns whose text is too much for certain, before anything is unpacked; a character takes three bytes at most. */
export function requireTextRoom(metadata: FileMetaData, columns: readonly string[] | undefined, source: string, limits: RowLimits): void {
  let numBytes = 0;
  for (const { columns: chunks } of metadata.row_groups) {
    for (const { meta_data: chunk } of chunks) {
      const isText = chunk?.type === "BYTE_ARRAY" && columns?.includes(chunk.path_in_schema[0] ?? "") !== false;
      if (isText) numBytes += Number(chunk.total_uncompressed_size) - 5 * Number(chunk.num_values);
    }
  }
  requireLength(Math.floor(numBytes / 3), source, limits);
}
