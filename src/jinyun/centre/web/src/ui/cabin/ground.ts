/** The still part of the cabin's view: lanes, paint, crossings, stop lines, stops and buildings, about an anchor. */

import type { CabinPalette } from "./palette.ts";
import type { Road } from "./scene.ts";
import { BufferAttribute, BufferGeometry, DoubleSide, Group, Mesh, MeshBasicMaterial, MeshLambertMaterial } from "./three.ts";

const BUS = 1;
const BICYCLE = 2;
const SIDEWALK = 3;
const PAINT_M = 0.07;
const DASH_M = 3;
const STRIPE_M = 0.5;
/** Heights above the ground, so that nothing flickers. */
const Z = { sidewalk: 0.0, bicycle: 0.01, road: 0.02, paint: 0.05, stop: 0.06 } as const;

/** Triangles that are gathered and become one mesh. */
export class Triangles {
  private readonly places: number[] = [];

  quad(a: readonly number[], b: readonly number[], c: readonly number[], d: readonly number[]): void {
    this.places.push(...a, ...b, ...c, ...a, ...c, ...d);
  }

  mesh(colour: string, opacity = 1): Mesh {
    const geometry = new BufferGeometry();
    geometry.setAttribute("position", new BufferAttribute(new Float32Array(this.places), 3));
    const material = new MeshBasicMaterial({ color: colour, side: DoubleSide, transparent: opacity < 1, opacity });
    const mesh = new Mesh(geometry, material);
    mesh.frustumCulled = false;
    return mesh;
  }
}

/** A strip of paint from (x1, y1) to (x2, y2), so wide to both sides. */
function strip(into: Triangles, x1: number, y1: number, x2: number, y2: number, half_m: number, z: number): void {
  const long = Math.hypot(x2 - x1, y2 - y1);
  if (long < 1e-3) return;
  const ox = ((y2 - y1) / long) * half_m;
  const oy = (-(x2 - x1) / long) * half_m;
  into.quad([x1 + ox, y1 + oy, z], [x2 + ox, y2 + oy, z], [x2 - ox, y2 - oy, z], [x1 - ox, y1 - oy, z]);
}

export function ground(road: Road, palette: CabinPalette, ax: number, ay: number): Group {
  const group = new Group();
  const surfaces = { road: new Triangles(), bus: new Triangles(), bicycle: new Triangles(), sidewalk: new Triangles() };
  const paint = new Triangles();
  const { left_x_m: lx, left_y_m: ly, right_x_m: rx, right_y_m: ry } = road.borders;
  for (let lane = 0; lane < road.lanes.kind.length; lane++) {
    const kind = road.lanes.kind[lane]!;
    const inside = road.lanes.inside[lane]! === 1;
    const name = kind === SIDEWALK ? "sidewalk" : kind === BICYCLE ? "bicycle" : kind === BUS ? "bus" : "road";
    const z = kind === SIDEWALK ? Z.sidewalk : kind === BICYCLE ? Z.bicycle : Z.road;
    const first = road.lanes.first[lane]!;
    let along = 0;
    for (let p = first; p < first + road.lanes.count[lane]! - 1; p++) {
      const corners = [lx[p]! - ax, ly[p]! - ay, lx[p + 1]! - ax, ly[p + 1]! - ay, rx[p]! - ax, ry[p]! - ay, rx[p + 1]! - ax, ry[p + 1]! - ay];
      const [l1x, l1y, l2x, l2y, r1x, r1y, r2x, r2y] = corners as [number, number, number, number, number, number, number, number];
      surfaces[name].quad([l1x, l1y, z], [l2x, l2y, z], [r2x, r2y, z], [r1x, r1y, z]);
      if (!inside && kind !== SIDEWALK) {
        // Between lanes that are driven dashes; what parts them from cycles, and cycles from people, is drawn through.
        const long = Math.hypot(l2x - l1x, l2y - l1y);
        if (kind === BICYCLE) {
          strip(paint, l1x, l1y, l2x, l2y, PAINT_M, Z.paint);
          strip(paint, r1x, r1y, r2x, r2y, PAINT_M * 0.6, Z.paint);
        }
        for (let at = (2 * DASH_M - (along % (2 * DASH_M))) % (2 * DASH_M); kind !== BICYCLE && at < long; at += 2 * DASH_M) {
          const u = at / long;
          const v = Math.min((at + DASH_M) / long, 1);
          strip(paint, l1x + u * (l2x - l1x), l1y + u * (l2y - l1y), l1x + v * (l2x - l1x), l1y + v * (l2y - l1y), PAINT_M, Z.paint);
        }
        along += long;
      }
    }
  }
  const { x1_m, y1_m, x2_m, y2_m, width_m } = road.crossings;
  for (let k = 0; k < x1_m.length; k++) {
    const [x1, y1, x2, y2] = [x1_m[k]! - ax, y1_m[k]! - ay, x2_m[k]! - ax, y2_m[k]! - ay];
    const long = Math.hypot(x2 - x1, y2 - y1);
    const [ux, uy, half] = [(x2 - x1) / long, (y2 - y1) / long, width_m[k]! / 2 - 0.3];
    for (let at = STRIPE_M; at < long; at += 2 * STRIPE_M) {
      const [x, y] = [x1 + ux * at, y1 + uy * at];
      strip(paint, x - uy * half, y + ux * half, x + uy * half, y - ux * half, STRIPE_M / 2, Z.paint);
    }
  }
  const lines = road.stopLines;
  for (let k = 0; k < lines.x1_m.length; k++) {
    strip(paint, lines.x1_m[k]! - ax, lines.y1_m[k]! - ay, lines.x2_m[k]! - ax, lines.y2_m[k]! - ay, 0.2, Z.paint);
  }
  const stops = new Triangles();
  for (let k = 0; k < road.stops.x_m.length; k++) {
    const heading = road.stops.heading_rad[k]!;
    const [sin, cos] = [Math.sin(heading), Math.cos(heading)];
    const at = (along: number, right: number): readonly number[] => [
      road.stops.x_m[k]! - ax + along * sin + right * cos, road.stops.y_m[k]! - ay + along * cos - right * sin, Z.stop,
    ];
    stops.quad(at(0.3, -1.4), at(0.3, 1.4), at(-7, 1.4), at(-7, -1.4));
  }
  group.add(
    surfaces.sidewalk.mesh(palette.sidewalk), surfaces.bicycle.mesh(palette.bicycle), surfaces.bus.mesh(palette.bus),
    surfaces.road.mesh(palette.road), paint.mesh(palette.paint, 0.5), stops.mesh(palette.stop, 0.35), blocks(road, palette, ax, ay),
  );
  return group;
}

/** Buildings: their outlines, raised; heights are not known and made of their places, so that they stay. */
function blocks(road: Road, palette: CabinPalette, ax: number, ay: number): Mesh {
  const places: number[] = [];
  for (let k = 0; k < road.blocks.first.length; k++) {
    const first = road.blocks.first[k]!;
    const count = road.blocks.count[k]!;
    const corner = (p: number): [number, number] => [road.corners.x_m[first + (p % count)]! - ax, road.corners.y_m[first + (p % count)]! - ay];
    const [x0, y0] = corner(0);
    const high = 6 + (Math.abs(Math.sin((x0 + ax) * 12.9 + (y0 + ay) * 78.2)) * 12);
    for (let p = 0; p < count; p++) {
      const [x1, y1] = corner(p);
      const [x2, y2] = corner(p + 1);
      places.push(x1, y1, 0, x2, y2, 0, x2, y2, high, x1, y1, 0, x2, y2, high, x1, y1, high);
      if (p > 0 && p < count - 1) places.push(x0, y0, high, x1, y1, high, x2, y2, high);
    }
  }
  const geometry = new BufferGeometry();
  geometry.setAttribute("position", new BufferAttribute(new Float32Array(places), 3));
  geometry.computeVertexNormals();
  return new Mesh(geometry, new MeshLambertMaterial({ color: palette.block, side: DoubleSide }));
}
