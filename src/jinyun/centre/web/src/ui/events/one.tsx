/** One event: what, when, where, who; its pack and its report. */

import { useState } from "preact/hooks";
import { WORDS as DESK } from "../../i18n/desk.ts";
import { date, number, timeOfDay, UNKNOWN } from "../../i18n/format.ts";
import { useWords } from "../../i18n/language.ts";
import { WORDS } from "../../i18n/supervision.ts";
import { address } from "../../live/zone.ts";
import { ask, reasonOf, useAsked } from "../desk/ask.ts";
import { Paper } from "../desk/paper.tsx";
import type { Event } from "../desk/supervision.ts";
import { Table } from "../desk/table.tsx";
import { Icon } from "../icon.tsx";
import { Link } from "../link.tsx";
import type { PageProps } from "../pages.ts";
import { MAP } from "../route.ts";

interface Told extends Event {
  readonly manifest: Readonly<Record<string, unknown>> | null;
}

/** Files of a manifest, whatever else it says: name and size where it tells them. */
function filesOf(manifest: Readonly<Record<string, unknown>> | null): readonly (readonly [name: string, bytes: number])[] {
  const files = manifest?.["files"];
  if (Array.isArray(files)) return files.map((each: Record<string, unknown>) => [String(each["name"] ?? each["path"] ?? ""), Number(each["bytes"] ?? NaN)]);
  if (files !== null && typeof files === "object") {
    return Object.entries(files as Record<string, unknown>).map(([name, each]) => [name, Number((each as Record<string, unknown> | null)?.["bytes"] ?? NaN)]);
  }
  return [];
}

export function One({ picture, id }: { readonly picture: PageProps["picture"]; readonly id: string }) {
  const { t, lang, name } = useWords(WORDS);
  const { t: d } = useWords(DESK);
  const path = `api/v1/events/${encodeURIComponent(id)}`;
  const { data, refusal, again } = useAsked<Told>(path, 5000);
  const [said, setSaid] = useState("");
  const wish = (): void => {
    ask(`${path}/pack`, "POST").then(
      () => { setSaid(t("pack.asked")); again(); },
      (error: unknown) => setSaid(reasonOf(error)),
    );
  };
  const files = filesOf(data?.manifest ?? null);
  return (
    <Paper
      picture={picture}
      name="event"
      item={id}
      title={data === null ? t("event") : name(data.name)}
      refusal={refusal}
      beside={
        <>
          <Link to={{ page: "other", name: "events", item: "" }} class="desk-button">‹ {d("back")}</Link>
          {data !== null && <Link to={{ page: "other", name: "replay", item: String(data.t_us) }} class="desk-button">{t("replay")}</Link>}
          {data?.x_m != null && data.y_m != null && <Link to={{ ...MAP, at: [data.x_m, data.y_m] }} class="desk-button"><Icon name="follow" />{d("map")}</Link>}
        </>
      }
    >
      {data === null ? <p class="empty">{d("loading")}</p> : (
        <>
          <p class="application-quote">{name(data)}</p>
          <dl class="desk-facts">
            <div><dt>{t("time")}</dt><dd>{date(lang, data.t_us / 1000)} {timeOfDay(lang, data.t_us / 1000)}</dd></div>
            <div><dt>{t("who")}</dt><dd>{data.vehicle || data.tracks.map((each) => t("track", { id: each })).join(" · ") || UNKNOWN}</dd></div>
            <div><dt>ID</dt><dd><code>{data.id}</code></dd></div>
          </dl>
          <section aria-label={t("pack")}>
            <h3>{t("pack")}</h3>
            {data.manifest === null ? (
              <>
                {data.why !== undefined && <p class="desk-error">{t("pack.why", { why: data.why })}</p>}
                <p style={{ marginTop: "0.6rem" }}><button type="button" class="desk-button main" data-testid="ask-pack" onClick={wish}>{t("pack.ask")}</button></p>
              </>
            ) : (
              <>
                <div class="desk-beside">
                  <a class="desk-button main" data-testid="pack" href={address(`${path}/pack`).href} download={`${id}.zip`}>{t("pack.load")}</a>
                  <a class="desk-button" data-testid="report" target="_blank" rel="noopener" href={address(`${path}/report?language=${lang}`).href}>{t("pack.report")}</a>
                  <a class="desk-button" href={address(`${path}/report?form=pdf`).href} target="_blank" rel="noopener">PDF</a>
                </div>
                <p class="desk-lead">{t("pack.verify")}</p>
                {files.length > 0 && (
                  <section aria-label={t("files")}>
                    <Table
                      label={t("files")}
                      rows={files}
                      id={([each]) => each}
                      columns={[
                        { head: t("file"), cell: ([each]) => <code>{each}</code> },
                        { head: t("size"), figure: true, cell: ([, bytes]) => (Number.isFinite(bytes) ? `${number(lang, bytes / 1024, 1)} kB` : UNKNOWN) },
                      ]}
                    />
                  </section>
                )}
              </>
            )}
            {said !== "" && <p role="status" class="desk-lead" data-testid="said">{said}</p>}
          </section>
        </>
      )}
    </Paper>
  );
}
