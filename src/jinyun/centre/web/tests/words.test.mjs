import assert from "node:assert/strict";
import test from "node:test";

const rooms = Object.entries(import.meta.glob("../src/i18n/*.ts", { eager: true }))
  .map(([file, { WORDS }]) => [file, WORDS])
  .filter(([, words]) => words !== undefined);

test("every word is there in both languages, with the same values to fill in", () => {
  const blanks = (text) => [...text.matchAll(/\{(\w+)\}/g)].map((match) => match[1]).sort();
  assert.ok(rooms.some(([file]) => file.endsWith("/words.ts")));
  for (const [file, words] of rooms) {
    for (const [word, { zh, en }] of Object.entries(words)) {
      assert.ok(zh.trim() !== "" && en.trim() !== "", `${file}: ${word}`);
      assert.deepEqual(blanks(zh), blanks(en), `${file}: ${word}`);
    }
  }
});

test("the Chinese text is Chinese and the English text is English", () => {
  const both = new Set(["action.lang", "action.lang.why", "latency.p99"]);
  for (const [file, words] of rooms) {
    for (const [word, { zh, en }] of Object.entries(words)) {
      if (both.has(word)) continue;
      assert.match(zh, /[\u4e00-\u9fff]/, `${file}: ${word}`);
      assert.doesNotMatch(en, /[\u4e00-\u9fff]/, `${file}: ${word}`);
    }
  }
});
