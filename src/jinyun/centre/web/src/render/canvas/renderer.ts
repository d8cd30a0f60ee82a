/**
 * The Canvas2D renderer, for machines without WebGL2.
 *
 * What stands still is drawn once onto a sheet larger than the screen and copied each frame. While the user pans, the sheet
 * moves along and only the strip that comes into it is drawn; while he zooms, it is stretched, and drawn again after the hand
 * has rested a moment. Where other plates are shown than before, their part of the sheet is drawn again.
 */

import { HEADS, opacity, SIGNALS, WALK_SIGNALS } from "../../map/detail.ts";
import { BAR, type Bar } from "../../map/lights.ts";
import { PALETTES, type Theme } from "../../map/palette.ts";
import type { Plate, Style } from "../../map/plate.ts";
import type { Bounds, View } from "../../map/view.ts";
import type { Moment, Renderer, Scene } from "../renderer.ts";
import { drawAdvice } from "./advice.ts";
import { ParticipantCanvas } from "./participants.ts";
import { drawPlates, PlateCanvas } from "./plate.ts";

/** The sheet reaches this share of the screen beyond each edge. */
const MARGIN = 0.2;
const REST_MS = 140;
/** Tiles that arrive shortly after each other are drawn together. */
const STALE_MS = 120;
/** The sheet moves along in steps of this many of its pixels. */
const STRIP_PX = 96;
/** Strokes reach so far beyond their own width [px]. */
const BLEED_PX = 4;
/** While zooming, the stretched sheet is good enough within this factor. */
const STRETCH = 1.6;
const MOST_RATIO = 2;
/** A larger screen is drawn coarser and stretched: without a GPU its pixels would cost its smoothness. */
const MOST_PIXELS = 4e6;

const FLASHING = new Set([2, 4, 8]);

interface Sheet {
  readonly x_m: number;
  readonly y_m: number;
  readonly scale: number;
}

function context2d(canvas: HTMLCanvasElement): CanvasRenderingContext2D {
  const context = canvas.getContext("2d", { alpha: false });
  if (context === null) throw new Error("this browser has no Canvas2D");
  return context;
}

export class CanvasRenderer implements Renderer {
  readonly name = "canvas";
  readonly element = document.createElement("canvas");
  private readonly context = context2d(this.element);
  private readonly participants = new ParticipantCanvas(this.context);
  private ink = context2d(document.createElement("canvas"));
  /** the other side of the paper, onto which the sheet moves */
  private back = context2d(document.createElement("canvas"));
  private styles: readonly Style[] = [];
  private readonly plates = new Map<Plate, PlateCanvas>();
  private shown: readonly PlateCanvas[] = [];
  private bars: readonly Bar[] = [];
  private lights: Uint8Array = new Uint8Array(0);
  private theme: Theme = "dark";
  private sheet: Sheet | null = null;
  /** where other plates are shown than the sheet was drawn of [m] */
  private stale: Bounds[] = [];
  private printed_ms = 0;
  private scale = NaN;
  private scaled_ms = 0;

  setScene({ styles, plates, bars }: Scene): void {
    if (this.styles !== styles) {
      this.plates.clear();
      this.sheet = null;
    }
    this.styles = styles;
    const before = new Set(this.shown);
    this.shown = plates.map((plate) => {
      const ready = this.plates.get(plate) ?? new PlateCanvas(plate);
      this.plates.set(plate, ready);
      return ready;
    });
    this.bars = bars;
    this.lights = new Uint8Array(bars.length);
    for (const ready of this.shown) if (!before.delete(ready)) this.stale.push(ready.plate.box);
    for (const { plate } of before) this.stale.push(plate.box);
  }

  forget(plate: Plate): void {
    this.plates.delete(plate);
  }

  setTheme(theme: Theme): void {
    this.theme = theme;
    this.sheet = null;
  }

  setLights(lights: Uint8Array): void {
    this.lights = lights;
  }

  draw(view: View, moment: Moment): void {
    const palette = PALETTES[this.theme];
    const ratio = Math.min(MOST_RATIO, window.devicePixelRatio, Math.sqrt(MOST_PIXELS / (view.width * view.height)));
    const width = Math.round(view.width * ratio);
    const height = Math.round(view.height * ratio);
    if (this.element.width !== width || this.element.height !== height) {
      this.element.width = width;
      this.element.height = height;
      for (const { canvas } of [this.ink, this.back]) {
        canvas.width = Math.round(width * (1 + 2 * MARGIN));
        canvas.height = Math.round(height * (1 + 2 * MARGIN));
      }
      this.sheet = null;
    }
    const { context } = this;
    this.drawPlate(view, ratio);
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    this.drawLights(view, moment.lit);
    drawAdvice(context, view, moment.threads, palette);
    if (moment.motion !== null) {
      this.participants.draw(ratio, view, moment.motion, moment.u, moment.selected, palette);
    }
  }

  private drawPlate(view: View, ratio: number): void {
    const now = performance.now();
    if (view.scale !== this.scale) {
      this.scale = view.scale;
      this.scaled_ms = now;
    }
    const [middleX, middleY] = view.toGround(view.width / 2, view.height / 2);
    const spare = MARGIN * Math.min(view.width, view.height) * view.scale;
    const { sheet } = this;
    const stretch = sheet === null ? Infinity : Math.max(sheet.scale / view.scale, view.scale / sheet.scale);
    const inside =
      sheet !== null &&
      Math.abs(middleX - sheet.x_m) + Math.max(0, view.scale - sheet.scale) * view.width * 0.5 <= spare + 1e-6 &&
      Math.abs(middleY - sheet.y_m) + Math.max(0, view.scale - sheet.scale) * view.height * 0.5 <= spare + 1e-6;
    const resting = now - this.scaled_ms > REST_MS;
    if (sheet === null || !inside || stretch > STRETCH || (stretch > 1 + 1e-9 && resting)) {
      this.print({ x_m: middleX, y_m: middleY, scale: view.scale }, view, ratio);
    } else if (stretch === 1) this.moveAlong(sheet, middleX, middleY, view, ratio);
    if (this.stale.length > 0 && now - this.printed_ms > STALE_MS) this.mend(view, ratio);
    const from = this.sheet!;
    const zoom = from.scale / view.scale;
    const { context } = this;
    const paper = this.ink.canvas;
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.imageSmoothingEnabled = Math.abs(zoom - 1) > 1e-9;
    const x = this.element.width / 2 + ((from.x_m - middleX) / view.scale) * ratio - (paper.width / 2) * zoom;
    const y = this.element.height / 2 - ((from.y_m - middleY) / view.scale) * ratio - (paper.height / 2) * zoom;
    if (zoom < 1) {
      context.fillStyle = PALETTES[this.theme].ground;
      context.fillRect(0, 0, this.element.width, this.element.height);
    }
    if (context.imageSmoothingEnabled) context.drawImage(paper, x, y, paper.width * zoom, paper.height * zoom);
    else context.drawImage(paper, Math.round(x), Math.round(y));
  }

  private print(sheet: Sheet, view: View, ratio: number): void {
    const { width, height } = this.ink.canvas;
    this.sheet = sheet;
    this.stale = [];
    this.part(0, 0, width, height, view, ratio);
  }

  /** Draw a rectangle of the sheet, in its pixels. */
  private part(left: number, top: number, width: number, height: number, view: View, ratio: number): void {
    const palette = PALETTES[this.theme];
    const { ink } = this;
    const { canvas } = ink;
    const { x_m, y_m, scale } = this.sheet!;
    const perMetre = ratio / scale;
    ink.save();
    ink.setTransform(1, 0, 0, 1, 0, 0);
    ink.beginPath();
    ink.rect(left, top, width, height);
    ink.clip();
    ink.fillStyle = palette.ground;
    ink.fillRect(left, top, width, height);
    ink.setTransform(perMetre, 0, 0, -perMetre, canvas.width / 2 - x_m * perMetre, canvas.height / 2 + y_m * perMetre);
    const west = x_m + (left - BLEED_PX - canvas.width / 2) / perMetre;
    const north = y_m - (top - BLEED_PX - canvas.height / 2) / perMetre;
    const bounds: Bounds = [
      west, north - (height + 2 * BLEED_PX) / perMetre, west + (width + 2 * BLEED_PX) / perMetre, north,
    ];
    drawPlates(ink, this.shown, this.styles, bounds, scale / view.magnify, palette);
    ink.restore();
    this.printed_ms = performance.now();
  }

  /** Move the sheet after the view in whole pixels and draw the strips that come into it. */
  private moveAlong(sheet: Sheet, x_m: number, y_m: number, view: View, ratio: number): void {
    const perMetre = ratio / sheet.scale;
    const dx = Math.round((x_m - sheet.x_m) * perMetre);
    const dy = Math.round((sheet.y_m - y_m) * perMetre);
    if (Math.max(Math.abs(dx), Math.abs(dy)) < STRIP_PX) return;
    [this.ink, this.back] = [this.back, this.ink];
    const { width, height } = this.ink.canvas;
    this.ink.setTransform(1, 0, 0, 1, 0, 0);
    this.ink.drawImage(this.back.canvas, -dx, -dy);
    this.sheet = { x_m: sheet.x_m + dx / perMetre, y_m: sheet.y_m - dy / perMetre, scale: sheet.scale };
    if (dx !== 0) this.part(dx > 0 ? width - dx : 0, 0, Math.abs(dx), height, view, ratio);
    if (dy !== 0) this.part(0, dy > 0 ? height - dy : 0, width, Math.abs(dy), view, ratio);
  }

  /** Draw again where other plates are shown now. */
  private mend(view: View, ratio: number): void {
    const { width, height } = this.ink.canvas;
    const { x_m, y_m, scale } = this.sheet!;
    const perMetre = ratio / scale;
    const reach = [Infinity, Infinity, -Infinity, -Infinity] as [number, number, number, number];
    for (const [west, south, east, north] of this.stale) {
      const box = [
        Math.max(0, Math.floor(width / 2 + (west - x_m) * perMetre) - BLEED_PX),
        Math.max(0, Math.floor(height / 2 - (north - y_m) * perMetre) - BLEED_PX),
        Math.min(width, Math.ceil(width / 2 + (east - x_m) * perMetre) + BLEED_PX),
        Math.min(height, Math.ceil(height / 2 - (south - y_m) * perMetre) + BLEED_PX),
      ] as const;
      if (!(box[0] < box[2] && box[1] < box[3])) continue; // beyond the sheet, or of nothing
      reach[0] = Math.min(reach[0], box[0]);
      reach[1] = Math.min(reach[1], box[1]);
      reach[2] = Math.max(reach[2], box[2]);
      reach[3] = Math.max(reach[3], box[3]);
    }
    this.stale = [];
    if (reach[0] < reach[2]) this.part(reach[0], reach[1], reach[2] - reach[0], reach[3] - reach[1], view, ratio);
  }

  private drawLights(view: View, lit: boolean): void {
    const scale = view.scale / view.magnify;
    const show = opacity(SIGNALS, scale);
    if (show <= 0) return;
    const shows = { [BAR.wheels]: show, [BAR.walk]: opacity(WALK_SIGNALS, scale), [BAR.head]: opacity(HEADS, scale) };
    const { context, bars } = this;
    const { lights: colours } = PALETTES[this.theme];
    const thick = Math.max(0.32 / view.scale, 1.15 * view.magnify) * 2;
    const margin = 20;
    context.lineCap = "round";
    for (const glow of scale < 1 ? [true, false] : [false]) {
      context.lineWidth = glow ? thick + Math.min(thick * 1.5, 6 * view.magnify) : thick;
      for (let i = 0; i < bars.length; i++) {
        const bar = bars[i]!;
        const light = Math.min(8, this.lights[i]!);
        if (shows[bar.kind] <= 0 || (glow && light < 2)) continue;
        const [x1, y1] = view.toScreen(bar.x1, bar.y1);
        if (x1 < -margin || y1 < -margin || x1 > view.width + margin || y1 > view.height + margin) continue;
        const [x2, y2] = view.toScreen(bar.x2, bar.y2);
        context.globalAlpha = shows[bar.kind] * (glow ? 0.22 : 1);
        context.strokeStyle = colours[FLASHING.has(light) && !lit ? 1 : light]!;
        const length = Math.hypot(x2 - x1, y2 - y1) || 1;
        const inset = Math.min(0.45, (thick * 0.3) / length);
        context.beginPath();
        context.moveTo(x1 + (x2 - x1) * inset, y1 + (y2 - y1) * inset);
        context.lineTo(x2 - (x2 - x1) * inset, y2 - (y2 - y1) * inset);
        context.stroke();
      }
    }
    context.globalAlpha = 1;
  }

  broken(): boolean {
    return false;
  }

  dispose(): void {
    this.element.remove();
  }
}
