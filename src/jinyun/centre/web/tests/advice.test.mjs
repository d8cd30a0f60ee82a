import assert from "node:assert/strict";
import test from "node:test";
import { DOES } from "../src/i18n/applications.ts";
import { openAdvice } from "../src/live/advice.ts";
import { readCatalogue, readEpisodes } from "../src/wire/catalogue.ts";

// The formatting of numbers needs the language, which needs a window.
globalThis.window ??= { location: { search: "" }, localStorage: { getItem: () => null } };
const { pattern, sentence } = await import("../src/i18n/sentence.ts");

function rows(list) {
  const names = ["episode", "application", "receiver", "about", "urgency", "x_m", "y_m", "after_s", "value"];
  return { n: list.length, ...Object.fromEntries(names.map((name) => [name, list.map((row) => row[name] ?? NaN)])) };
}

test("open advice is in one order whatever the order of its rows, the most urgent and newest first", () => {
  const list = [
    { episode: 4, urgency: 1 }, { episode: 9, urgency: 2 }, { episode: 2, urgency: 3 }, { episode: 7, urgency: 3 }, { episode: 11, urgency: 1 },
  ];
  const order = (some) => openAdvice(rows(some), []).map(({ episode }) => episode);
  assert.deepEqual(order(list), [7, 2, 9, 11, 4]);
  assert.deepEqual(order([...list].reverse()), [7, 2, 9, 11, 4]);
});

test("while nothing is open nothing changes, and an urgency beyond the known is the greatest", () => {
  const none = openAdvice(rows([]), []);
  assert.equal(openAdvice(rows([]), none), none);
  assert.deepEqual(openAdvice(rows([{ episode: 1, urgency: 9 }, { episode: 2, urgency: 0 }]), none).map((one) => one.urgency), [3, 1]);
});

test("the sentence carries its numbers in both languages; what is unknown is not told as zero", () => {
  const glosa = { says: { zh: "建议车速{value:.0f}公里/小时，{after_s:.1f}秒后", en: "Drive {value:.0f} km/h, green in {after_s:.1f} s" } };
  assert.equal(sentence("zh", glosa, { value: 39.6, after_s: 5.04 }), "建议车速40公里/小时，5.0秒后");
  assert.equal(sentence("en", glosa, { value: 39.6, after_s: NaN }), "Drive 40 km/h, green in – s");
  assert.equal(pattern("en", glosa), "Drive … km/h, green in … s");
});

test("a catalogue with holes is read, another answer is refused", () => {
  const [one] = readCatalogue({ applications: [{ id: "XYZ", parameters: [{ key: "app.xyz.a", status: "odd" }], receivers: 4 }] });
  assert.deepEqual([one.row, one.name.zh, one.receivers, one.parameters[0].status], [0, "XYZ", "vehicle", "local"]);
  assert.equal(one.parameters[0].value, NaN);
  assert.throws(() => readCatalogue({ reason: "no" }));
  const [episode] = readEpisodes({ episodes: [{ episode: 3, opened_us: 5, closed_us: null, x_m: null }] });
  assert.deepEqual([episode.closed_us, episode.x_m, episode.about, episode.urgency], [NaN, NaN, 0, 1]);
  assert.deepEqual(readEpisodes(null), []);
});

test("what applications do is told in both languages", () => {
  for (const [id, { zh, en }] of Object.entries(DOES)) {
    assert.match(zh, /[一-鿿]/, id);
    assert.doesNotMatch(en, /[一-鿿]/, id);
  }
});
