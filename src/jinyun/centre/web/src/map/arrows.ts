/** Turn arrows painted on the lanes, as polygons in metres: x to the right, y ahead. */

export const TURN = { straight: 1, left: 2, right: 4, back: 8 } as const;

export type Polygon = readonly (readonly [number, number])[];

const STEM = 0.09;
const AHEAD: Polygon = [[-STEM, 1], [-0.42, 1.2], [0, 3], [0.42, 1.2], [STEM, 1]];
/** Leaves the stem where another arrow goes on ahead; where none does it stands at the stem's end. */
const TO_RIGHT: Polygon = [
  [-STEM, -1.55], [0.62, -0.42], [0.62, -0.86], [1.3, -0.12], [0.62, 0.62], [0.62, 0.1], [-STEM, -0.95],
];
const END = 1.55;
const BACK: Polygon = [
  [STEM, 0.6], [STEM, 1.5], [-0.12, 1.9], [-0.6, 1.9], [-0.82, 1.5], [-0.82, 0.2], [-1.1, 0.2], [-0.72, -1.1],
  [-0.36, 0.2], [-0.62, 0.2], [-0.62, 1.4], [-0.5, 1.62], [-0.2, 1.62], [-STEM, 1.4], [-STEM, 0.6],
];

function mirror(polygon: Polygon): Polygon {
  return polygon.map(([x, y]) => [-x, y] as const);
}

function higher(polygon: Polygon, by: number): Polygon {
  return polygon.map(([x, y]) => [x, y + by] as const);
}

/** The polygons of an arrow for the given movements (bits of {@link TURN}). */
export function arrow(turn: number): Polygon[] {
  const ahead = (turn & TURN.straight) !== 0 || turn === 0;
  const top = ahead ? 1.3 : 0.6;
  const parts: Polygon[] = [[[-STEM, -3], [STEM, -3], [STEM, top], [-STEM, top]]];
  const side = ahead ? TO_RIGHT : higher(TO_RIGHT, END);
  if (ahead) parts.push(AHEAD);
  if (turn & TURN.left) parts.push(mirror(side));
  if (turn & TURN.right) parts.push(side);
  if (turn & TURN.back) parts.push(BACK);
  return parts;
}
