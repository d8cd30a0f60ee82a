/** The cabin's colours in both themes; who sees somebody is told by hue: the car, the road, or both. */

import type { Theme } from "../../map/palette.ts";

export interface CabinPalette {
  readonly sky: string;
  readonly ground: string;
  readonly road: string;
  readonly bus: string;
  readonly bicycle: string;
  readonly sidewalk: string;
  readonly paint: string;
  readonly block: string;
  readonly own: string;
  readonly path: string;
  readonly brake: string;
  readonly stop: string;
  /** by `seen_by`: nobody, the car, the road, both */
  readonly seen: readonly [string, string, string, string];
  readonly dim: number;
}

const dark: CabinPalette = {
  sky: "#0a1418",
  ground: "#0d191d",
  road: "#26373e",
  bus: "#2a3b4b",
  bicycle: "#234042",
  sidewalk: "#18262b",
  paint: "#c9d6d4",
  block: "#1b2c33",
  own: "#e9f4f1",
  path: "#3fd0ae",
  brake: "#ff7a5c",
  stop: "#55c5aa",
  seen: ["#8a979b", "#6fb1ff", "#ffb454", "#63dcb4"],
  dim: 0.72,
};

const light: CabinPalette = {
  sky: "#dde7e6",
  ground: "#e7edeb",
  road: "#b9c4c6",
  bus: "#adbccb",
  bicycle: "#a9c6c1",
  sidewalk: "#d3dbd9",
  paint: "#ffffff",
  block: "#c8d2d2",
  own: "#123b36",
  path: "#0a8f74",
  brake: "#cf4326",
  stop: "#0a7a66",
  seen: ["#7c898d", "#1f6fd1", "#c46a00", "#0a8a63"],
  dim: 1,
};

export function cabinPalette(theme: Theme): CabinPalette {
  return theme === "light" ? light : dark;
}
