/**
 * The map's tiles: which of them a view wants, their fetching, and those that are kept.
 *
 * A tile of the finer level lies within one of the coarser, its parent. Near by, both are wanted: the parent has the names
 * that are read from afar, and stands in while finer tiles are on their way. What is on its way and left the view is given
 * up; what is kept and was longest not wanted makes room.
 */

import type { Bounds, Tile, ZoneMap } from "../wire/zonemap.ts";

/** Requests at one time. */
const MOST_ASKED = 6;
/** Bytes of tiles kept beyond those wanted now; as plates and buffers they take some forty times that. */
const MOST_BYTES = 3_000_000;
/** Tiles this share of the screen beyond its edges are fetched before they come into view. */
const AHEAD = 0.25;
const FIRST_PAUSE_MS = 1000;
const LONGEST_PAUSE_MS = 30_000;

/** What a tile's bytes became. */
export interface Kept<T> {
  readonly tile: Tile;
  readonly bytes: number;
  readonly made: T;
}

/** What is drawn for a tile of level 1: itself, finer tiles, or the overview's lines in its stead. */
export interface Choice<T> {
  readonly shown: readonly Kept<T>[];
  /** tiles of level 1 for which the overview stands in */
  readonly absent: readonly Tile[];
}

export interface Work<T> {
  /** a tile's bytes; null: the map is no longer that one */
  ask(tile: Tile, signal: AbortSignal): Promise<ArrayBuffer | null>;
  /** make what is kept of a tile; throws when the bytes are not one */
  make(buffer: ArrayBuffer, tile: Tile): T;
  /** a kept tile makes room */
  gone(kept: Kept<T>): void;
  /** the centre has another map */
  changed(): void;
}

interface Family {
  readonly parent: Tile;
  readonly children: readonly Tile[];
}

export function keyOf({ level, column, row }: Tile): string {
  return `${level}/${column}/${row}`;
}

function meets(a: Bounds, b: Bounds): boolean {
  return a[0] <= b[2] && a[2] >= b[0] && a[1] <= b[3] && a[3] >= b[1];
}

function grown([west, south, east, north]: Bounds, share: number): Bounds {
  const [dx, dy] = [(east - west) * share, (north - south) * share];
  return [west - dx, south - dy, east + dx, north + dy];
}

function families({ tiles, levels }: ZoneMap): Family[] {
  const found = new Map<string, { parent: Tile; children: Tile[] }>();
  for (const tile of tiles) if (tile.level === 1) found.set(`${tile.column}/${tile.row}`, { parent: tile, children: [] });
  const share = levels.length > 1 ? Math.round(levels[0]!.tile_m / levels[1]!.tile_m) : 1;
  for (const tile of tiles) {
    if (tile.level !== 2) continue;
    found.get(`${Math.floor(tile.column / share)}/${Math.floor(tile.row / share)}`)?.children.push(tile);
  }
  return [...found.values()];
}

export class Tiles<T> {
  private readonly families: readonly Family[];
  /** in the order in which they were last wanted */
  private readonly kept = new Map<string, Kept<T>>();
  private readonly asked = new Map<string, AbortController>();
  private readonly arrived: { readonly tile: Tile; readonly buffer: ArrayBuffer }[] = [];
  private readonly failed = new Map<string, { readonly until_ms: number; readonly pause_ms: number }>();
  private wanted: ReadonlyMap<string, Tile> = new Map();
  private bytes = 0;
  private closed = false;

  constructor(
    private readonly map: ZoneMap,
    private readonly work: Work<T>,
  ) {
    this.families = families(map);
  }

  /** The level drawn at a scale [m per drawn pixel]; 0 is the overview. */
  levelAt(scale: number): number {
    return this.map.levels.filter(({ nearer_than }) => scale < nearer_than).length;
  }

  /** How many tiles are wanted, kept, and on their way. */
  get counts(): { wanted: number; kept: number; asked: number; bytes: number; missing: number } {
    const missing = [...this.wanted.keys()].filter((key) => !this.kept.has(key)).length;
    return { wanted: this.wanted.size, kept: this.kept.size, asked: this.asked.size, bytes: this.bytes, missing };
  }

  /** Want the tiles of a view: give up others that are on their way, ask for those that lack, nearest first. */
  look(bounds: Bounds, scale: number, now_ms: number): void {
    const level = this.levelAt(scale);
    const around = grown(bounds, AHEAD);
    const wanted: Tile[] = [];
    if (level > 0) {
      for (const { parent, children } of this.families) {
        if (meets(parent.box, around)) wanted.push(parent);
        if (level > 1) wanted.push(...children.filter((child) => meets(child.box, around)));
      }
    }
    const x = (bounds[0] + bounds[2]) / 2;
    const y = (bounds[1] + bounds[3]) / 2;
    const away = ({ box }: Tile): number =>
      Math.hypot(Math.max(box[0] - x, 0, x - box[2]), Math.max(box[1] - y, 0, y - box[3]));
    wanted.sort((a, b) => Number(meets(b.box, bounds)) - Number(meets(a.box, bounds)) || b.level - a.level || away(a) - away(b));
    this.wanted = new Map(wanted.map((tile) => [keyOf(tile), tile]));
    for (const [key, request] of this.asked) {
      if (this.wanted.has(key)) continue;
      request.abort();
      this.asked.delete(key);
    }
    for (const key of this.wanted.keys()) {
      const kept = this.kept.get(key);
      if (kept === undefined) continue;
      this.kept.delete(key);
      this.kept.set(key, kept);
    }
    this.makeRoom();
    this.askOn(now_ms);
  }

  /** Ask for more while requests are free; for tiles that failed, after their pause. */
  askOn(now_ms: number): void {
    for (const [key, tile] of this.wanted) {
      if (this.closed || this.asked.size >= MOST_ASKED) return;
      const waits = (this.failed.get(key)?.until_ms ?? 0) > now_ms;
      if (waits || this.kept.has(key) || this.asked.has(key) || this.arrived.some((a) => keyOf(a.tile) === key)) continue;
      const request = new AbortController();
      this.asked.set(key, request);
      void this.fetch(key, tile, request);
    }
  }

  private async fetch(key: string, tile: Tile, request: AbortController): Promise<void> {
    try {
      const buffer = await this.work.ask(tile, request.signal);
      if (this.asked.get(key) !== request) return;
      this.asked.delete(key);
      if (buffer === null) {
        this.fail(key);
        this.work.changed();
      } else this.arrived.push({ tile, buffer });
    } catch {
      if (this.asked.get(key) !== request) return;
      this.asked.delete(key);
      this.fail(key);
    }
  }

  private fail(key: string): void {
    const pause_ms = Math.min(LONGEST_PAUSE_MS, (this.failed.get(key)?.pause_ms ?? FIRST_PAUSE_MS / 2) * 2);
    this.failed.set(key, { until_ms: performance.now() + pause_ms, pause_ms });
  }

  /** Make what arrived for at most `budget_ms`, one tile at least; returns what was made. */
  make(budget_ms: number): Kept<T>[] {
    const until = performance.now() + budget_ms;
    const made: Kept<T>[] = [];
    while (this.arrived.length > 0 && (made.length === 0 || performance.now() < until)) {
      const { tile, buffer } = this.arrived.shift()!;
      const key = keyOf(tile);
      if (!this.wanted.has(key)) continue;
      try {
        const kept = { tile, bytes: buffer.byteLength, made: this.work.make(buffer, tile) };
        this.kept.set(key, kept);
        this.bytes += kept.bytes;
        this.failed.delete(key);
        made.push(kept);
      } catch {
        this.fail(key);
      }
    }
    return made;
  }

  private makeRoom(): void {
    for (const [key, kept] of this.kept) {
      if (this.bytes <= MOST_BYTES || this.wanted.has(key)) return;
      this.kept.delete(key);
      this.bytes -= kept.bytes;
      this.work.gone(kept);
    }
  }

  /** What to draw for a view: all by tiles of its level where they are kept, and by what is nearest to them elsewhere. */
  choose(view: Bounds, scale: number): Choice<T> {
    const bounds = grown(view, AHEAD);
    const level = this.levelAt(scale);
    const shown: Kept<T>[] = [];
    const absent: Tile[] = [];
    for (const { parent, children } of this.families) {
      const near = children.filter((child) => meets(child.box, bounds));
      if (near.length === 0 && !meets(parent.box, bounds)) continue;
      const coarse = this.kept.get(keyOf(parent));
      const fine = near.map((child) => this.kept.get(keyOf(child))).filter((kept) => kept !== undefined);
      const whole = fine.length === near.length && near.length > 0;
      if (level === 2) shown.push(...fine); // over what stands in for those that lack
      if (level === 2 && whole) continue;
      if (level > 0 && coarse !== undefined) shown.push(coarse);
      else if (level === 1 && whole) shown.push(...fine);
      else absent.push(parent);
    }
    return { shown, absent };
  }

  close(): void {
    this.closed = true;
    for (const request of this.asked.values()) request.abort();
    this.asked.clear();
    this.arrived.length = 0;
    this.wanted = new Map();
  }
}
