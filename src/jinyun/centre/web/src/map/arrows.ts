/** Turn arrows painted on the lanes, as polygons in metres: x to the right, y ahead. */

export const TURN = { straight: 1, left: 2, right: 4, back: 8 } as const;

export type Polygon = readonly (readonly [number, number])[];

const STEM = 0.09;
const SHAFT: Polygon = [[-STEM, -3], [STEM, -3], [STEM, 1.2], [-STEM, 1.2]];
const AHEAD: Polygon = [[-STEM, 0.9], [-STEM, 1.6], [-0.38, 1.6], [0, 3], [0.38, 1.6], [STEM, 1.6], [STEM, 0.9]];
const TO_RIGHT: Polygon = [
  [-STEM, -0.4], [0.16, 0.72], [0.55, 1], [0.55, 0.62], [1.15, 1.3], [0.55, 2.02], [0.55, 1.5], [0, 1.1], [-STEM, 0.4],
];
const BACK: Polygon = [
  [STEM, 0.6], [STEM, 1.5], [-0.12, 1.9], [-0.6, 1.9], [-0.82, 1.5], [-0.82, 0.2], [-1.1, 0.2], [-0.72, -1.1],
  [-0.36, 0.2], [-0.62, 0.2], [-0.62, 1.4], [-0.5, 1.62], [-0.2, 1.62], [-STEM, 1.4], [-STEM, 0.6],
];

function mirror(polygon: Polygon): Polygon {
  return polygon.map(([x, y]) => [-x, y] as const);
}

/** The polygons of an arrow for the given movements (bits of {@link TURN}). */
export function arrow(turn: number): Polygon[] {
  const parts: Polygon[] = [SHAFT];
  if (turn & TURN.straight || turn === 0) parts.push(AHEAD);
  if (turn & TURN.left) parts.push(mirror(TO_RIGHT));
  if (turn & TURN.right) parts.push(TO_RIGHT);
  if (turn & TURN.back) parts.push(BACK);
  return parts;
}
