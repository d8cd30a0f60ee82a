/** What is on the screen: the centre, or a display that stands alone. */

import { useEffect } from "preact/hooks";
import { language, useSpeech } from "../i18n/language.ts";
import type { Picture } from "../live/picture.ts";
import { useStore } from "../live/store.ts";
import { App } from "./app.tsx";
import { Other } from "./other.tsx";
import { pageOf } from "./pages.ts";
import { route } from "./route.ts";
import { theme } from "./theme.ts";

export function Root({ picture }: { readonly picture: Picture }) {
  const here = useStore(route);
  const lang = useStore(language);
  const colours = useStore(theme);
  const { name } = useSpeech();
  const alone = here.page === "other" && pageOf(here.name).bare;
  useEffect(() => {
    document.documentElement.lang = lang === "zh" ? "zh-CN" : "en";
    document.documentElement.dataset["theme"] = colours;
    if (alone) document.title = [here.item, name(pageOf(here.name).title), "缙云 Jinyun"].filter((part) => part !== "").join(" · ");
  }, [lang, colours, here, alone, name]);
  return alone ? <Other picture={picture} name={here.name} item={here.item} /> : <App picture={picture} />;
}
