/** Plates in Canvas2D: culled by boxes and batched by style, width and layer. */

import type { Palette } from "../../map/palette.ts";
import { LAYERS, styleOpacity, type Fills, type Plate, type Stroke, type Style } from "../../map/plate.ts";
import type { Bounds } from "../../map/view.ts";

type Box = readonly [number, number, number, number];

interface Boxed<T> {
  readonly item: T;
  readonly box: Box;
}

interface BoxedLayer {
  readonly fills: readonly Boxed<Fills>[];
  /** strokes of equal style and width, drawn as one path */
  readonly batches: readonly { readonly style: number; readonly half_m: number; readonly strokes: Boxed<Stroke>[] }[];
}

function boxOf(xy: Float32Array, margin: number): Box {
  let [west, south, east, north] = [Infinity, Infinity, -Infinity, -Infinity];
  for (let i = 0; i < xy.length; i += 2) {
    west = Math.min(west, xy[i]!);
    east = Math.max(east, xy[i]!);
    south = Math.min(south, xy[i + 1]!);
    north = Math.max(north, xy[i + 1]!);
  }
  return [west - margin, south - margin, east + margin, north + margin];
}

function meets(a: Box, b: Bounds): boolean {
  return a[0] <= b[2] && a[2] >= b[0] && a[1] <= b[3] && a[3] >= b[1];
}

function trace(context: CanvasRenderingContext2D, xy: Float32Array): void {
  context.moveTo(xy[0]!, xy[1]!);
  for (let i = 2; i < xy.length; i += 2) context.lineTo(xy[i]!, xy[i + 1]!);
}

/** The polygon counter-clockwise: shapes of one path that all turn the same way never cut holes into each other. */
function turned(xy: Float32Array): Float32Array {
  let area = 0;
  const n = xy.length;
  for (let i = 0, j = n - 2; i < n; j = i, i += 2) area += xy[j]! * xy[i + 1]! - xy[i]! * xy[j + 1]!;
  if (area >= 0) return xy;
  const back = new Float32Array(n);
  for (let i = 0; i < n; i += 2) back.set([xy[n - 2 - i]!, xy[n - 1 - i]!], i);
  return back;
}

/** A plate made ready: its items boxed, its strokes sorted by style and width. */
export class PlateCanvas {
  readonly layers: readonly BoxedLayer[];

  constructor(readonly plate: Plate) {
    this.layers = plate.layers.map((layer) => {
      const batches = new Map<string, { style: number; half_m: number; strokes: Boxed<Stroke>[] }>();
      for (const stroke of layer.strokes) {
        const half_m = Math.round(stroke.half_m * 20) / 20;
        const key = `${stroke.style} ${half_m}`;
        const batch = batches.get(key) ?? { style: stroke.style, half_m, strokes: [] };
        batches.set(key, batch);
        batch.strokes.push({ item: stroke, box: boxOf(stroke.xy, stroke.half_m) });
      }
      return {
        fills: layer.fills.map(({ style, xy }) => ({ item: { style, xy: turned(xy) }, box: boxOf(xy, 0) })).sort((a, b) => a.item.style - b.item.style),
        batches: [...batches.values()].sort((a, b) => a.style - b.style),
      };
    });
  }
}

interface Paint {
  readonly alpha: number;
  readonly colour: string;
}

function fill(
  context: CanvasRenderingContext2D, { fills }: BoxedLayer, bounds: Bounds, paint: readonly Paint[], styles: readonly Style[],
): void {
  for (let i = 0; i < fills.length; ) {
    const { style } = fills[i]!.item;
    const { alpha, colour } = paint[style]!;
    const apart = styles[style]!.apart === true;
    context.globalAlpha = alpha;
    context.fillStyle = colour;
    context.beginPath();
    for (; i < fills.length && fills[i]!.item.style === style; i++) {
      if (alpha <= 0 || !meets(fills[i]!.box, bounds)) continue;
      if (apart) context.beginPath();
      trace(context, fills[i]!.item.xy);
      if (apart) context.fill();
    }
    if (!apart && alpha > 0) context.fill();
  }
}

/** Draw what of the plates meets `bounds`; the context's unit is the metre, `scale` is metres per drawn pixel. */
export function drawPlates(
  context: CanvasRenderingContext2D,
  plates: readonly PlateCanvas[],
  styles: readonly Style[],
  bounds: Bounds,
  scale: number,
  palette: Palette,
): void {
  const paint = styles.map((style) => ({
    alpha: styleOpacity(style, scale),
    colour: style.colour.startsWith("#") ? style.colour : (palette[style.colour as keyof Palette] as string),
  }));
  const near = plates.filter(({ plate }) => meets(plate.box, bounds));
  context.lineJoin = "round";
  context.lineCap = "butt";
  for (let layer = 0; layer < LAYERS; layer++) {
    for (const { layers } of near) fill(context, layers[layer]!, bounds, paint, styles);
    const batches = near.flatMap(({ layers }) => layers[layer]!.batches).sort((a, b) => a.style - b.style);
    for (const { style, half_m, strokes } of batches) {
      const { alpha, colour } = paint[style]!;
      if (alpha <= 0) continue;
      const { dash, least_px } = styles[style]!;
      context.globalAlpha = alpha;
      context.strokeStyle = colour;
      context.lineWidth = 2 * Math.max(half_m, least_px * scale);
      context.setLineDash(dash !== undefined && dash[0] + dash[1] > 1.5 * scale ? [...dash] : []);
      context.beginPath();
      for (const { item, box } of strokes) if (meets(box, bounds)) trace(context, item.xy);
      context.stroke();
    }
  }
  context.setLineDash([]);
  context.globalAlpha = 1;
}
