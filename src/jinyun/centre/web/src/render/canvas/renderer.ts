/**
 * The Canvas2D renderer, for machines without WebGL2.
 *
 * What stands still is drawn once onto a sheet larger than the screen and copied each frame; the sheet is drawn again
 * when the view leaves it or, while the user zooms, after the hand has rested a moment.
 */

import { HEADS, opacity, SIGNALS, WALK_SIGNALS } from "../../map/detail.ts";
import { BAR, type Bar } from "../../map/lights.ts";
import { PALETTES, type Theme } from "../../map/palette.ts";
import type { Plate, Style } from "../../map/plate.ts";
import type { Bounds, View } from "../../map/view.ts";
import type { Moment, Renderer, Scene } from "../renderer.ts";
import { ParticipantCanvas } from "./participants.ts";
import { drawPlates, PlateCanvas } from "./plate.ts";

/** The sheet reaches this share of the screen beyond each edge. */
const MARGIN = 0.2;
const REST_MS = 140;
/** Tiles that arrive shortly after each other are drawn together. */
const STALE_MS = 120;
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
  private readonly paper = document.createElement("canvas");
  private readonly ink = context2d(this.paper);
  private styles: readonly Style[] = [];
  private readonly plates = new Map<Plate, PlateCanvas>();
  private shown: readonly PlateCanvas[] = [];
  private bars: readonly Bar[] = [];
  private lights: Uint8Array = new Uint8Array(0);
  private theme: Theme = "dark";
  private sheet: Sheet | null = null;
  /** other plates are shown than the sheet was drawn of */
  private stale = false;
  private printed_ms = 0;
  private scale = NaN;
  private scaled_ms = 0;

  setScene({ styles, plates, bars }: Scene): void {
    if (this.styles !== styles) {
      this.plates.clear();
      this.sheet = null;
    }
    this.styles = styles;
    this.shown = plates.map((plate) => {
      const ready = this.plates.get(plate) ?? new PlateCanvas(plate);
      this.plates.set(plate, ready);
      return ready;
    });
    this.bars = bars;
    this.lights = new Uint8Array(bars.length);
    this.stale = true;
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
      this.paper.width = Math.round(width * (1 + 2 * MARGIN));
      this.paper.height = Math.round(height * (1 + 2 * MARGIN));
      this.sheet = null;
    }
    const { context } = this;
    this.drawPlate(view, ratio);
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    this.drawLights(view, moment.lit);
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
    const old = this.stale && now - this.printed_ms > STALE_MS;
    if (sheet === null || !inside || old || stretch > STRETCH || (stretch > 1 + 1e-9 && resting)) {
      this.print({ x_m: middleX, y_m: middleY, scale: view.scale }, view, ratio);
    }
    const from = this.sheet!;
    const zoom = from.scale / view.scale;
    const { context, paper } = this;
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
    const palette = PALETTES[this.theme];
    const { ink, paper } = this;
    ink.setTransform(1, 0, 0, 1, 0, 0);
    ink.fillStyle = palette.ground;
    ink.fillRect(0, 0, paper.width, paper.height);
    const perMetre = ratio / sheet.scale;
    ink.setTransform(perMetre, 0, 0, -perMetre, paper.width / 2 - sheet.x_m * perMetre, paper.height / 2 + sheet.y_m * perMetre);
    const halfWide = paper.width / 2 / perMetre;
    const halfHigh = paper.height / 2 / perMetre;
    const bounds: Bounds = [sheet.x_m - halfWide, sheet.y_m - halfHigh, sheet.x_m + halfWide, sheet.y_m + halfHigh];
    drawPlates(ink, this.shown, this.styles, bounds, sheet.scale / view.magnify, palette);
    this.sheet = sheet;
    this.stale = false;
    this.printed_ms = performance.now();
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
