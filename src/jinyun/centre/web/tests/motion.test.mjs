import assert from "node:assert/strict";
import test from "node:test";
import { at, join, snapshot } from "../src/live/motion.ts";
import { Playout } from "../src/live/playout.ts";

function frame(t_ms, rows, clock = "live") {
  const column = (name, otherwise) => Float32Array.from(rows, (row) => row[name] ?? otherwise);
  const tracks = { n: rows.length, id: Uint32Array.from(rows, (row) => row.id) };
  for (const name of ["x_m", "y_m", "kind", "class", "seen_by", "sources", "age_ms"]) tracks[name] = column(name, 0);
  for (const name of ["heading_deg", "speed_mps", "length_m", "width_m", "height_m", "position_sd_m"]) tracks[name] = column(name, NaN);
  const signals = { n: 0, node: [], phase: [], light: [], remaining_ds: [] };
  return { seq: 0, t_us: t_ms * 1000, zone: "z", clock, simulated: true, map: true, label: null, tracks, signals };
}

test("participants are matched by id and not by row", () => {
  const a = snapshot(frame(0, [{ id: 1, x_m: 0 }, { id: 2, x_m: 50 }]), null);
  const b = snapshot(frame(100, [{ id: 2, x_m: 51 }, { id: 1, x_m: 1 }]), a);
  const motion = join(a, b);
  assert.deepEqual(at(motion, motion.rows.get(1), 0.5).x_m, 0.5);
  assert.deepEqual(at(motion, motion.rows.get(2), 0.5).x_m, 50.5);
});

test("a heading turns the short way round", () => {
  const a = snapshot(frame(0, [{ id: 1, heading_deg: 350 }]), null);
  const motion = join(a, snapshot(frame(100, [{ id: 1, heading_deg: 10 }]), a));
  assert.ok(Math.abs(at(motion, 0, 0.5).heading_rad - 2 * Math.PI) < 1e-6);
});

test("without a heading the way travelled tells it, and standing keeps it", () => {
  const a = snapshot(frame(0, [{ id: 1 }]), null);
  const b = snapshot(frame(100, [{ id: 1, x_m: 1 }]), a);
  const c = snapshot(frame(200, [{ id: 1, x_m: 1 }]), b);
  assert.ok(Number.isNaN(a.heading[0]));
  assert.ok(Math.abs(b.heading[0] - Math.PI / 2) < 1e-6);
  assert.equal(c.heading[0], b.heading[0]);
});

test("a jump is a jump, a newcomer fades in, one who left fades out", () => {
  const a = snapshot(frame(0, [{ id: 1 }, { id: 2 }]), null);
  const motion = join(a, snapshot(frame(100, [{ id: 1, x_m: 900 }, { id: 3 }]), a));
  const row = (id) => motion.rows.get(id);
  assert.equal(at(motion, row(1), 0.5).x_m, 900);
  assert.deepEqual([motion.a0[row(3)], motion.a1[row(3)]], [0, 1]);
  assert.deepEqual([motion.a0[row(2)], motion.a1[row(2)]], [1, 0]);
});

test("a row without a place is left out", () => {
  assert.equal(snapshot(frame(0, [{ id: 1, x_m: NaN }, { id: 2 }]), null).rows.size, 1);
});

test("uneven arrivals are shown evenly, 110 to 400 ms late", () => {
  const playout = new Playout();
  const late = [0, 30, -20, 45, 10, -30, 25, 0, 40, -10];
  const arrivals = Array.from({ length: 60 }, (_, i) => ({ at: 1000 + i * 100 + late[i % 10], t: 5_000_000 + i * 100 }));
  let previous = null;
  let worst = 0;
  for (let now = 1000; now < 6900; now += 16) {
    while (arrivals.length > 0 && arrivals[0].at <= now) {
      const { t } = arrivals.shift();
      playout.push(frame(t, [{ id: 1, x_m: (t - 5_000_000) / 100 }]), now);
    }
    const shown = playout.tick(now);
    if (shown === null) continue;
    if (previous !== null && now > 3000) {
      worst = Math.max(worst, Math.abs(shown.t_ms - previous - 16));
      const lag = 5_000_000 + now - 1000 - shown.t_ms;
      assert.ok(lag > 60 && lag < 400, `lag ${lag} ms at ${now}`);
    }
    previous = shown.t_ms;
  }
  assert.ok(worst < 9, `a step was off by ${worst} ms`);
});

test("a replay that starts again is followed at once", () => {
  const playout = new Playout();
  for (let i = 0; i < 20; i++) playout.push(frame(1e9 + i * 100, [{ id: 1 }], "replay"), i * 100);
  playout.tick(2000);
  playout.push(frame(1e9, [{ id: 1 }], "replay"), 2100);
  assert.ok(Math.abs(playout.tick(2110).t_ms - 1e9) < 500);
});
