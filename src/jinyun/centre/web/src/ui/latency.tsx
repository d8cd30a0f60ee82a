/** Latency from receipt to published frame, the frames' rate as this page receives them, and its own display rate. */

import { useEffect, useState } from "preact/hooks";
import { number } from "../i18n/format.ts";
import { useSpeech } from "../i18n/language.ts";
import type { Picture } from "../live/picture.ts";
import { useStore } from "../live/store.ts";
import type { Stage } from "../map/stage.ts";
import { Panel } from "./panel.tsx";
import { HOPS } from "../wire/status.ts";
import { Sparkline } from "./sparkline.tsx";

const OVER_S = 2;

function useFrameRate(picture: Picture): number {
  const [value, set] = useState(NaN);
  useEffect(() => {
    const counts: number[] = [];
    const timer = window.setInterval(() => {
      counts.push(picture.frames);
      if (counts.length > OVER_S + 1) counts.shift();
      set(counts.length > 1 ? (counts.at(-1)! - counts[0]!) / (counts.length - 1) : NaN);
    }, 1000);
    return () => window.clearInterval(timer);
  }, [picture]);
  return value;
}

export function Latency({ picture, stage }: { readonly picture: Picture; readonly stage: Stage }) {
  const { t, lang } = useSpeech();
  const status = useStore(picture.status);
  const history = useStore(picture.history);
  const displayRate = useStore(stage.displayRate);
  const renderer = useStore(stage.renderer);
  const frames = useFrameRate(picture);
  return (
    <Panel name="latency" title={t("latency")} aside={t("latency.why")}>
      <div class="latency">
        <p class="figure">
          <span data-testid="latency-p50">{number(lang, status?.latency_ms.p50 ?? NaN)}</span>
          <small>ms · {t("latency.p50")}</small>
        </p>
        <p class="figure">
          <span data-testid="latency-p99">{number(lang, status?.latency_ms.p99 ?? NaN)}</span>
          <small>ms · {t("latency.p99")}</small>
        </p>
        <Sparkline values={history.p99} label={`${t("latency")} ${t("latency.p99")}`} />
      </div>
      <dl class="pairs" title={t("hop.why")}>
        {HOPS.map((hop) => (
          <div class="pair" key={hop}>
            <dt>{t(`hop.${hop}`)}</dt>
            <dd><span data-testid={`hop-${hop}`}>{number(lang, status?.hops_ms[hop] ?? NaN, 1)}</span> <small>ms</small></dd>
          </div>
        ))}
        <div class="pair">
          <dt>{t("hop.screen")}</dt>
          <dd><span data-testid="hop-screen">{number(lang, picture.hop.percentile(0.99))}</span> <small>ms</small></dd>
        </div>
      </dl>
      <dl class="pairs">
        <div class="pair">
          <dt>{t("frames.rate")}</dt>
          <dd><span data-testid="frame-rate">{number(lang, frames, 1)}</span> <small>{t("frames.unit")}</small></dd>
        </div>
        <div class="pair" title={`${t("map.renderer")}: ${renderer}`}>
          <dt>{t("display.rate")}</dt>
          <dd><span data-testid="renderer" data-renderer={renderer}>{number(lang, displayRate)}</span> <small>{t("frames.unit")}</small></dd>
        </div>
        <div class="pair">
          <dt>{t("viewers")}</dt>
          <dd data-testid="viewers">{number(lang, status?.viewers ?? NaN)}</dd>
        </div>
      </dl>
    </Panel>
  );
}
