/** The menu of the centre's pages: opens below its button, closes by choice, by Escape and by a click elsewhere. */

import { useEffect, useRef, useState } from "preact/hooks";
import { useSpeech } from "../i18n/language.ts";
import { useStore } from "../live/store.ts";
import { Icon } from "./icon.tsx";
import { Link } from "./link.tsx";
import { PAGES, pageOf } from "./pages.ts";
import { MAP, route, type OtherName } from "./route.ts";

export function Menu() {
  const { t, name } = useSpeech();
  const here = useStore(route);
  const [open, setOpen] = useState(false);
  const whole = useRef<HTMLDivElement>(null);
  useEffect(() => setOpen(false), [here]);
  useEffect(() => {
    if (!open) return undefined;
    const elsewhere = (event: Event) => {
      if (!whole.current?.contains(event.target as Node)) setOpen(false);
    };
    const escape = (event: KeyboardEvent) => {
      if (event.key === "Escape") setOpen(false);
    };
    window.addEventListener("pointerdown", elsewhere);
    window.addEventListener("keydown", escape);
    return () => {
      window.removeEventListener("pointerdown", elsewhere);
      window.removeEventListener("keydown", escape);
    };
  }, [open]);
  const listed = (Object.keys(PAGES) as OtherName[]).filter((page) => pageOf(page).listed);
  if (listed.length === 0) return null;
  return (
    <div class="menu" ref={whole}>
      <button
        type="button"
        class="switch"
        data-testid="menu"
        aria-expanded={open}
        aria-label={t("action.menu")}
        title={t("action.menu")}
        onClick={() => setOpen(!open)}
      >
        <Icon name="menu" />
      </button>
      {open && (
        <nav class="menu-pages" aria-label={t("action.menu")}>
          <Link to={MAP} current={here.page === "map"} testid="menu-map">{t("action.map")}</Link>
          <Link to={{ page: "applications", application: "" }} current={here.page === "applications"} testid="menu-applications">
            {t("applications.all")}
          </Link>
          {listed.map((page) => (
            <Link
              key={page}
              to={{ page: "other", name: page, item: "" }}
              current={here.page === "other" && here.name === page}
              testid={`menu-${page}`}
            >
              {name(pageOf(page).title)}
            </Link>
          ))}
        </nav>
      )}
    </div>
  );
}
