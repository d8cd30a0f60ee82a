/** The sign of a smart crossing (智慧过街标志): alone on its screen, read from afar; without a crossing, the list of all. */

import { useWords } from "../../i18n/language.ts";
import { WORDS } from "../../i18n/crossing.ts";
import { usePolled } from "../../live/polled.ts";
import { Link } from "../link.tsx";
import type { PageProps } from "../pages.ts";
import "../styles/crossing.css";
import { useSign, type Sign } from "./watch.ts";

type Word = keyof typeof WORDS;

export default function CrossingPage({ item }: PageProps) {
  return item === "" ? <All /> : <One id={item} key={item} />;
}

function One({ id }: { readonly id: string }) {
  const { t, name, lang } = useWords(WORDS);
  const { sign, unknown } = useSign(id);
  if (unknown) {
    return (
      <main class="sign sign-fault">
        <p class="sign-main">{t("unknown", { id })}</p>
        <Link to={{ page: "other", name: "crossing", item: "" }} class="sign-link">{t("all")}</Link>
      </main>
    );
  }
  const shows = sign?.shows ?? "fault";
  const other = lang === "zh" ? "en" : "zh";
  const reason = sign === null ? "reason.start" : (`reason.${sign.reason}` as Word);
  return (
    <main class={`sign sign-${shows}`} data-testid="sign" data-shows={shows} data-reason={sign?.reason ?? "start"}>
      <header class="sign-head">
        <span>{sign === null ? id : name(sign)}</span>
        <span class="sign-id">{id}</span>
        {sign?.simulated !== false && <span class="sign-simulated">{t("simulated")}</span>}
      </header>
      <section class="sign-body" role="status" aria-live="assertive">
        <Figure shows={shows} />
        <div>
          <p class="sign-main">{t(shows)}</p>
          <p class="sign-do">{t(`${shows}.do` as Word)}</p>
          <p class="sign-other" lang={other === "zh" ? "zh-CN" : "en"}>{WORDS[shows][other]} · {WORDS[`${shows}.do` as Word][other]}</p>
          {shows === "fault" && <p class="sign-reason">{t(reason in WORDS ? reason : "reason.road")}</p>}
        </div>
      </section>
      <footer class="sign-foot">{sign !== null && <Facts sign={sign} />}</footer>
    </main>
  );
}

function Facts({ sign }: { readonly sign: Sign }) {
  const { t } = useWords(WORDS);
  return (
    <>
      {sign.light !== null && (
        <span class={`sign-light light-${sign.light}`}>
          {t(`light.${sign.light}` as Word)}
          {sign.light_s !== null && <b> {t("seconds", { s: Math.max(0, Math.ceil(sign.light_s)) })}</b>}
        </span>
      )}
      {sign.shows !== "fault" && <span>{t("waiting", { n: sign.waiting })}</span>}
      {sign.shows !== "fault" && <span>{t("crossing", { n: sign.crossing })}</span>}
      {sign.car_s !== null && <span>{t("comes", { s: Math.round(sign.car_s) })}</span>}
    </>
  );
}

/** A walker on stripes; a question where nobody can know. */
function Figure({ shows }: { readonly shows: Sign["shows"] }) {
  return (
    <svg class="sign-figure" viewBox="0 0 100 100" aria-hidden="true">
      <path d="M50 4 96 90a4 4 0 0 1-4 6H8a4 4 0 0 1-4-6Z" class="sign-plate" />
      {shows === "fault" ? (
        <path d="M40 48c0-14 21-14 21 0 0 8-10 9-10 18M50.500 76v5" class="sign-stroke" />
      ) : (
        <g class="sign-walker">
          <circle cx="52" cy="32" r="6" />
          <path d="M51 40l-8 12 3 8M51 40l4 16 9 9M51 40l10 8M55 56l-8 9-5 13M55 58l5 8 6 11" class="sign-stroke" />
          <path d="M22 86h10M38 86h10M54 86h10M70 86h10" class="sign-stripe" />
        </g>
      )}
    </svg>
  );
}

function All() {
  const { t, name } = useWords(WORDS);
  const { value, old } = usePolled<{ readonly crossings: readonly Sign[]; readonly simulated: boolean }>("api/v1/crossings", 1000, 3000);
  return (
    <main class="sign-list scroll">
      <h1>{t("title")} {value?.simulated === true && <small>{t("simulated")}</small>}</h1>
      <ul>
        {(value?.crossings ?? []).map((sign) => {
          const shows = old ? "fault" : sign.shows;
          return (
            <li key={sign.id} class={`sign-row row-${shows}`}>
              <Link to={{ page: "other", name: "crossing", item: sign.id }}>
                <b>{sign.id}</b> {name(sign)} <span>{t(shows)}</span>
              </Link>
            </li>
          );
        })}
      </ul>
    </main>
  );
}
