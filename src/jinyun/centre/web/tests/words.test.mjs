import assert from "node:assert/strict";
import test from "node:test";
import { WORDS } from "../src/i18n/words.ts";

test("every word is there in both languages, with the same values to fill in", () => {
  const blanks = (text) => [...text.matchAll(/\{(\w+)\}/g)].map((match) => match[1]).sort();
  for (const [word, { zh, en }] of Object.entries(WORDS)) {
    assert.ok(zh.trim() !== "" && en.trim() !== "", word);
    assert.deepEqual(blanks(zh), blanks(en), word);
  }
});

test("the Chinese text is Chinese and the English text is English", () => {
  const both = new Set(["action.lang", "action.lang.why", "latency.p99"]);
  for (const [word, { zh, en }] of Object.entries(WORDS)) {
    if (both.has(word)) continue;
    assert.match(zh, /[\u4e00-\u9fff]/, word);
    assert.doesNotMatch(en, /[\u4e00-\u9fff]/, word);
  }
});
