/** The pages of the cooperative applications (全部应用): all of them, or one; where data are simulated they say so. */

import { useEffect, useRef } from "preact/hooks";
import { useSpeech } from "../../i18n/language.ts";
import type { Picture } from "../../live/picture.ts";
import { useStore } from "../../live/store.ts";
import { Banner } from "../banner.tsx";
import { Link } from "../link.tsx";
import { All } from "./all.tsx";
import { One } from "./one.tsx";

export function ApplicationsPage({ picture, application }: { readonly picture: Picture; readonly application: string }) {
  const { t } = useSpeech();
  const known = useStore(picture.applications);
  const main = useRef<HTMLElement>(null);
  // Whoever comes by a link begins at the head of the page, with the eye and with the keyboard.
  useEffect(() => {
    main.current?.scrollTo(0, 0);
    main.current?.focus({ preventScroll: true });
  }, [application]);
  const found = known.find(({ id }) => id.toLowerCase() === application.toLowerCase());
  return (
    <>
      <main class="applications scroll" ref={main} tabIndex={-1} data-testid="applications">
        {known.length === 0 ? (
          <p class="empty">{t("applications.loading")}</p>
        ) : application === "" ? (
          <All picture={picture} known={known} />
        ) : found === undefined ? (
          <div class="sheet-of-paper">
            <h2>{t("applications.unknown", { id: application })}</h2>
            <Link to={{ page: "applications", application: "" }} class="plain-link">{t("applications.all")}</Link>
          </div>
        ) : (
          <One key={found.id} picture={picture} application={found} known={known} />
        )}
      </main>
      <Banner picture={picture} />
    </>
  );
}
