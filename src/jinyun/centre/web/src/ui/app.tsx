/** The page: the map over everything, thin panels floating on it, on a phone in a sheet; or the applications in its place. */

import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { language, useSpeech } from "../i18n/language.ts";
import type { Picture } from "../live/picture.ts";
import { installProbe } from "../live/probe.ts";
import { useStore } from "../live/store.ts";
import { Stage } from "../map/stage.ts";
import type { RendererName } from "../render/renderer.ts";
import { AdvicePanel, useRoute } from "./advice.tsx";
import { ApplicationsPage } from "./applications/page.tsx";
import { Banner } from "./banner.tsx";
import { Card } from "./card.tsx";
import { Controls } from "./controls.tsx";
import { Devices } from "./devices.tsx";
import { Episodes } from "./episodes.tsx";
import { Header } from "./header.tsx";
import { Latency } from "./latency.tsx";
import { Legend } from "./legend.tsx";
import { Messages } from "./messages.tsx";
import { useNarrow, usePadding } from "./measure.ts";
import { Other } from "./other.tsx";
import { pageOf } from "./pages.ts";
import { Participants } from "./participants.tsx";
import { Parts } from "./parts.tsx";
import { route } from "./route.ts";
import { Sheet } from "./sheet.tsx";
import { theme } from "./theme.ts";

function wishedRenderer(): RendererName | null {
  const wish = new URLSearchParams(window.location.search).get("renderer");
  return wish === "webgl" || wish === "canvas" ? wish : null;
}

export function App({ picture }: { readonly picture: Picture }) {
  const { t, name } = useSpeech();
  const host = useRef<HTMLDivElement>(null);
  const page = useRef<HTMLDivElement>(null);
  const [stage, setStage] = useState<Stage | null>(null);
  const [panels, setPanels] = useState(true);
  const narrow = useNarrow();
  const lang = useStore(language);
  const colours = useStore(theme);
  const zone = useStore(picture.zone);
  const here = useStore(route);
  const onMap = here.page === "map";
  const lost = useStore(picture.link) === "lost";

  useLayoutEffect(() => {
    const made = new Stage(host.current!, picture);
    installProbe(picture, made);
    setStage(made);
    void made.start(wishedRenderer());
  }, [picture]);

  useLayoutEffect(() => {
    stage?.setTheme(colours);
  }, [colours, stage]);

  useEffect(() => {
    const what = onMap ? "" : here.page === "other" ? name(pageOf(here.name).title) : here.application || t("applications.all");
    document.title = [what, zone === null ? "" : name(zone.name), "缙云 Jinyun"].filter((part) => part !== "").join(" · ");
  }, [lang, zone, name, t, onMap, here]);

  usePadding(page, onMap ? stage : null, narrow, panels);
  useEffect(() => stage?.rest(!onMap), [stage, onMap]);
  useRoute(stage);

  return (
    <div class={`page${panels ? "" : " bare"}${narrow ? " narrow" : ""}${lost ? " lost" : ""}`} ref={page}>
      <div
        class="map"
        ref={host}
        hidden={!onMap}
        data-testid="map"
        role="application"
        aria-label={t("map.label")}
        tabIndex={0}
      />
      <Header picture={picture} map={onMap} panels={panels} togglePanels={() => setPanels(!panels)} />
      {here.page === "applications" && <ApplicationsPage picture={picture} application={here.application} />}
      {here.page === "other" && <Other picture={picture} name={here.name} item={here.item} />}
      {stage !== null && onMap && (
        <>
          <Banner picture={picture} />
          {!narrow && (
            <>
              <aside class="column left" data-panel="left" hidden={!panels}>
                <Participants picture={picture} />
                <Messages picture={picture} />
                <Latency picture={picture} stage={stage} />
              </aside>
              <aside class="column right" data-panel="right" hidden={!panels}>
                <AdvicePanel picture={picture} stage={stage} />
                <Episodes picture={picture} />
                <Devices picture={picture} stage={stage} />
                <Parts picture={picture} />
              </aside>
            </>
          )}
          <Controls stage={stage} />
          <Card picture={picture} stage={stage} />
          {narrow ? <Sheet picture={picture} stage={stage} /> : <Legend picture={picture} />}
        </>
      )}
    </div>
  );
}
