/** Participants in Canvas2D: the silhouettes of the WebGL renderer as paths in units of half width and half length. */

import { at, type Motion } from "../../live/motion.ts";
import type { Palette } from "../../map/palette.ts";
import { colourOf, LEAST_PX, SILHOUETTE, silhouette, type Silhouette } from "../../map/silhouette.ts";
import type { View } from "../../map/view.ts";

/** From this many times its least size on, a participant is drawn as itself and no longer as a symbol. */
const ITSELF = 1.35;

function path(draw: (p: Path2D) => void): Path2D {
  const p = new Path2D();
  draw(p);
  return p;
}

const rounded = (x: number, y: number, w: number, h: number, r: number | number[]) =>
  path((p) => p.roundRect(x, y, w, h, r));

const DART = path((p) => {
  p.moveTo(0, -1.08);
  p.lineTo(1, 1);
  p.lineTo(0, 0.55);
  p.lineTo(-1, 1);
  p.closePath();
});
const POINTED = path((p) => {
  p.moveTo(0, -1.05);
  p.lineTo(1, -0.35);
  p.lineTo(1, 1);
  p.lineTo(-1, 1);
  p.lineTo(-1, -0.35);
  p.closePath();
});
const DOT = path((p) => p.ellipse(0, 0, 1, 1, 0, 0, 7));
const DIAMOND = path((p) => {
  p.moveTo(0, -1.15);
  p.lineTo(1.15, 0);
  p.lineTo(0, 1.15);
  p.lineTo(-1.15, 0);
  p.closePath();
});
const CAR = path((p) => {
  p.moveTo(-0.62, -1);
  p.lineTo(0.62, -1);
  p.quadraticCurveTo(0.95, -0.95, 0.98, -0.5);
  p.lineTo(1, 0.6);
  p.quadraticCurveTo(0.95, 1, 0.7, 1);
  p.lineTo(-0.7, 1);
  p.quadraticCurveTo(-0.95, 1, -1, 0.6);
  p.lineTo(-0.98, -0.5);
  p.quadraticCurveTo(-0.95, -0.95, -0.62, -1);
  p.closePath();
});
const TRUCK = path((p) => {
  p.roundRect(-0.92, -1, 1.84, 0.46, 0.12);
  p.roundRect(-1, -0.46, 2, 1.46, 0.05);
});
const CYCLE = path((p) => {
  p.roundRect(-0.3, -1, 0.6, 2, 0.2);
  p.roundRect(-1, -0.52, 2, 0.18, 0.08);
  p.ellipse(0, 0.1, 0.72, 0.55, 0, 0, 7);
});
const WALKER = path((p) => p.ellipse(0, 0, 1, 0.8, 0, 0, 7));

const BODIES: Readonly<Record<Silhouette, Path2D>> = {
  [SILHOUETTE.unknown]: DIAMOND,
  [SILHOUETTE.car]: CAR,
  [SILHOUETTE.van]: rounded(-1, -1, 2, 2, 0.2),
  [SILHOUETTE.truck]: TRUCK,
  [SILHOUETTE.bus]: rounded(-1, -1, 2, 2, 0.14),
  [SILHOUETTE.shuttle]: rounded(-1, -1, 2, 2, [0.7, 0.7, 0.5, 0.5]),
  [SILHOUETTE.emergency]: CAR,
  [SILHOUETTE.motorcycle]: CYCLE,
  [SILHOUETTE.bicycle]: CYCLE,
  [SILHOUETTE.pedestrian]: WALKER,
};

function symbolOf(shape: Silhouette): Path2D {
  if (shape === SILHOUETTE.pedestrian) return DOT;
  if (shape === SILHOUETTE.unknown) return DIAMOND;
  if (shape === SILHOUETTE.truck || shape === SILHOUETTE.bus || shape === SILHOUETTE.shuttle) return POINTED;
  return DART;
}

/** Glass on the roof, in half widths and half lengths: x, y, width, height. */
const GLASS: Partial<Record<Silhouette, readonly (readonly [number, number, number, number])[]>> = {
  [SILHOUETTE.car]: [[-0.74, -0.42, 1.48, 0.26], [-0.7, 0.56, 1.4, 0.18]],
  [SILHOUETTE.emergency]: [[-0.74, -0.42, 1.48, 0.26], [-0.7, 0.56, 1.4, 0.18]],
  [SILHOUETTE.van]: [[-0.76, -0.66, 1.52, 0.24]],
  [SILHOUETTE.truck]: [[-0.76, -0.86, 1.52, 0.14]],
  [SILHOUETTE.bus]: [[-0.76, -0.94, 1.52, 0.1], [-0.38, -0.47, 0.76, 0.18], [-0.38, 0.41, 0.76, 0.18]],
  [SILHOUETTE.shuttle]: [[-0.72, -0.92, 1.44, 0.14], [-0.38, -0.1, 0.76, 0.3]],
};

/** Draw all participants; the context's unit is the CSS pixel. */
export function drawParticipants(
  context: CanvasRenderingContext2D,
  ratio: number,
  view: View,
  motion: Motion,
  u: number,
  selected: number,
  palette: Palette,
): void {
  const colours = [...palette.kinds, palette.shuttleBus];
  const dot = view.magnify;
  const [mx, my] = view.middle();
  const margin = 40;
  for (let k = 0; k < motion.n; k++) {
    const alpha = motion.a0[k]! + (motion.a1[k]! - motion.a0[k]!) * u;
    if (alpha <= 0) continue;
    const { x_m, y_m, heading_rad } = at(motion, k, u);
    const px = mx + (x_m - view.x_m) / view.scale;
    const py = my - (y_m - view.y_m) / view.scale;
    if (px < -margin || py < -margin || px > view.width + margin || py > view.height + margin) continue;
    let shape = silhouette(motion.kind[k]!, motion.class[k]!);
    const colour = colours[colourOf(motion.kind[k]!, shape)]!;
    const [leastLength, leastWidth] = LEAST_PX[shape]!;
    const real = motion.length_m[k]! / 2 / view.scale;
    const halfLength = Math.max(real, leastLength * dot);
    const halfWidth = Math.max(motion.width_m[k]! / 2 / view.scale, leastWidth * dot);
    const itself = real / (leastLength * dot) > ITSELF;
    const known = Number.isFinite(heading_rad);
    if (!known) shape = SILHOUETTE.unknown;
    const sin = known ? Math.sin(heading_rad) : 0;
    const cos = known ? Math.cos(heading_rad) : 1;
    const place = (growth: number): void => {
      const w = (halfWidth + growth) * ratio;
      const l = (halfLength + growth) * ratio;
      context.setTransform(cos * w, sin * w, -sin * l, cos * l, px * ratio, py * ratio);
    };
    const outline = itself ? BODIES[shape] : symbolOf(shape);
    const seen = motion.seen_by[k]! & 3;
    place(1.3 * dot);
    context.globalAlpha = alpha;
    context.fillStyle = palette.shadow;
    context.fill(outline);
    if (seen === 3 && itself) {
      place(1.9 * dot);
      context.globalAlpha = 0.6 * alpha;
      context.fillStyle = palette.both;
      context.fill(outline);
      place(1.1 * dot);
      context.globalAlpha = alpha;
      context.fillStyle = palette.ground;
      context.fill(outline);
    }
    place(0);
    context.globalAlpha = alpha * (seen === 2 ? (itself ? 0.4 : 0.55) : seen === 0 ? 0.35 : 1);
    context.fillStyle = colour;
    context.fill(outline);
    if (seen === 3 && !itself) {
      place(-1.5 * dot);
      context.globalAlpha = 0.5 * alpha;
      context.fillStyle = palette.both;
      context.fill(outline);
    }
    if (seen === 2 && itself) {
      place(-0.6 * dot);
      context.globalAlpha = alpha;
      const wall = new Path2D();
      wall.addPath(outline, context.getTransform());
      context.setTransform(1, 0, 0, 1, 0, 0);
      context.lineWidth = 1.2 * dot * ratio;
      context.strokeStyle = colour;
      context.stroke(wall);
      place(0);
    }
    if (itself && known) {
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
    if (selected !== 0 && motion.id[k] === selected) {
      context.setTransform(ratio, 0, 0, ratio, 0, 0);
      context.globalAlpha = 1;
      context.lineWidth = 1.8 * dot;
      context.strokeStyle = palette.selected;
      context.beginPath();
      context.arc(px, py, Math.max(halfLength, halfWidth) + 5 * dot, 0, 7);
      context.stroke();
    }
  }
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.globalAlpha = 1;
}
