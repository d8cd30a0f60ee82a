/**
 * The cabin's view: what is about the vehicle, seen from behind and above it, in WebGL.
 *
 * Between two scenes (0.1 s) everybody is carried on along its heading, so that motion is smooth; what is drawn is never
 * farther from the newest scene than its own speed explains.
 */

import { ground } from "./ground.ts";
import { cabinPalette, type CabinPalette } from "./palette.ts";
import type { Theme } from "../../map/palette.ts";
import type { Road, Scene as Told } from "./scene.ts";
import {
  BoxGeometry, BufferAttribute, BufferGeometry, CapsuleGeometry, Color, DirectionalLight, DoubleSide, DynamicDrawUsage, Fog, Group,
  HemisphereLight, InstancedMesh, LinearSRGBColorSpace, Matrix4, Mesh, MeshBasicMaterial, MeshLambertMaterial, PerspectiveCamera, Quaternion, Scene, Vector3,
  WebGLRenderer,
} from "./three.ts";

const MOST = 160;
const PEDESTRIAN = 3;
const CARRIED_S = 0.35;
/** The camera turns after the vehicle with this delay. */
const FOLLOWS_MS = 130;
const COARSER = 0.7;
const BACK_M = 18;
const UP_M = 11.5;
const AHEAD_M = 15;
const RIBBON = 600;
const UP = new Vector3(0, 0, 1);

export interface Label {
  readonly light: number;
  readonly remaining_s: number;
  readonly by: number;
  /** CSS pixels; null when it is not in the picture */
  readonly at: readonly [x: number, y: number] | null;
}

/** A strip of triangles that is laid anew with each scene. */
class Ribbon {
  readonly mesh: Mesh;
  private readonly places = new Float32Array(RIBBON * 18);
  private readonly colours = new Float32Array(RIBBON * 24);
  private many = 0;

  constructor() {
    const geometry = new BufferGeometry();
    geometry.setAttribute("position", new BufferAttribute(this.places, 3).setUsage(DynamicDrawUsage));
    geometry.setAttribute("color", new BufferAttribute(this.colours, 4).setUsage(DynamicDrawUsage));
    this.mesh = new Mesh(geometry, new MeshBasicMaterial({ vertexColors: true, transparent: true, side: DoubleSide, depthWrite: false }));
    this.mesh.frustumCulled = false;
  }

  clear(): void {
    this.many = 0;
  }

  /** A piece from (x1, y1) to (x2, y2), so wide to both sides, its opacity going from one to the other. */
  piece(x1: number, y1: number, x2: number, y2: number, half_m: number, z: number, colour: Color, from: number, to: number): void {
    const long = Math.hypot(x2 - x1, y2 - y1);
    if (this.many >= RIBBON || long < 1e-3) return;
    const ox = ((y2 - y1) / long) * half_m;
    const oy = (-(x2 - x1) / long) * half_m;
    const corners = [x1 + ox, y1 + oy, z, x2 + ox, y2 + oy, z, x2 - ox, y2 - oy, z, x1 + ox, y1 + oy, z, x2 - ox, y2 - oy, z, x1 - ox, y1 - oy, z];
    this.places.set(corners, this.many * 18);
    [from, to, to, from, to, from].forEach((alpha, k) => this.colours.set([colour.r, colour.g, colour.b, alpha], this.many * 24 + k * 4));
    this.many += 1;
  }

  done(): void {
    const { geometry } = this.mesh;
    geometry.setDrawRange(0, this.many * 6);
    geometry.getAttribute("position").needsUpdate = true;
    geometry.getAttribute("color").needsUpdate = true;
  }
}

export class View {
  private readonly renderer: WebGLRenderer;
  private readonly scene = new Scene();
  private readonly camera = new PerspectiveCamera(52, 1, 0.5, 400);
  private readonly still = new Group();
  private readonly bodies: InstancedMesh;
  private readonly tops: InstancedMesh;
  private readonly people: InstancedMesh;
  private readonly own = new Group();
  private readonly path = new Ribbon();
  private readonly ways = new Ribbon();
  private palette: CabinPalette;
  private seen: Color[] = [];
  private anchor: readonly [number, number] = [0, 0];
  private told: Told | null = null;
  private at_ms = 0;
  private heading = Number.NaN;
  private drawn_ms = 0;
  private fineness = 1;
  counts = { bodies: 0, people: 0, car: 0, road: 0, both: 0, ways: 0, path: 0 };

  constructor(private readonly canvas: HTMLCanvasElement, theme: Theme) {
    this.renderer = new WebGLRenderer({ canvas, antialias: true, powerPreference: "high-performance" });
    this.renderer.outputColorSpace = LinearSRGBColorSpace; // colours are written as they are shown
    this.palette = cabinPalette(theme);
    const box = new BoxGeometry(1, 1, 1);
    box.translate(0, 0, 0.5);
    const body = new MeshLambertMaterial();
    this.bodies = this.instances(box, body);
    this.tops = this.instances(box, new MeshLambertMaterial({ transparent: true, opacity: 0.9 }));
    const person = new CapsuleGeometry(0.28, 1.1, 4, 10);
    person.rotateX(Math.PI / 2);
    person.translate(0, 0, 0.83);
    this.people = this.instances(person, body);
    this.scene.add(this.still, this.ways.mesh, this.path.mesh, this.bodies, this.tops, this.people, this.own);
    this.scene.add(new HemisphereLight("#ffffff", "#55686c", 2.4));
    const sun = new DirectionalLight("#ffffff", 1.5);
    sun.position.set(-30, -60, 90);
    this.scene.add(sun);
    this.dress(theme);
  }

  private instances(geometry: BufferGeometry, material: MeshLambertMaterial): InstancedMesh {
    const mesh = new InstancedMesh(geometry, material, MOST);
    mesh.instanceMatrix.setUsage(DynamicDrawUsage);
    mesh.frustumCulled = false;
    mesh.count = 0;
    for (let k = 0; k < MOST; k++) mesh.setColorAt(k, new Color("#888888"));
    return mesh;
  }

  dress(theme: Theme): void {
    this.palette = cabinPalette(theme);
    this.seen = this.palette.seen.map((colour) => new Color(colour));
    this.renderer.setClearColor(this.palette.sky);
    this.scene.fog = new Fog(this.palette.sky, 70, 150);
    this.own.clear();
    const shell = (long: number, wide: number, from: number, high: number, colour: string): Mesh => {
      const box = new BoxGeometry(wide, long, high - from);
      box.translate(0, 0, (high + from) / 2);
      return new Mesh(box, new MeshLambertMaterial({ color: colour }));
    };
    this.own.add(shell(5.9, 2.06, 0.25, 1.25, this.palette.own), shell(5.5, 1.9, 1.25, 2.2, "#22343a"), shell(5.7, 2.0, 2.2, 2.55, this.palette.own));
    const lidar = shell(0.5, 0.5, 2.55, 2.85, this.palette.path);
    this.own.add(lidar);
  }

  lay(road: Road): void {
    const x = road.stops.x_m[0] ?? 0;
    const y = road.stops.y_m[0] ?? 0;
    this.anchor = [x, y];
    this.still.clear();
    this.still.add(ground(road, this.palette, x, y));
  }

  size(width: number, height: number): void {
    this.renderer.setPixelRatio(Math.min(window.devicePixelRatio, 2) * this.fineness);
    this.renderer.setSize(width, height, false);
    this.camera.aspect = width / Math.max(height, 1);
    this.camera.updateProjectionMatrix();
  }

  take(told: Told): void {
    this.told = told;
    this.at_ms = performance.now();
    const [ax, ay] = this.anchor;
    const colour = new Color(told.accel_mps2 < -1.8 ? this.palette.brake : this.palette.path);
    const { x_m, y_m } = told.path;
    this.path.clear();
    for (let k = 0; k + 1 < x_m.length; k++) {
      const fade = (at: number): number => 0.72 * (1 - (at / x_m.length) * 0.75);
      this.path.piece(x_m[k]! - ax, y_m[k]! - ay, x_m[k + 1]! - ax, y_m[k + 1]! - ay, 0.85, 0.09, colour, fade(k), fade(k + 1));
    }
    const end = x_m.length - 1;
    if (end > 1 && told.path.speed_mps[end]! < 0.3) {
      // The plan ends in a stand: a bar across where the rear axle will be, moved to the front.
      const [dx, dy] = [x_m[end]! - x_m[end - 1]!, y_m[end]! - y_m[end - 1]!];
      const long = Math.hypot(dx, dy) || 1;
      const [fx, fy] = [x_m[end]! - ax + (dx / long) * 4.9, y_m[end]! - ay + (dy / long) * 4.9];
      const bar = new Color(this.palette.brake);
      this.path.piece(fx - (dy / long) * 1.5, fy + (dx / long) * 1.5, fx + (dy / long) * 1.5, fy - (dx / long) * 1.5, 0.14, 0.12, bar, 0.95, 0.95);
    }
    this.path.done();
    this.ways.clear();
    const { object, way, x_m: wx, y_m: wy } = told.ways;
    let step = 0;
    for (let k = 0; k + 1 < wx.length; k++) {
      step = way[k] === way[k + 1] ? step + 1 : 0;
      if (way[k] !== way[k + 1]) continue;
      const hue = this.seen[told.objects.seen_by[object[k]!] ?? 0] ?? this.seen[0]!;
      const person = told.objects.kind[object[k]!] === PEDESTRIAN;
      this.ways.piece(wx[k]! - ax, wy[k]! - ay, wx[k + 1]! - ax, wy[k + 1]! - ay, person ? 0.16 : 0.3, 0.1, hue, 0.62 - step * 0.08, 0.54 - step * 0.08);
    }
    this.ways.done();
  }

  /** Draw with fewer pixels, down to a share of those of the display, from now on. */
  coarsen(least: number): void {
    const { clientWidth, clientHeight } = this.renderer.domElement;
    if (this.fineness <= least) return;
    this.fineness = Math.max(least, this.fineness * COARSER);
    this.size(clientWidth, clientHeight);
  }

  draw(): readonly Label[] {
    const told = this.told;
    if (told === null) return [];
    const passed_s = Math.min((performance.now() - this.at_ms) / 1000, CARRIED_S);
    const [ax, ay] = this.anchor;
    const reach = told.speed_mps * passed_s;
    const x = told.x_m - ax + reach * Math.sin(told.heading_rad);
    const y = told.y_m - ay + reach * Math.cos(told.heading_rad);
    this.own.position.set(x, y, 0);
    this.own.rotation.z = -told.heading_rad;
    this.place(told, passed_s);
    const turn = Number.isNaN(this.heading) ? 0 : ((((told.heading_rad - this.heading + Math.PI) % (2 * Math.PI)) + 2 * Math.PI) % (2 * Math.PI)) - Math.PI;
    const now_ms = performance.now();
    const share = 1 - Math.exp((this.drawn_ms - now_ms) / FOLLOWS_MS);
    this.drawn_ms = now_ms;
    this.heading = Number.isNaN(this.heading) || Math.abs(turn) > 1 ? told.heading_rad : this.heading + turn * share;
    const [sin, cos] = [Math.sin(this.heading), Math.cos(this.heading)];
    this.camera.up.copy(UP);
    this.camera.position.set(x - sin * BACK_M, y - cos * BACK_M, UP_M);
    this.camera.lookAt(x + sin * AHEAD_M, y + cos * AHEAD_M, 0);
    this.renderer.render(this.scene, this.camera);
    return this.labels(told);
  }

  private place(told: Told, passed_s: number): void {
    const { kind, seen_by, x_m, y_m, heading_rad, speed_mps, length_m, width_m, height_m } = told.objects;
    const [ax, ay] = this.anchor;
    const matrix = new Matrix4();
    const [spot, turned, scale] = [new Vector3(), new Quaternion(), new Vector3()];
    const counts = { bodies: 0, people: 0, car: 0, road: 0, both: 0, ways: new Set(told.ways.way).size, path: told.path.x_m.length };
    for (let k = 0; k < kind.length; k++) {
      const heading = heading_rad[k]!;
      const reach = speed_mps[k]! * passed_s;
      spot.set(x_m[k]! - ax + reach * Math.sin(heading), y_m[k]! - ay + reach * Math.cos(heading), 0.02);
      turned.setFromAxisAngle(UP, -heading);
      const hue = this.seen[seen_by[k]!] ?? this.seen[0]!;
      counts[seen_by[k] === 1 ? "car" : seen_by[k] === 2 ? "road" : "both"] += 1;
      if (kind[k] === PEDESTRIAN) {
        if (counts.people >= MOST) continue;
        scale.set(1, 1, Math.max(height_m[k]! / 1.7, 0.6));
        this.people.setMatrixAt(counts.people, matrix.compose(spot, turned, scale));
        this.people.setColorAt(counts.people++, hue);
        continue;
      }
      if (counts.bodies >= MOST) continue;
      const [long, wide, high] = [length_m[k]!, width_m[k]!, Math.max(height_m[k]!, 0.8)];
      const low = high > 2.2 ? high : high * 0.58;
      scale.set(wide, long, low);
      this.bodies.setMatrixAt(counts.bodies, matrix.compose(spot, turned, scale));
      this.bodies.setColorAt(counts.bodies, hue);
      const back = high > 2.2 ? 0 : -long * 0.04;
      spot.x += back * Math.sin(heading);
      spot.y += back * Math.cos(heading);
      spot.z = low;
      scale.set(wide * 0.86, long * (high > 2.2 ? 0.96 : 0.55), Math.max(high - low, 0.05));
      this.tops.setMatrixAt(counts.bodies, matrix.compose(spot, turned, scale));
      this.tops.setColorAt(counts.bodies++, hue.clone().multiplyScalar(0.62));
    }
    for (const [mesh, many] of [[this.bodies, counts.bodies], [this.tops, counts.bodies], [this.people, counts.people]] as const) {
      mesh.count = many;
      mesh.instanceMatrix.needsUpdate = true;
      if (mesh.instanceColor !== null) mesh.instanceColor.needsUpdate = true;
    }
    this.counts = counts;
  }

  private labels(told: Told): readonly Label[] {
    const { light, remaining_s, by, x_m, y_m, ahead_m } = told.lights;
    const [ax, ay] = this.anchor;
    const found: Label[] = [];
    for (let k = 0; k < light.length; k++) {
      const spot = new Vector3(x_m[k]! - ax, y_m[k]! - ay, 4.2).project(this.camera);
      const inside = spot.z < 1 && Math.abs(spot.x) < 1.05 && Math.abs(spot.y) < 1.05 && ahead_m[k]! < 140;
      const at = [((spot.x + 1) / 2) * this.canvas.clientWidth, ((1 - spot.y) / 2) * this.canvas.clientHeight] as const;
      found.push({ light: light[k]!, remaining_s: remaining_s[k]!, by: by[k]!, at: inside ? at : null });
    }
    return found;
  }

  close(): void {
    this.renderer.dispose();
  }
}
