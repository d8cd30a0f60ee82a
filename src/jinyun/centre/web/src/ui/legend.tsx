/** The legend: what the marks on the map mean. */

import { number } from "../i18n/format.ts";
import { useSpeech } from "../i18n/language.ts";
import { URGENCIES, type Urgency } from "../live/advice.ts";
import type { Picture } from "../live/picture.ts";
import { useStore } from "../live/store.ts";
import { DASHES, WIDTHS } from "../map/advice.ts";
import type { DeviceState } from "../wire/status.ts";

const STATES: readonly DeviceState[] = ["online", "late", "silent"];

/** Halo and thread of an advice as the map draws them. */
function Sample({ urgency }: { readonly urgency: Urgency }) {
  return (
    <svg class="legend-sample" viewBox="0 0 30 14" aria-hidden="true">
      {urgency === 3 && <circle cx="7" cy="7" r="6.2" stroke-width="0.9" />}
      <circle cx="7" cy="7" r="3.9" stroke-width={WIDTHS[urgency] * 0.85} />
      <path d="M14 7h15" stroke-width={WIDTHS[urgency]} stroke-dasharray={urgency === 3 ? "none" : DASHES[urgency].join(" ")} />
    </svg>
  );
}

export function Legend({ picture }: { readonly picture: Picture }) {
  const { t, lang, name } = useSpeech();
  const map = useStore(picture.map);
  const mapped = useStore(picture.heading)?.map !== false;
  const km = map?.openRoadKm ?? NaN;
  return (
    <div class="legend" aria-label={t("legend")} role="group">
      {mapped && (
        <span class="legend-item">
          <i class="legend-open" />
          {Number.isFinite(km) ? t("legend.open.km", { n: number(lang, km, 1) }) : t("legend.open")}
        </span>
      )}
      {mapped && map?.lines.slice(0, 3).map((line) => (
        <span key={line.id} class="legend-item">
          <i class="legend-line" style={line.colour === "" ? {} : { background: line.colour }} />
          {name(line)}
        </span>
      ))}
      {mapped && (
        <span class="legend-item">
          {t("device.rsu")}
          {STATES.map((state) => (
            <span key={state} class="legend-part">
              <i class={`rsu-mark rsu-${state}`} />
              {t(`state.${state}`)}
            </span>
          ))}
        </span>
      )}
      <span class="legend-item">
        {t("advice")}
        {URGENCIES.map((urgency) => (
          <span key={urgency} class={`legend-part legend-advice urgency-${urgency}`}>
            <Sample urgency={urgency} />
            {t(`urgency.${urgency}`)}
          </span>
        ))}
      </span>
    </div>
  );
}
