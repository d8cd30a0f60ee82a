/** The silhouettes of the WebGL renderer as paths in units of half width and half length, ahead is up. */

import { SILHOUETTE, type Silhouette } from "../../map/silhouette.ts";

function path(draw: (p: Path2D) => void): Path2D {
  const p = new Path2D();
  draw(p);
  return p;
}

const rounded = (r: number | number[]) => path((p) => p.roundRect(-1, -1, 2, 2, r));

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

/** What a participant looks like near by. */
export const BODIES: Readonly<Record<Silhouette, Path2D>> = {
  [SILHOUETTE.unknown]: DIAMOND,
  [SILHOUETTE.car]: CAR,
  [SILHOUETTE.van]: rounded(0.2),
  [SILHOUETTE.truck]: TRUCK,
  [SILHOUETTE.bus]: rounded(0.14),
  [SILHOUETTE.shuttle]: rounded([0.7, 0.7, 0.5, 0.5]),
  [SILHOUETTE.emergency]: CAR,
  [SILHOUETTE.motorcycle]: CYCLE,
  [SILHOUETTE.bicycle]: CYCLE,
  [SILHOUETTE.pedestrian]: WALKER,
};

/** What stands for it from afar. */
export const SYMBOLS: Readonly<Record<Silhouette, Path2D>> = {
  [SILHOUETTE.unknown]: DIAMOND,
  [SILHOUETTE.car]: DART,
  [SILHOUETTE.van]: DART,
  [SILHOUETTE.truck]: POINTED,
  [SILHOUETTE.bus]: POINTED,
  [SILHOUETTE.shuttle]: POINTED,
  [SILHOUETTE.emergency]: DART,
  [SILHOUETTE.motorcycle]: DART,
  [SILHOUETTE.bicycle]: DART,
  [SILHOUETTE.pedestrian]: DOT,
};

type Pane = readonly [x: number, y: number, width: number, height: number];

/** Glass on the roof. */
export const GLASS: Partial<Record<Silhouette, readonly Pane[]>> = {
  [SILHOUETTE.car]: [[-0.74, -0.42, 1.48, 0.26], [-0.7, 0.56, 1.4, 0.18]],
  [SILHOUETTE.emergency]: [[-0.74, -0.42, 1.48, 0.26], [-0.7, 0.56, 1.4, 0.18]],
  [SILHOUETTE.van]: [[-0.76, -0.66, 1.52, 0.24]],
  [SILHOUETTE.truck]: [[-0.76, -0.86, 1.52, 0.14]],
  [SILHOUETTE.bus]: [[-0.76, -0.94, 1.52, 0.1], [-0.38, -0.47, 0.76, 0.18], [-0.38, 0.41, 0.76, 0.18]],
  [SILHOUETTE.shuttle]: [[-0.72, -0.92, 1.44, 0.14], [-0.38, -0.1, 0.76, 0.3]],
};
