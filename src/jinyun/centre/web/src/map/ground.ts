/**
 * The ground: what of the map is on the stage for a view, of the overview and of the tiles that are there.
 */

import { fetchTile } from "../live/zone.ts";
import type { Sheet } from "../wire/sheet.ts";
import { readTile, type Tile, type ZoneMap } from "../wire/zonemap.ts";
import { bars, type Bar } from "./lights.ts";
import { gridPlate, groundPlate, roadsPlate, stylesFor, tilePlate, type Plate, type Style } from "./plate.ts";
import { keyOf, Tiles, type Kept } from "./tiles.ts";
import type { View } from "./view.ts";

/** Tiles that arrived are made into plates for so long in each picture. */
const MAKING_MS = 4;

interface Made {
  readonly sheet: Sheet;
  readonly plate: Plate;
  readonly bars: readonly Bar[];
}

export interface Watcher {
  /** a sheet's names come and go */
  came(of: string, sheet: Sheet): void;
  went(of: string): void;
  /** a plate will not be shown again */
  forget(plate: Plate): void;
  /** the centre has another map */
  changed(): void;
}

export class Ground {
  readonly styles: readonly Style[];
  plates: readonly Plate[] = [];
  bars: readonly Bar[] = [];
  junctions: readonly Sheet["junctions"][] = [];
  private readonly base: Plate;
  private readonly roads = new Map<string, Plate>();
  private readonly tiles: Tiles<Made> | null;
  private seen = -1;
  private shown = "none";

  constructor(
    private readonly map: ZoneMap | null,
    private readonly watcher: Watcher,
  ) {
    this.styles = stylesFor(map?.lines ?? []);
    this.base = map === null ? gridPlate() : groundPlate(map.overview, map.lines);
    if (map !== null) watcher.came("overview", map.overview);
    this.tiles = map === null ? null : new Tiles<Made>(map, {
      ask: (tile, signal) => fetchTile(map.tag, tile, signal),
      make: (buffer) => {
        const sheet = readTile(buffer);
        return { sheet, plate: tilePlate(sheet), bars: bars(sheet) };
      },
      gone: (kept) => {
        watcher.went(keyOf(kept.tile));
        watcher.forget(kept.made.plate);
      },
      changed: () => watcher.changed(),
    });
  }

  /** What of the tiles is wanted, kept and missing, at which level; for tests. */
  state(view: View): ({ readonly level: number } & Tiles<Made>["counts"]) | null {
    return this.tiles === null ? null : { level: this.tiles.levelAt(view.scale / view.magnify), ...this.tiles.counts };
  }

  /** Follow the view; returns whether other plates than before are to be shown. */
  update(view: View, now_ms: number): boolean {
    if (this.tiles === null) return this.show([], []);
    const bounds = view.visible();
    const scale = view.scale / view.magnify;
    const moved = view.version !== this.seen;
    if (moved) this.tiles.look(bounds, scale, now_ms);
    else this.tiles.askOn(now_ms);
    this.seen = view.version;
    const made = this.tiles.make(MAKING_MS);
    for (const { tile, made: { sheet } } of made) this.watcher.came(keyOf(tile), sheet);
    if (!moved && made.length === 0) return false;
    const { shown, absent } = this.tiles.choose(bounds, scale);
    return this.show(shown, absent);
  }

  private show(shown: readonly Kept<Made>[], absent: readonly Tile[]): boolean {
    const what = `${shown.map(({ tile }) => keyOf(tile)).join(" ")}, ${absent.map(keyOf).join(" ")}`;
    if (what === this.shown) return false;
    this.shown = what;
    const stand = absent.filter(({ count }) => count > 0).map((tile) => this.roadsOf(tile));
    this.plates = [this.base, ...stand, ...shown.map(({ made }) => made.plate)];
    this.bars = shown.flatMap(({ made }) => made.bars);
    this.junctions = shown.map(({ made }) => made.sheet.junctions);
    return true;
  }

  private roadsOf(tile: Tile): Plate {
    const key = keyOf(tile);
    const plate = this.roads.get(key) ?? roadsPlate(this.map!.overview, tile.first, tile.count);
    this.roads.set(key, plate);
    return plate;
  }

  close(): void {
    this.tiles?.close();
  }
}
