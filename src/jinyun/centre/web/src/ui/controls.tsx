/** Zoom, whole zone, and the scale bar. */

import { number } from "../i18n/format.ts";
import { useSpeech } from "../i18n/language.ts";
import { useStore } from "../live/store.ts";
import type { Stage } from "../map/stage.ts";
import { Icon } from "./icon.tsx";

const STEP = 1.6;

/** A round length that fits the bar: 1, 2 or 5 times a power of ten [m]. */
function round(most_m: number): number {
  const power = 10 ** Math.floor(Math.log10(most_m));
  const lead = most_m / power;
  return power * (lead >= 5 ? 5 : lead >= 2 ? 2 : 1);
}

function ScaleBar({ stage }: { readonly stage: Stage }) {
  const { t, lang } = useSpeech();
  const scale = useStore(stage.scale);
  if (!Number.isFinite(scale)) return null;
  const length_m = round(scale * 110 * stage.view.magnify);
  const text = length_m >= 1000 ? `${number(lang, length_m / 1000)} km` : `${number(lang, length_m, length_m < 1 ? 1 : 0)} m`;
  return (
    <div class="scale" role="img" aria-label={`${t("map.scale")} ${text}`}>
      <span>{text}</span>
      <i style={{ width: `${length_m / scale}px` }} />
    </div>
  );
}

export function Controls({ stage }: { readonly stage: Stage }) {
  const { t } = useSpeech();
  return (
    <div class="controls">
      <ScaleBar stage={stage} />
      <div class="zooms">
        <button type="button" class="switch" data-testid="zoom-in" aria-label={t("action.zoomIn")} title={t("action.zoomIn")} onClick={() => stage.zoom(STEP)}>
          <Icon name="plus" />
        </button>
        <button type="button" class="switch" data-testid="zoom-out" aria-label={t("action.zoomOut")} title={t("action.zoomOut")} onClick={() => stage.zoom(1 / STEP)}>
          <Icon name="minus" />
        </button>
        <button type="button" class="switch" data-testid="fit" aria-label={t("action.fit")} title={t("action.fit")} onClick={() => stage.fit()}>
          <Icon name="fit" />
        </button>
      </div>
    </div>
  );
}
