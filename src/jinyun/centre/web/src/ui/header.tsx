/** The head of the page: whose zone this is, whether its data are real, what time it is, and the page's switches. */

import { useEffect, useState } from "preact/hooks";
import { date, timeOfDay } from "../i18n/format.ts";
import { setLanguage, useSpeech } from "../i18n/language.ts";
import type { Picture } from "../live/picture.ts";
import { useStore } from "../live/store.ts";
import { Who } from "./desk/who.tsx";
import { Icon } from "./icon.tsx";
import { Link } from "./link.tsx";
import { Menu } from "./menu.tsx";
import { MAP } from "./route.ts";
import { theme, toggleTheme } from "./theme.ts";

function Clock({ picture }: { readonly picture: Picture }) {
  const { lang } = useSpeech();
  const [t_ms, set] = useState(NaN);
  useEffect(() => {
    const timer = window.setInterval(() => {
      const frame = picture.frame.get();
      set(frame === null ? Date.now() : frame.t_us / 1000);
    }, 250);
    return () => window.clearInterval(timer);
  }, [picture]);
  return (
    <time class="clock" data-testid="clock">
      <span class="clock-time">{timeOfDay(lang, t_ms)}</span>
      <span class="clock-date">{date(lang, t_ms)}</span>
    </time>
  );
}

/** Whether what is shown is simulated: the newest frame knows best. */
export function useSimulated(picture: Picture): boolean {
  const heading = useStore(picture.heading);
  const status = useStore(picture.status);
  const zone = useStore(picture.zone);
  return heading?.simulated ?? status?.simulated ?? zone?.simulated ?? false;
}

function Badges({ picture }: { readonly picture: Picture }) {
  const { t, name } = useSpeech();
  const heading = useStore(picture.heading);
  const simulated = useSimulated(picture);
  return (
    <div class="badges">
      {simulated && (
        <span class="badge badge-simulated" data-testid="badge-simulated" title={t("badge.simulated.why")}>
          {t("badge.simulated")}
        </span>
      )}
      {heading?.clock === "replay" && (
        <span class="badge badge-replay" data-testid="badge-replay" title={t("badge.replay.why")}>
          {t("badge.replay")}
          {heading.label !== null && <span class="badge-label">{name(heading.label)}</span>}
        </span>
      )}
      {heading !== null && !heading.map && (
        <span class="badge badge-plain" data-testid="badge-no-map" title={t("badge.noMap.why")}>
          {t("badge.noMap")}
        </span>
      )}
    </div>
  );
}

interface Props {
  readonly picture: Picture;
  /** whether the map is the page that is shown */
  readonly map: boolean;
  readonly panels: boolean;
  readonly togglePanels: () => void;
}

export function Header({ picture, map, panels, togglePanels }: Props) {
  const { t, lang, name } = useSpeech();
  const zone = useStore(picture.zone);
  const colours = useStore(theme);
  return (
    <header class="head" data-panel="header">
      <div class="brand">
        <span class="brand-mark" aria-hidden="true" />
        <h1 class="brand-name">
          <span class="brand-zh">缙云</span> <span class="brand-en">Jinyun</span>
        </h1>
      </div>
      <div class="zone">
        <p class="zone-name" data-testid="zone-name">{zone === null ? t("zone.none") : name(zone.name)}</p>
        <p class="zone-what">{t("subtitle")}</p>
      </div>
      <Badges picture={picture} />
      <Clock picture={picture} />
      <nav class="switches">
        <Link
          to={map ? { page: "applications", application: "" } : MAP}
          class="switch switch-page"
          label={t(map ? "applications.all" : "action.map")}
          testid={map ? "to-applications" : "to-map"}
        >
          <Icon name={map ? "grid" : "map"} />
          <span class="wide-only">{t(map ? "applications.all" : "action.map")}</span>
        </Link>
        <Menu />
        <Who />
        <button
          type="button"
          class="switch switch-text"
          data-testid="lang-toggle"
          title={t("action.lang.why")}
          lang={lang === "zh" ? "en" : "zh-CN"}
          onClick={() => setLanguage(lang === "zh" ? "en" : "zh")}
        >
          {t("action.lang")}
        </button>
        <button
          type="button"
          class="switch"
          data-testid="theme-toggle"
          aria-label={t(colours === "dark" ? "action.theme.light" : "action.theme.dark")}
          title={t(colours === "dark" ? "action.theme.light" : "action.theme.dark")}
          onClick={toggleTheme}
        >
          <Icon name={colours === "dark" ? "sun" : "moon"} />
        </button>
        {map && (
          <button
            type="button"
            class="switch wide-only"
            data-testid="panels-toggle"
            aria-pressed={panels}
            aria-label={t("action.panels")}
            title={t("action.panels")}
            onClick={togglePanels}
          >
            <Icon name="panels" />
          </button>
        )}
        {document.fullscreenEnabled && (
          <button
            type="button"
            class="switch wide-only"
            aria-label={t("action.fullscreen")}
            title={t("action.fullscreen")}
            onClick={() => {
              if (document.fullscreenElement === null) void document.documentElement.requestFullscreen();
              else void document.exitFullscreen();
            }}
          >
            <Icon name="full" />
          </button>
        )}
      </nav>
    </header>
  );
}
