/** Participants in WebGL: one merged mesh of quads (no instancing: software rasterisers walk instances one by one). */

import type { Motion } from "../../live/motion.ts";
import { rgba, type Palette } from "../../map/palette.ts";
import { colourOf, LEAST_PX, silhouette } from "../../map/silhouette.ts";
import { flat, type ViewUniforms } from "./camera.ts";
import { PARTICIPANT_FRAGMENT, PARTICIPANT_VERTEX, PER_ROW } from "./participants.glsl.ts";
import {
  BufferAttribute,
  BufferGeometry,
  DataTexture,
  FloatType,
  Mesh,
  NearestFilter,
  RGBAFormat,
  type RawShaderMaterial,
} from "./three.ts";

const UNKNOWN_HEADING = 1e9;
const SELECTED = 4;

function quads(capacity: number): BufferGeometry {
  const corner = new Float32Array(capacity * 8);
  const row = new Float32Array(capacity * 4);
  const index = new Uint32Array(capacity * 6);
  for (let i = 0; i < capacity; i++) {
    corner.set([-1, -1, 1, -1, 1, 1, -1, 1], 8 * i);
    row.fill(i, 4 * i, 4 * i + 4);
    index.set([0, 1, 2, 0, 2, 3].map((k) => 4 * i + k), 6 * i);
  }
  const geometry = new BufferGeometry();
  geometry.setAttribute("aCorner", new BufferAttribute(corner, 2));
  geometry.setAttribute("aRow", new BufferAttribute(row, 1));
  geometry.setIndex(new BufferAttribute(index, 1));
  return geometry;
}

function rows(capacity: number): DataTexture {
  const height = capacity / PER_ROW;
  const texture = new DataTexture(new Float32Array(capacity * 12), PER_ROW * 3, height, RGBAFormat, FloatType);
  texture.minFilter = texture.magFilter = NearestFilter;
  return texture;
}

export class ParticipantMeshes {
  readonly mesh: Mesh;
  private readonly material: RawShaderMaterial;
  private capacity = PER_ROW * 8;
  private texture = rows(this.capacity);
  private drawn: Motion | null = null;
  private selected = 0;

  constructor(view: ViewUniforms) {
    this.material = flat(PARTICIPANT_VERTEX, PARTICIPANT_FRAGMENT, {
      ...view,
      uRows: { value: this.texture },
      uU: { value: 0 },
      uColours: { value: new Float32Array(15) },
      uLeast: { value: Float32Array.from(LEAST_PX.flat()) },
      uGlass: { value: new Float32Array(4) },
      uShadow: { value: new Float32Array(4) },
      uBoth: { value: new Float32Array(3) },
      uSelected: { value: new Float32Array(3) },
    });
    this.mesh = new Mesh(quads(this.capacity), this.material);
    this.mesh.frustumCulled = false;
    this.mesh.renderOrder = 2000;
  }

  setPalette(palette: Palette): void {
    const { uniforms } = this.material;
    const rgb = (hex: string): number[] => rgba(hex).slice(0, 3);
    uniforms["uColours"]!.value.set([...palette.kinds, palette.shuttleBus].flatMap(rgb));
    uniforms["uGlass"]!.value.set(rgba(palette.glass));
    uniforms["uShadow"]!.value.set(rgba(palette.shadow));
    uniforms["uBoth"]!.value.set(rgb(palette.both));
    uniforms["uSelected"]!.value.set(rgb(palette.selected));
  }

  setMotion(motion: Motion | null, u: number, selected: number): void {
    this.material.uniforms["uU"]!.value = u;
    if (motion === this.drawn && selected === this.selected) return;
    this.drawn = motion;
    this.selected = selected;
    this.mesh.geometry.setDrawRange(0, (motion?.n ?? 0) * 6);
    if (motion === null) return;
    if (motion.n > this.capacity) this.grow(motion.n);
    const data = this.texture.image.data as Float32Array;
    for (let k = 0; k < motion.n; k++) {
      const o = k * 12;
      const shape = silhouette(motion.kind[k]!, motion.class[k]!);
      const known = Number.isFinite(motion.h1[k]!);
      data[o] = motion.x0[k]!;
      data[o + 1] = motion.y0[k]!;
      data[o + 2] = motion.x1[k]!;
      data[o + 3] = motion.y1[k]!;
      data[o + 4] = known ? motion.h0[k]! : UNKNOWN_HEADING;
      data[o + 5] = known ? motion.h1[k]! : UNKNOWN_HEADING;
      data[o + 6] = motion.length_m[k]!;
      data[o + 7] = motion.width_m[k]!;
      data[o + 8] = shape;
      data[o + 9] = colourOf(motion.kind[k]!, shape);
      data[o + 10] = motion.seen_by[k]! & 3;
      data[o + 11] = motion.a0[k]! + 2 * motion.a1[k]! + (motion.id[k] === selected && selected !== 0 ? SELECTED : 0);
    }
    this.texture.needsUpdate = true;
  }

  private grow(n: number): void {
    while (this.capacity < n) this.capacity *= 2;
    this.texture.dispose();
    this.mesh.geometry.dispose();
    this.texture = rows(this.capacity);
    this.material.uniforms["uRows"]!.value = this.texture;
    this.mesh.geometry = quads(this.capacity);
    this.mesh.geometry.setDrawRange(0, n * 6);
  }

  dispose(): void {
    this.texture.dispose();
    this.mesh.geometry.dispose();
    this.material.dispose();
  }
}
