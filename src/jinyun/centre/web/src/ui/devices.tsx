/** The devices that send: state, rates, clock; a click shows the device on the map. */

import { useEffect, useRef } from "preact/hooks";
import { duration, number, rate } from "../i18n/format.ts";
import { useSpeech } from "../i18n/language.ts";
import type { Picture } from "../live/picture.ts";
import { useStore } from "../live/store.ts";
import type { Stage } from "../map/stage.ts";
import type { Device, DeviceState } from "../wire/status.ts";
import { Panel } from "./panel.tsx";

const STATES: readonly DeviceState[] = ["silent", "late", "unknown", "online"];

function byState(devices: readonly Device[]): Device[] {
  return [...devices].sort(
    (a, b) => STATES.indexOf(a.state) - STATES.indexOf(b.state) || a.id.localeCompare(b.id, "en"),
  );
}

function Row({ device, stage, picked }: { readonly device: Device; readonly stage: Stage; readonly picked: boolean }) {
  const { t, lang, name } = useSpeech();
  const row = useRef<HTMLLIElement>(null);
  const placed = Number.isFinite(device.x_m) && Number.isFinite(device.y_m);
  useEffect(() => {
    if (picked) row.current?.scrollIntoView({ block: "nearest" });
  }, [picked]);
  const rates = Object.entries(device.rates)
    .map(([kind, value]) => `${kind.toUpperCase()} ${rate(lang, value)}`)
    .join(" · ");
  return (
    <li ref={row} data-testid={`device-${device.id}`} data-state={device.state}>
      <button
        type="button"
        class="device"
        aria-pressed={picked}
        onClick={() => {
          stage.device.set(device.id);
          if (placed) stage.visit(device.x_m, device.y_m);
        }}
      >
        <i class={`dot dot-${device.state}`} />
        <span class="device-name">{name(device)}</span>
        <span class="device-id">{device.id}</span>
        <span class="device-state">{t(`state.${device.state}`)}</span>
        {picked && (
          <span class="device-more">
            <span>{rates}</span>
            <span>{t("device.age", { t: duration(lang, device.age_ms) })}</span>
            <span>{t("device.clock")} {number(lang, device.clock_offset_ms, 1)} ms</span>
            <span>{t("device.lost")} {number(lang, device.lost)}</span>
          </span>
        )}
      </button>
    </li>
  );
}

export function Devices({ picture, stage }: { readonly picture: Picture; readonly stage: Stage }) {
  const { t, lang } = useSpeech();
  const status = useStore(picture.status);
  const picked = useStore(stage.device);
  const devices = byState(status?.devices ?? []);
  const counts = STATES.map((state) => ({ state, n: devices.filter((d) => d.state === state).length }));
  return (
    <Panel
      name="devices"
      title={t("devices")}
      aside={
        <span class="state-counts">
          {counts.filter(({ n }) => n > 0).reverse().map(({ state, n }) => (
            <span key={state} title={t(`state.${state}`)} data-testid={`devices-${state}`}>
              <i class={`dot dot-${state}`} />
              {number(lang, n)}
            </span>
          ))}
        </span>
      }
    >
      {devices.length === 0 && <p class="empty">{t("devices.none")}</p>}
      <ul class="devices scroll">
        {devices.map((device) => (
          <Row key={device.id} device={device} stage={stage} picked={device.id === picked} />
        ))}
      </ul>
    </Panel>
  );
}
