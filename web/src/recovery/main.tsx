/** The page that takes the papers. It is one file, opened without a network. */

import { render } from "preact";
import { tellPage } from "../desk/words.ts";
import { App } from "./App.tsx";
import { Recovery } from "./session.ts";

const root = document.getElementById("app");
tellPage();
if (root !== null) render(<App recovery={new Recovery(Date.now)} />, root);
