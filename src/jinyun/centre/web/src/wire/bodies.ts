/**
 * What participants are, kept from the last key frame: frames between keys leave it out (`jinyun.centre.deltas`).
 */

import { ColumnsError, type Column, type Container } from "./columns.ts";

/** Columns of `tracks` that only keys hold. */
const BODY = ["kind", "class", "length_m", "width_m", "height_m"] as const;

type Rows = ReadonlyMap<string, Column>;

export class Bodies {
  private seq = NaN;
  private rows: Rows = new Map();
  private at = new Map<number, number>();

  /** Return a frame with what its tracks are: a key as it is, another with what the key and its own `bodies` say. */
  complete(frame: Container): Container {
    const tracks = frame.tables.get("tracks");
    if (tracks === undefined) return frame;
    const base = frame.meta["base"];
    if (base === undefined) {
      this.seq = Number(frame.meta["seq"]);
      this.rows = tracks.columns;
      this.at = places(tracks.columns.get("id"));
      return frame;
    }
    if (base !== this.seq) throw new ColumnsError(`a frame on key ${String(base)}, which has not come`);
    const ids = tracks.columns.get("id");
    const told = frame.tables.get("bodies");
    const own = places(told?.columns.get("id"));
    const columns = new Map(tracks.columns);
    for (const name of BODY) {
      const known = this.rows.get(name);
      const news = told?.columns.get(name);
      const model = known ?? news;
      if (ids === undefined || model === undefined || model instanceof BigInt64Array || model instanceof BigUint64Array) continue;
      const whole = new (model.constructor as new (n: number) => Exclude<Column, BigInt64Array | BigUint64Array>)(tracks.n);
      for (let i = 0; i < tracks.n; i++) {
        const id = Number(ids[i]);
        const here = own.get(id);
        const there = this.at.get(id);
        if (here !== undefined && news !== undefined) whole[i] = Number(news[here]);
        else if (there !== undefined && known !== undefined) whole[i] = Number(known[there]);
        else throw new ColumnsError(`track ${id} without a body`);
      }
      columns.set(name, whole);
    }
    const tables = new Map(frame.tables);
    tables.set("tracks", { n: tracks.n, columns });
    return { meta: frame.meta, tables };
  }
}

function places(ids: Column | undefined): Map<number, number> {
  const at = new Map<number, number>();
  if (ids !== undefined) for (let i = 0; i < ids.length; i++) at.set(Number(ids[i]), i);
  return at;
}
