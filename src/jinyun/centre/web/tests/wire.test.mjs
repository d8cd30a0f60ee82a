import assert from "node:assert/strict";
import test from "node:test";
import { ColumnsError, unpack } from "../src/wire/columns.ts";
import { readFrame } from "../src/wire/frame.ts";
import { readStatus, unheard } from "../src/wire/status.ts";

// Written by jinyun.net.columns.pack: three tracks with a column and a table that the page does not know, one signal.
const FRAME =
  "SllDMc8BAAB7Im1ldGEiOnsia2luZCI6ImZyYW1lIiwic2VxIjo0MSwidF91cyI6MTcwMDAwMDAwMDEyMzQ1Niwiem9uZSI6IuenkeWtpuWfjiIsImNsb2Nr" +
  "IjoicmVwbGF5Iiwic2ltdWxhdGVkIjpmYWxzZSwibGFiZWwiOnsiemgiOiLlvZXliLYifSwibWFwIjpmYWxzZX0sInRhYmxlcyI6W3sibmFtZSI6InRyYWNr" +
  "cyIsIm4iOjMsImNvbHMiOltbImlkIiwidTQiXSxbImtpbmQiLCJ1MSJdLFsiY29sb3VyX29mX3RoZV9kcml2ZXIiLCJpMiJdLFsieF9tIiwiZjQiXSxbInlf" +
  "bSIsImY0Il0sWyJoZWFkaW5nX2RlZyIsImY0Il0sWyJ2ZWhpY2xlX2lkIiwidTgiXV19LHsibmFtZSI6InNpZ25hbHMiLCJuIjoxLCJjb2xzIjpbWyJub2Rl" +
  "IiwidTIiXSxbInBoYXNlIiwidTEiXSxbImxpZ2h0IiwidTEiXSxbInJlbWFpbmluZ19kcyIsInUyIl1dfSx7Im5hbWUiOiJ3ZWF0aGVyIiwibiI6MSwiY29s" +
  "cyI6W1sicmFpbiIsImY4Il1dfV19AAcAAAAJAAAADAAAAAAAAAABAwIAAAAAAAEAAgADAAAAAADAPwAAAMAAAEBAAAAAAAAAAAAAAIBAAACgQAAAAAAAALRC" +
  "AADAfwAAIEEAAAAAAQAAAAABAAAAAAAAAAAAAAUAAAAAAAAAZAAAAAAAAAADAAAAAAAAAAYAAAAAAAAA//8AAAAAAAAAAAAAAADgPw==";

function bytes() {
  return Uint8Array.from(Buffer.from(FRAME, "base64")).buffer;
}

test("a frame of the centre is read, unknown tables and columns are passed over", () => {
  const frame = readFrame(bytes());
  assert.equal(frame.seq, 41);
  assert.equal(frame.t_us, 1700000000123456);
  assert.equal(frame.zone, "科学城");
  assert.equal(frame.clock, "replay");
  assert.equal(frame.simulated, false);
  assert.equal(frame.map, false);
  assert.deepEqual(frame.label, { zh: "录制", en: "录制" });
  assert.deepEqual([...frame.tracks.id], [7, 9, 12]);
  assert.deepEqual([...frame.tracks.x_m], [1.5, -2, 3]);
  assert.deepEqual([...frame.tracks.heading_deg], [90, NaN, 10]);
  assert.equal(frame.tracks.speed_mps[0], NaN);
  assert.deepEqual([frame.signals.node[0], frame.signals.phase[0], frame.signals.light[0]], [100, 3, 6]);
});

test("64-bit columns keep their value", () => {
  const column = unpack(bytes()).tables.get("tracks").columns.get("vehicle_id");
  assert.deepEqual([...column], [2n ** 40n + 1n, 0n, 5n]);
});

test("every truncation and every flipped byte of the header is refused or read, never an alien error", () => {
  const whole = new Uint8Array(bytes());
  for (let length = 0; length < whole.length; length++) {
    assert.throws(() => readFrame(whole.slice(0, length).buffer), ColumnsError, `${length} bytes`);
  }
  for (let i = 0; i < 471; i++) {
    const other = whole.slice();
    other[i] ^= 0x15;
    try {
      readFrame(other.buffer);
    } catch (error) {
      assert.ok(error instanceof ColumnsError, `byte ${i}: ${error}`);
    }
  }
});

test("a status with holes is read, what is missing is unknown", () => {
  const status = readStatus('{"type":"status","rates":{"bsm":12},"latency_ms":{"p50":null},"parts":[{"name":"cloud","state":"asleep"}],"devices":[null],"episodes":"none"}');
  assert.equal(status.rates.bsm, 12);
  assert.equal(status.rates.rsm, NaN);
  assert.equal(status.latency_ms.p50, NaN);
  assert.equal(status.parts[0].state, "unknown");
  assert.equal(status.devices.length, 1);
  assert.deepEqual(status.episodes, []);
  assert.throws(() => readStatus('{"type":"other"}'));
});

test("a centre that nobody has spoken to yet is told from one where all is well", () => {
  const told = (more) => readStatus(JSON.stringify({ type: "status", participants: 0, received: { bsm: 0 }, ...more }));
  assert.equal(unheard(told({})), true);
  assert.equal(unheard(told({ received: { bsm: 3 } })), false);
  assert.equal(unheard(told({ participants: 1 })), false);
  assert.equal(unheard(told({ participants: undefined })), false, "what is not known is not said");
});
