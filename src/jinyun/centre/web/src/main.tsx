/** The live page: makes the picture, hands it to the tests' window and draws the page. */

import { render } from "preact";
import "@fontsource-variable/noto-sans-sc/wght.css";
import { Picture } from "./live/picture.ts";
import { App } from "./ui/app.tsx";
import "./ui/styles/base.css";
import "./ui/styles/layout.css";
import "./ui/styles/panels.css";
import "./ui/styles/map.css";
import "./ui/styles/advice.css";
import "./ui/styles/applications.css";

const picture = new Picture();
render(<App picture={picture} />, document.getElementById("app")!);
picture.start();
