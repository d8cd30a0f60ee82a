/** The phone's sheet: five tabs with the page's panels, raised by a tap or a drag of its handle. */

import { useEffect, useRef, useState } from "preact/hooks";
import { number } from "../i18n/format.ts";
import { useSpeech } from "../i18n/language.ts";
import type { Picture } from "../live/picture.ts";
import { useStore } from "../live/store.ts";
import type { Stage } from "../map/stage.ts";
import { AdvicePanel, useAdvice } from "./advice.tsx";
import { Devices } from "./devices.tsx";
import { Episodes } from "./episodes.tsx";
import { Latency } from "./latency.tsx";
import { Legend } from "./legend.tsx";
import { Messages } from "./messages.tsx";
import { Participants, useCount } from "./participants.tsx";
import { Parts } from "./parts.tsx";

type Tab = "now" | "advice" | "wrong" | "devices" | "parts";
const TABS: readonly Tab[] = ["now", "advice", "wrong", "devices", "parts"];
const DRAG_PX = 24;

export function Sheet({ picture, stage }: { readonly picture: Picture; readonly stage: Stage }) {
  const { t, lang } = useSpeech();
  const [tab, setTab] = useState<Tab>("now");
  const [raised, setRaised] = useState(false);
  const dragged = useRef<number | null>(null);
  const status = useStore(picture.status);
  const { all } = useCount(picture);
  const advice = useAdvice(picture);
  // A device is picked to be seen on the map, so the sheet makes way.
  useEffect(() => stage.device.watch(() => setRaised(false)), [stage]);
  const open = status?.episodes.filter((episode) => episode.open).length ?? 0;
  const devices = status?.devices ?? [];
  const figures: Readonly<Record<Tab, string>> = {
    now: number(lang, all),
    advice: number(lang, status === null ? NaN : advice.length),
    wrong: number(lang, status === null ? NaN : open),
    devices: `${number(lang, devices.filter((d) => d.state === "online").length)}/${number(lang, devices.length)}`,
    parts: `${number(lang, status?.parts.filter((p) => p.state === "up").length ?? NaN)}/${number(lang, status?.parts.length ?? NaN)}`,
  };
  const titles: Readonly<Record<Tab, string>> = {
    now: t("participants"),
    advice: t("advice"),
    wrong: t("wrong"),
    devices: t("devices"),
    parts: t("parts"),
  };
  const choose = (next: Tab): void => {
    setRaised(next !== tab || !raised);
    setTab(next);
  };
  return (
    <div class={`sheet${raised ? " raised" : ""}`} data-panel="sheet" data-testid="sheet">
      <button
        type="button"
        class="handle"
        aria-label={t("action.expand")}
        aria-expanded={raised}
        onClick={() => setRaised(!raised)}
        onPointerDown={(event) => {
          dragged.current = event.clientY;
        }}
        onPointerMove={(event) => {
          if (dragged.current === null || Math.abs(event.clientY - dragged.current) < DRAG_PX) return;
          setRaised(event.clientY < dragged.current);
          dragged.current = null;
        }}
      />
      <div class="tabs" role="tablist">
        {TABS.map((name) => (
          <button
            key={name}
            type="button"
            role="tab"
            class={`tab${name === "wrong" && open > 0 ? " tab-bad" : ""}`}
            aria-selected={tab === name}
            data-testid={`tab-${name}`}
            onClick={() => choose(name)}
          >
            <b>{figures[name]}</b>
            <span>{titles[name]}</span>
          </button>
        ))}
      </div>
      <div class="sheet-body" hidden={!raised}>
        {tab === "now" && (
          <>
            <Participants picture={picture} />
            <Messages picture={picture} />
            <Latency picture={picture} stage={stage} />
            <Legend picture={picture} />
          </>
        )}
        {tab === "advice" && <AdvicePanel picture={picture} stage={stage} picked={() => setRaised(false)} />}
        {tab === "wrong" && <Episodes picture={picture} />}
        {tab === "devices" && <Devices picture={picture} stage={stage} />}
        {tab === "parts" && <Parts picture={picture} />}
      </div>
    </div>
  );
}
