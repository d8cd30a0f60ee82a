/**
 * Participants in Canvas2D: from afar a stamp of their symbol, near by their silhouette drawn in its real size.
 *
 * Stamps are drawn once per symbol, colour and direction; copying one is several times cheaper than filling its paths.
 */

import type { Motion } from "../../live/motion.ts";
import type { Palette } from "../../map/palette.ts";
import { colourOf, LEAST_PX, SILHOUETTE, silhouette, type Silhouette } from "../../map/silhouette.ts";
import type { View } from "../../map/view.ts";
import { BODIES, GLASS, SYMBOLS } from "./silhouettes.ts";

/** From this many times its least size on, a participant is drawn as itself and no longer as a symbol. */
const ITSELF = 1.35;
/** Directions in which a symbol is stamped. */
const DIRECTIONS = 72;
const TURN = 2 * Math.PI;

/** One participant as it is to be drawn; lengths in device pixels. */
interface Figure {
  readonly shape: Silhouette;
  readonly colour: string;
  /** bit 1 itself, bit 2 the road */
  readonly seen: number;
  readonly itself: boolean;
  readonly sin: number;
  readonly cos: number;
  readonly halfWidth: number;
  readonly halfLength: number;
  /** device pixels per drawn pixel */
  readonly dot: number;
}

export class ParticipantCanvas {
  private readonly stamps = new Map<number, ImageBitmap>();
  private stampsFor = "";

  constructor(private readonly context: CanvasRenderingContext2D) {}

  /** Draw all participants; `ratio` is device pixels per CSS pixel. */
  draw(ratio: number, view: View, motion: Motion, u: number, selected: number, palette: Palette): void {
    const { context } = this;
    const colours = [...palette.kinds, palette.shuttleBus];
    const dot = view.magnify * ratio;
    const [mx, my] = view.middle();
    const perMetre = ratio / view.scale;
    const margin = 40 * ratio;
    const width = view.width * ratio;
    const height = view.height * ratio;
    if (this.stampsFor !== `${palette.ground} ${dot}`) {
      this.stamps.clear();
      this.stampsFor = `${palette.ground} ${dot}`;
    }
    for (let k = 0; k < motion.n; k++) {
      const alpha = motion.a0[k]! + (motion.a1[k]! - motion.a0[k]!) * u;
      const px = mx * ratio + (motion.x0[k]! + (motion.x1[k]! - motion.x0[k]!) * u - view.x_m) * perMetre;
      const py = my * ratio - (motion.y0[k]! + (motion.y1[k]! - motion.y0[k]!) * u - view.y_m) * perMetre;
      if (alpha <= 0 || px < -margin || py < -margin || px > width + margin || py > height + margin) continue;
      const heading = motion.h0[k]! + (motion.h1[k]! - motion.h0[k]!) * u;
      const known = Number.isFinite(heading);
      const own = silhouette(motion.kind[k]!, motion.class[k]!);
      const shape = known ? own : SILHOUETTE.unknown;
      const colour = colourOf(motion.kind[k]!, own);
      const [leastLength, leastWidth] = LEAST_PX[own]!;
      const real = (motion.length_m[k]! / 2) * perMetre;
      const itself = real > leastLength * dot * ITSELF;
      const seen = motion.seen_by[k]! & 3;
      if (itself) {
        const figure: Figure = {
          shape,
          colour: colours[colour]!,
          seen,
          itself,
          sin: known ? Math.sin(heading) : 0,
          cos: known ? Math.cos(heading) : 1,
          halfWidth: Math.max((motion.width_m[k]! / 2) * perMetre, leastWidth * dot),
          halfLength: real,
          dot,
        };
        drawFigure(context, figure, px, py, alpha, palette);
      } else {
        const direction = known ? ((Math.round((heading / TURN) * DIRECTIONS) % DIRECTIONS) + DIRECTIONS) % DIRECTIONS : 0;
        const stamp = this.stamp(shape, own, colour, seen, direction, dot, colours, palette);
        context.setTransform(1, 0, 0, 1, 0, 0);
        context.globalAlpha = alpha;
        context.drawImage(stamp, px - stamp.width / 2, py - stamp.height / 2);
      }
      if (selected !== 0 && motion.id[k] === selected) {
        context.setTransform(1, 0, 0, 1, 0, 0);
        context.globalAlpha = 1;
        context.lineWidth = 1.8 * dot;
        context.strokeStyle = palette.selected;
        context.beginPath();
        context.arc(px, py, Math.max(real, leastLength * dot) + 5 * dot, 0, 7);
        context.stroke();
      }
    }
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.globalAlpha = 1;
  }

  private stamp(
    shape: Silhouette,
    own: Silhouette,
    colour: number,
    seen: number,
    direction: number,
    dot: number,
    colours: readonly string[],
    palette: Palette,
  ): ImageBitmap {
    const key = (((shape * 16 + own) * 8 + colour) * 4 + seen) * DIRECTIONS + direction;
    const known = this.stamps.get(key);
    if (known !== undefined) return known;
    const [leastLength, leastWidth] = LEAST_PX[own]!;
    const side = 2 * Math.ceil((Math.max(leastLength, leastWidth) * 1.2 + 2.5) * dot);
    const sheet = new OffscreenCanvas(side, side);
    const ink = sheet.getContext("2d");
    if (ink !== null) {
      const heading = (direction / DIRECTIONS) * TURN;
      const figure: Figure = {
        shape,
        colour: colours[colour]!,
        seen,
        itself: false,
        sin: Math.sin(heading),
        cos: Math.cos(heading),
        halfWidth: leastWidth * dot,
        halfLength: leastLength * dot,
        dot,
      };
      drawFigure(ink, figure, side / 2, side / 2, 1, palette);
    }
    const stamp = sheet.transferToImageBitmap();
    this.stamps.set(key, stamp);
    return stamp;
  }
}

function drawFigure(
  context: CanvasRenderingContext2D | OffscreenCanvasRenderingContext2D,
  figure: Figure,
  px: number,
  py: number,
  alpha: number,
  palette: Palette,
): void {
  const { shape, colour, seen, itself, sin, cos, halfWidth, halfLength, dot } = figure;
  const outline = itself ? BODIES[shape] : SYMBOLS[shape];
  const place = (growth: number): void => {
    const w = halfWidth + growth * dot;
    const l = halfLength + growth * dot;
    context.setTransform(cos * w, sin * w, -sin * l, cos * l, px, py);
  };
  const fill = (growth: number, opacity: number, style: string): void => {
    place(growth);
    context.globalAlpha = alpha * opacity;
    context.fillStyle = style;
    context.fill(outline);
  };
  fill(1.3, 1, palette.shadow);
  if (seen === 3 && itself) {
    fill(1.9, 0.6, palette.both);
    fill(1.1, 1, palette.ground);
  }
  fill(0, seen === 2 ? (itself ? 0.4 : 0.62) : seen === 0 ? 0.35 : 1, colour);
  if (seen === 3 && !itself) fill(-1.5, 0.5, palette.both);
  if (!itself) return;
  if (seen === 2) {
    place(-0.6);
    const wall = new Path2D();
    wall.addPath(outline, context.getTransform());
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.globalAlpha = alpha;
    context.lineWidth = 1.2 * dot;
    context.strokeStyle = colour;
    context.stroke(wall);
  }
  place(0);
  context.globalAlpha = alpha;
  context.fillStyle = palette.glass;
  for (const [x, y, w, h] of GLASS[shape] ?? []) context.fillRect(x, y, w, h);
  if (shape === SILHOUETTE.emergency) {
    context.fillStyle = "#ff4d47";
    context.fillRect(-0.65, 0, 0.65, 0.14);
    context.fillStyle = "#4080ff";
    context.fillRect(0, 0, 0.65, 0.14);
  }
}
