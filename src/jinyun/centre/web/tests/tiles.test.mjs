import assert from "node:assert/strict";
import test from "node:test";
import { Tiles, keyOf } from "../src/map/tiles.ts";

// A town of 20 by 20 tiles of 2 km, each with four of 1 km; levels as the centre tells them.
const LEVELS = [{ tile_m: 2000, nearer_than: 16 }, { tile_m: 1000, nearer_than: 3 }];

function town(size = 20) {
  const tiles = [];
  const add = (level, column, row) => {
    const side = LEVELS[level - 1].tile_m;
    const box = [column * side, row * side, (column + 1) * side, (row + 1) * side];
    tiles.push({ level, column, row, box, first: 0, count: level === 1 ? 3 : 0 });
  };
  for (let c = 0; c < size; c++) for (let r = 0; r < size; r++) add(1, c, r);
  for (let c = 0; c < 2 * size; c++) for (let r = 0; r < 2 * size; r++) add(2, c, r);
  return { levels: LEVELS, tiles };
}

/** Tiles whose answers wait in `waiting` until the test gives them. */
function asked(bytes = 1000) {
  const seen = { waiting: new Map(), aborted: [], gone: [], changed: 0, most: 0 };
  const tiles = new Tiles(town(), {
    ask: (tile, signal) =>
      new Promise((resolve, reject) => {
        const key = keyOf(tile);
        seen.waiting.set(key, { answer: (value) => { seen.waiting.delete(key); resolve(value); }, reject });
        seen.most = Math.max(seen.most, seen.waiting.size);
        signal.addEventListener("abort", () => {
          seen.waiting.delete(key);
          seen.aborted.push(key);
          reject(new Error("aborted"));
        });
      }),
    make: (buffer, tile) => {
      if (buffer.byteLength === 1) throw new Error("not a tile");
      return keyOf(tile);
    },
    gone: (kept) => seen.gone.push(keyOf(kept.tile)),
    changed: () => seen.changed++,
  });
  const settle = () => new Promise((resolve) => setImmediate(resolve));
  const feed = async (now = 0) => {
    for (let rounds = 0; seen.waiting.size > 0; rounds++) {
      assert.ok(rounds < 1000, "asks without end");
      for (const { answer } of [...seen.waiting.values()]) answer(new ArrayBuffer(bytes));
      await settle();
      while (tiles.make(1000).length > 0);
      tiles.askOn(now);
    }
  };
  return { tiles, seen, settle, feed };
}

const shownKeys = (choice) => choice.shown.map(({ tile }) => keyOf(tile)).sort();
const view = (x, y, wide, high = wide) => [x - wide / 2, y - high / 2, x + wide / 2, y + high / 2];

test("a view of the whole wants no tile, a nearer one those around it of its level, and no more than six at once", async () => {
  const { tiles, seen, feed } = asked();
  tiles.look(view(20000, 20000, 40000), 40, 0);
  assert.equal(tiles.counts.wanted, 0);
  assert.equal(tiles.choose(view(20000, 20000, 40000), 40).absent.length, 400);
  tiles.look(view(20000, 20000, 4000), 4, 0);
  assert.equal(seen.most, 6);
  await feed();
  assert.equal(seen.most, 6);
  assert.equal(tiles.counts.missing, 0);
  const choice = tiles.choose(view(20000, 20000, 4000), 4);
  assert.deepEqual(choice.absent, []);
  assert.ok(choice.shown.length >= 9 && choice.shown.every(({ tile }) => tile.level === 1));
});

test("what has left the view is given up, what comes is asked for, and nothing of the old is made", async () => {
  const { tiles, seen, settle } = asked();
  tiles.look(view(3000, 3000, 500), 0.4, 0);
  const before = [...seen.waiting.keys()];
  assert.ok(before.length > 0);
  const [[, first]] = seen.waiting;
  first.answer(new ArrayBuffer(8)); // it arrives in the moment in which the view leaves
  await settle();
  tiles.look(view(33000, 33000, 500), 0.4, 0);
  await settle();
  assert.deepEqual(seen.aborted.sort(), before.slice(1).sort());
  assert.ok([...seen.waiting.keys()].every((key) => !before.includes(key)));
  assert.deepEqual(tiles.make(1000), []);
});

test("every place is drawn at every moment: by what is there until what belongs there comes", async () => {
  const { tiles, seen, settle, feed } = asked();
  const far = view(10000, 10000, 3000);
  tiles.look(far, 5, 0);
  assert.equal(tiles.choose(far, 5).shown.length, 0);
  assert.ok(tiles.choose(far, 5).absent.length > 0);
  await feed();
  const near = view(10500, 10500, 300);
  tiles.look(near, 0.3, 0);
  let choice = tiles.choose(near, 0.3);
  assert.deepEqual([shownKeys(choice), choice.absent], [["1/5/5"], []]); // the coarse tile stands in
  seen.waiting.get("2/10/10").answer(new ArrayBuffer(8));
  await settle();
  tiles.make(1000);
  choice = tiles.choose(near, 0.3);
  assert.deepEqual([shownKeys(choice), choice.absent], [["2/10/10"], []]);
  const wider = view(10500, 10500, 1400); // its neighbours lack: it lies over their parents
  choice = tiles.choose(wider, 1.4);
  assert.ok(shownKeys(choice).includes("2/10/10") && shownKeys(choice).includes("1/5/5") && shownKeys(choice).includes("1/4/4"));
  assert.deepEqual(choice.absent, []);
});

test("what is kept is bounded, goes in the order in which it was last wanted, and never while it is wanted", async () => {
  const { tiles, seen, feed } = asked(60_000);
  for (let step = 0; step < 18; step++) {
    tiles.look(view(2000 + step * 2000, 20000, 900), 0.7, 0);
    await feed();
    assert.equal(tiles.counts.missing, 0);
    assert.ok(tiles.counts.bytes <= 3_000_000 + tiles.counts.wanted * 60_000);
  }
  assert.ok(seen.gone.length > 20);
  assert.ok(Number(seen.gone[0].split("/")[1]) < Number(seen.gone.at(-1).split("/")[1]));
  tiles.look(view(20000, 20000, 40000), 9, 0); // wants more than fits
  await feed();
  assert.equal(tiles.counts.missing, 0);
  tiles.look(view(20000, 20000, 10), 0.1, 0);
  assert.ok(tiles.counts.bytes <= 3_000_000 + 60_000);
});

test("a tile that fails is asked for again after a pause; one that is gone makes the page ask for the map", async () => {
  const { tiles, seen, settle } = asked();
  const here = view(500, 500, 100);
  tiles.look(here, 10, 0);
  const now = performance.now();
  for (const { reject } of [...seen.waiting.values()]) reject(new Error("HTTP 503"));
  seen.waiting.clear();
  await settle();
  tiles.askOn(now);
  assert.equal(seen.waiting.size, 0);
  tiles.askOn(now + 60_000);
  assert.equal(seen.waiting.size, 1);
  [...seen.waiting.values()][0].answer(new ArrayBuffer(1)); // foreign bytes
  await settle();
  assert.deepEqual(tiles.make(1000), []);
  tiles.askOn(performance.now() + 60_000);
  [...seen.waiting.values()][0].answer(null);
  await settle();
  assert.equal(seen.changed, 1);
  assert.equal(tiles.choose(here, 10).absent.length, 1);
  tiles.close();
  tiles.askOn(performance.now() + 120_000);
  assert.equal(seen.waiting.size, 0);
});
