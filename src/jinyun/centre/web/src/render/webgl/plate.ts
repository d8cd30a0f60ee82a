/** Plates in WebGL: of each layer and style a mesh of triangulated fills or of ribbons, all with the same style table. */

import { rgba, type Palette } from "../../map/palette.ts";
import { styleOpacity, type Fills, type Plate, type Stroke, type Style } from "../../map/plate.ts";
import type { Bounds } from "../../map/view.ts";
import { flat, type ViewUniforms } from "./camera.ts";
import { BufferAttribute, BufferGeometry, Group, Mesh, ShapeUtils, Vector2, Vector4, type IUniform, type RawShaderMaterial } from "./three.ts";

/** A corner may stick out this many half widths. */
const MITER = 2;

const FILL_VERTEX = /* glsl */ `
in vec2 aPlace;
in float aStyle;
uniform vec4 uColour[STYLES];
uniform vec4 uStyle[STYLES];
out vec4 vColour;
void main() {
  int s = int(aStyle + 0.5);
  vColour = uColour[s] * uStyle[s].w;
  gl_Position = uStyle[s].w <= 0.0 ? NOWHERE : clip(screen(aPlace));
}`;

const FILL_FRAGMENT = /* glsl */ `
in vec4 vColour;
out vec4 colour;
void main() { colour = vColour; }`;

const RIBBON_VERTEX = /* glsl */ `
in vec2 aPlace;
in vec2 aNormal;
in vec4 aRibbon; // half width m, length along m, style, side
uniform vec4 uColour[STYLES];
uniform vec4 uStyle[STYLES]; // least half width px, paint m, gap m, opacity
out vec4 vColour;
out float vAcross;
out float vAlong;
flat out float vHalf;
flat out vec2 vDash;
void main() {
  int s = int(aRibbon.z + 0.5);
  float half_px = max(aRibbon.x * uPx, uStyle[s].x * uDot);
  float reach = half_px + 1.0;
  vColour = uColour[s] * uStyle[s].w;
  vAcross = aRibbon.w * reach;
  vAlong = aRibbon.y * uPx;
  vHalf = half_px;
  vDash = uStyle[s].yz * uPx;
  gl_Position = uStyle[s].w <= 0.0 ? NOWHERE : clip(screen(aPlace) + aNormal * reach);
}`;

const RIBBON_FRAGMENT = /* glsl */ `
in vec4 vColour;
in float vAcross;
in float vAlong;
flat in float vHalf;
flat in vec2 vDash;
out vec4 colour;
void main() {
  float cover = clamp(vHalf + 0.5 - abs(vAcross), 0.0, 1.0);
  if (vDash.x > 0.0) {
    float period = vDash.x + vDash.y;
    float at = mod(vAlong, period);
    float dash = clamp(vDash.x * 0.5 - abs(at - vDash.x * 0.5) + 0.5, 0.0, 1.0);
    cover *= mix(vDash.x / period, dash, smoothstep(1.5, 5.0, period));
  }
  colour = vColour * cover;
}`;

function fillGeometry(fills: readonly Fills[]): BufferGeometry {
  const place: number[] = [];
  const style: number[] = [];
  const index: number[] = [];
  for (const fill of fills) {
    const contour: Vector2[] = [];
    for (let i = 0; i < fill.xy.length; i += 2) contour.push(new Vector2(fill.xy[i], fill.xy[i + 1]));
    if (contour.length > 3 && contour[0]!.equals(contour.at(-1)!)) contour.pop();
    // Triangulation wants counter-clockwise outlines; the map's may have either winding.
    if (ShapeUtils.isClockWise(contour)) contour.reverse();
    const base = style.length;
    for (const { x, y } of contour) {
      place.push(x, y);
      style.push(fill.style);
    }
    for (const [a, b, c] of ShapeUtils.triangulateShape(contour, []) as [number, number, number][]) {
      index.push(base + a, base + b, base + c);
    }
  }
  const geometry = new BufferGeometry();
  geometry.setAttribute("aPlace", new BufferAttribute(Float32Array.from(place), 2));
  geometry.setAttribute("aStyle", new BufferAttribute(Float32Array.from(style), 1));
  geometry.setIndex(new BufferAttribute(Uint32Array.from(index), 1));
  return geometry;
}

/** The unit normals at each point of a polyline, to its left, lengthened at corners. */
function normals(xy: Float32Array): Float32Array {
  const n = xy.length / 2;
  const out = new Float32Array(xy.length);
  const direction = (a: number, b: number): [number, number] => {
    const dx = xy[2 * b]! - xy[2 * a]!;
    const dy = xy[2 * b + 1]! - xy[2 * a + 1]!;
    const length = Math.hypot(dx, dy);
    return length > 1e-6 ? [dx / length, dy / length] : [0, 0];
  };
  for (let i = 0; i < n; i++) {
    const before = i > 0 ? direction(i - 1, i) : direction(i, i + 1);
    const after = i < n - 1 ? direction(i, i + 1) : before;
    let nx = -(before[1] + after[1]);
    let ny = before[0] + after[0];
    const length = Math.hypot(nx, ny) || 1;
    nx /= length;
    ny /= length;
    const cosine = Math.abs(nx * -after[1] + ny * after[0]) || 1;
    const stretch = Math.min(MITER, 1 / Math.max(cosine, 1e-3));
    out[2 * i] = nx * stretch;
    out[2 * i + 1] = ny * stretch;
  }
  return out;
}

function ribbonGeometry(strokes: readonly Stroke[]): BufferGeometry {
  const points = strokes.reduce((sum, stroke) => sum + stroke.xy.length / 2, 0);
  const place = new Float32Array(points * 4);
  const normal = new Float32Array(points * 4);
  const ribbon = new Float32Array(points * 8);
  const index: number[] = [];
  let v = 0;
  for (const { xy, half_m, style } of strokes) {
    const across = normals(xy);
    let along = 0;
    for (let i = 0; i < xy.length / 2; i++) {
      const x = xy[2 * i]!;
      const y = xy[2 * i + 1]!;
      if (i > 0) along += Math.hypot(x - xy[2 * i - 2]!, y - xy[2 * i - 1]!);
      for (const side of [1, -1]) {
        place.set([x, y], 2 * v);
        normal.set([across[2 * i]! * side, across[2 * i + 1]! * side], 2 * v);
        ribbon.set([half_m, along, style, side], 4 * v);
        v += 1;
      }
      if (i > 0) index.push(v - 4, v - 3, v - 2, v - 3, v - 1, v - 2);
    }
  }
  const geometry = new BufferGeometry();
  geometry.setAttribute("aPlace", new BufferAttribute(place, 2));
  geometry.setAttribute("aNormal", new BufferAttribute(normal, 2));
  geometry.setAttribute("aRibbon", new BufferAttribute(ribbon, 4));
  geometry.setIndex(new BufferAttribute(Uint32Array.from(index), 1));
  return geometry;
}

/** What is drawn in one call: one style of one layer of a plate. */
interface Piece {
  readonly mesh: Mesh;
  readonly style: number;
}

/** Whole numbers of render order that a layer's styles have, fills below strokes. */
const PER_LAYER = 512;

function byStyle<T extends Fills | Stroke>(items: readonly T[]): Map<number, T[]> {
  const sorted = new Map<number, T[]>();
  for (const item of items) {
    const those = sorted.get(item.style);
    if (those === undefined) sorted.set(item.style, [item]);
    else those.push(item);
  }
  return sorted;
}

/** The styles of a map on the graphics card: colours and rules that all its plates share. */
export class PlateStyles {
  readonly fill: RawShaderMaterial;
  readonly ribbon: RawShaderMaterial;
  private readonly colours: IUniform<Vector4[]>;
  private readonly rules: IUniform<Vector4[]>;

  constructor(
    readonly styles: readonly Style[],
    view: ViewUniforms,
  ) {
    this.colours = { value: styles.map(() => new Vector4()) };
    this.rules = {
      value: styles.map((style) => new Vector4(style.least_px, style.dash?.[0] ?? 0, style.dash?.[1] ?? 0, 1)),
    };
    const uniforms = { ...view, uColour: this.colours, uStyle: this.rules };
    this.fill = flat(FILL_VERTEX, FILL_FRAGMENT, uniforms, { STYLES: styles.length });
    this.ribbon = flat(RIBBON_VERTEX, RIBBON_FRAGMENT, uniforms, { STYLES: styles.length });
  }

  setPalette(palette: Palette): void {
    this.styles.forEach((style, i) => {
      const colour = style.colour.startsWith("#") ? style.colour : palette[style.colour as keyof Palette];
      const [r, g, b, a] = rgba(colour as string);
      this.colours.value[i]!.set(r * a, g * a, b * a, a);
    });
  }

  setScale(scale: number): void {
    this.styles.forEach((style, i) => {
      this.rules.value[i]!.w = styleOpacity(style, scale);
    });
  }

  opacity(style: number): number {
    return this.rules.value[style]!.w;
  }

  dispose(): void {
    this.fill.dispose();
    this.ribbon.dispose();
  }
}

export class PlateMeshes {
  readonly group = new Group();
  private readonly pieces: Piece[] = [];

  constructor(
    private readonly plate: Plate,
    private readonly styles: PlateStyles,
  ) {
    this.group.matrixAutoUpdate = false;
    plate.layers.forEach(({ fills, strokes }, layer) => {
      const base = layer * PER_LAYER;
      for (const [style, items] of byStyle(fills)) this.add(fillGeometry(items), styles.fill, style, base + style);
      for (const [style, items] of byStyle(strokes)) {
        this.add(ribbonGeometry(items), styles.ribbon, style, base + PER_LAYER / 2 + style);
      }
    });
  }

  private add(geometry: BufferGeometry, material: RawShaderMaterial, style: number, order: number): void {
    const mesh = new Mesh(geometry, material);
    mesh.frustumCulled = false;
    mesh.matrixAutoUpdate = false;
    mesh.renderOrder = order;
    this.group.add(mesh);
    this.pieces.push({ mesh, style });
  }

  /** Show what meets `bounds` and has a part at this scale [m per drawn pixel]. */
  setView(scale: number, bounds: Bounds): void {
    const { box } = this.plate;
    const margin = 4 * scale;
    this.group.visible =
      box[0] - margin <= bounds[2] && box[2] + margin >= bounds[0] && box[1] - margin <= bounds[3] && box[3] + margin >= bounds[1];
    if (!this.group.visible) return;
    for (const { mesh, style } of this.pieces) mesh.visible = this.styles.opacity(style) > 0;
  }

  dispose(): void {
    for (const { mesh } of this.pieces) mesh.geometry.dispose();
  }
}
