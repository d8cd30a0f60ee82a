/** The live page: makes the picture, hands it to the tests' window and draws the page. */

import { render } from "preact";
import "@fontsource-variable/noto-sans-sc/wght.css";
import { Picture } from "./live/picture.ts";
import { Root } from "./ui/root.tsx";
import "./ui/styles/base.css";
import "./ui/styles/layout.css";
import "./ui/styles/panels.css";
import "./ui/styles/map.css";
import "./ui/styles/advice.css";
import "./ui/styles/applications.css";

// The icon's address is relative to the page's, which changes without loading the page again: from now on it is whole.
for (const icon of document.querySelectorAll<HTMLLinkElement>("link[rel=icon]")) icon.setAttribute("href", icon.href);

const picture = new Picture();
render(<Root picture={picture} />, document.getElementById("app")!);
picture.start();
