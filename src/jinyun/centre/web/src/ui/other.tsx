/** A page of `pages.ts`, shown once it is loaded; where that fails it says so and offers another try. */

import type { ComponentType } from "preact";
import { useEffect, useState } from "preact/hooks";
import { useSpeech } from "../i18n/language.ts";
import type { Picture } from "../live/picture.ts";
import { pageOf, type PageProps } from "./pages.ts";
import type { OtherName } from "./route.ts";

interface Props {
  readonly picture: Picture;
  readonly name: OtherName;
  readonly item: string;
}

export function Other({ picture, name, item }: Props) {
  const { t } = useSpeech();
  const [loaded, setLoaded] = useState<{ readonly name: OtherName; readonly Body: ComponentType<PageProps> } | null>(null);
  const [failed, setFailed] = useState(false);
  const [tries, setTries] = useState(0);
  useEffect(() => {
    let here = true;
    setFailed(false);
    pageOf(name).load().then(
      (module) => here && setLoaded({ name, Body: module.default }),
      () => here && setFailed(true),
    );
    return () => {
      here = false;
    };
  }, [name, tries]);
  if (loaded !== null && loaded.name === name) return <loaded.Body picture={picture} item={item} />;
  return (
    <main class="applications scroll">
      <div class="sheet-of-paper">
        {failed ? (
          <button type="button" class="plain-link" onClick={() => setTries(tries + 1)}>{t("page.failed")}</button>
        ) : (
          <p class="empty">{t("page.loading")}</p>
        )}
      </div>
    </main>
  );
}
