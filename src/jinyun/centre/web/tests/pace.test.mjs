import assert from "node:assert/strict";
import test from "node:test";
import { Pace } from "../src/live/pace.ts";

/** Turns of a display on which drawing takes `cost_ms` and a scene comes each 100 ms; returns how often it drew in vain. */
function played(pace, cost_ms, begin_ms = 0) {
  let [now_ms, between, fresh_ms] = [begin_ms, 0, begin_ms];
  while (now_ms < begin_ms + 5000) {
    const also = pace.turn(now_ms);
    const fresh = now_ms >= fresh_ms;
    if (fresh) fresh_ms += 100;
    if (fresh || also) pace.drew(now_ms);
    if (!fresh && also && now_ms > begin_ms + 2500) between += 1;
    now_ms += fresh || also ? Math.max(cost_ms, 16.7) : 16.7;
  }
  return between;
}

test("a display that draws quickly draws between scenes, one that does not draws what is new alone", () => {
  assert.ok(played(new Pace(), 5) > 100);
  assert.equal(played(new Pace(), 80), 0);
});

test("a display that becomes quick, or was hidden, draws between scenes again", () => {
  const pace = new Pace();
  assert.equal(played(pace, 80), 0);
  assert.ok(played(pace, 5, 10_000) > 100);
  pace.drew(20_000);
  assert.equal(pace.turn(90_000), true);
});

test("a display that is late is told so a few times a second at the most, one that is not never", () => {
  const told = (cost_ms) => {
    const pace = new Pace();
    let [now_ms, late] = [0, 0];
    for (; now_ms < 3000; now_ms += cost_ms) {
      pace.turn(now_ms);
      pace.drew(now_ms);
      if (pace.late()) late += 1;
    }
    return late;
  };
  assert.equal(told(17), 0);
  assert.equal(told(100), 1);
});
