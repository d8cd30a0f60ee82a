/**
 * Columns on the wire: the reader of the container that `jinyun.net.columns` writes.
 *
 * Layout (little-endian): `u32 magic "JYC1" | u32 header length | JSON header | padding to 8 | columns, each padded
 * to 8`. Columns are views of the received buffer, not copies. Tables and columns that the page does not know are kept
 * and ignored by those who read.
 */

export type Column =
  | Uint8Array
  | Uint16Array
  | Uint32Array
  | BigUint64Array
  | Int8Array
  | Int16Array
  | Int32Array
  | BigInt64Array
  | Float32Array
  | Float64Array;

export interface Table {
  readonly n: number;
  readonly columns: ReadonlyMap<string, Column>;
}

export interface Container {
  readonly meta: Record<string, unknown>;
  readonly tables: ReadonlyMap<string, Table>;
}

/** The bytes are not a container of columns; the message names the place. */
export class ColumnsError extends Error {
  override readonly name = "ColumnsError";
}

const MAGIC = 0x3143594a; // "JYC1"
const MAX_HEADER = 1 << 20;

type ColumnType = new (buffer: ArrayBuffer, offset: number, length: number) => Column;

const TYPES: Readonly<Record<string, readonly [ColumnType, number]>> = {
  u1: [Uint8Array, 1],
  u2: [Uint16Array, 2],
  u4: [Uint32Array, 4],
  u8: [BigUint64Array, 8],
  i1: [Int8Array, 1],
  i2: [Int16Array, 2],
  i4: [Int32Array, 4],
  i8: [BigInt64Array, 8],
  f4: [Float32Array, 4],
  f8: [Float64Array, 8],
};

interface Header {
  meta?: Record<string, unknown>;
  tables: { name: string; n: number; cols: [string, string][] }[];
}

function readHeader(buffer: ArrayBuffer): { header: Header; at: number } {
  if (buffer.byteLength < 8) throw new ColumnsError(`${buffer.byteLength} bytes`);
  const view = new DataView(buffer);
  if (view.getUint32(0, true) !== MAGIC) throw new ColumnsError("does not begin with JYC1");
  const length = view.getUint32(4, true);
  if (length > MAX_HEADER || 8 + length > buffer.byteLength) {
    throw new ColumnsError(`header of ${length} bytes in ${buffer.byteLength}`);
  }
  let header: unknown;
  try {
    header = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(new Uint8Array(buffer, 8, length)));
  } catch (error) {
    throw new ColumnsError(`header: ${String(error)}`);
  }
  if (typeof header !== "object" || header === null || !Array.isArray((header as Header).tables)) {
    throw new ColumnsError("header: no list of tables");
  }
  return { header: header as Header, at: 8 + length + (-(8 + length) & 7) };
}

/** Return the tables and meta of a container; throws {@link ColumnsError} when the bytes are cut or foreign. */
export function unpack(buffer: ArrayBuffer): Container {
  const { header, at: start } = readHeader(buffer);
  const tables = new Map<string, Table>();
  let at = start;
  for (const listing of header.tables) {
    const n = listing?.n;
    if (!Number.isInteger(n) || n < 0 || !Array.isArray(listing.cols)) throw new ColumnsError("header: table listing");
    const columns = new Map<string, Column>();
    for (const entry of listing.cols) {
      const [name, type] = Array.isArray(entry) ? entry : [];
      const known = typeof type === "string" && Object.hasOwn(TYPES, type) ? TYPES[type] : undefined;
      if (known === undefined || typeof name !== "string") {
        throw new ColumnsError(`table ${listing.name}, column ${name}: type ${type}`);
      }
      const [Type, width] = known;
      const size = n * width;
      if (at + size > buffer.byteLength) {
        throw new ColumnsError(`table ${listing.name}, column ${name}: cut at byte ${buffer.byteLength}`);
      }
      columns.set(name, new Type(buffer, at, n));
      at += size + (-size & 7);
    }
    tables.set(String(listing.name), { n, columns });
  }
  return { meta: header.meta ?? {}, tables };
}

const EMPTY: Table = { n: 0, columns: new Map() };

/** The table of that name; an absent one has no rows. */
export function table(container: Container, name: string): Table {
  return container.tables.get(name) ?? EMPTY;
}

type Numbers = Exclude<Column, BigUint64Array | BigInt64Array>;

function numbers(column: Column): Numbers {
  return column instanceof BigUint64Array || column instanceof BigInt64Array
    ? Float64Array.from(column, Number)
    : column;
}

/** A column that must be there; 64-bit integers are given as doubles. */
export function need(from: Table, name: string): Numbers {
  const column = from.columns.get(name);
  if (column === undefined) {
    if (from.n === 0) return new Float32Array(0);
    throw new ColumnsError(`column ${name} is missing`);
  }
  return numbers(column);
}

/** A column that may be absent: then every row has `otherwise`. */
export function want(from: Table, name: string, otherwise: number): Numbers {
  const column = from.columns.get(name);
  return column === undefined ? new Float32Array(from.n).fill(otherwise) : numbers(column);
}
